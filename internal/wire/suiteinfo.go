package wire

// KeyExchange says how a suite agrees on its keys.
type KeyExchange uint8

// The kinds of key exchange.
const (
	KXNone     KeyExchange = iota // TLS_NULL_WITH_NULL_NULL
	KXTLS13                       // negotiated by extensions (RFC 8446)
	KXRSA                         // RSA key transport
	KXDH                          // static Diffie-Hellman, the key is in the certificate
	KXDHE                         // ephemeral Diffie-Hellman
	KXDHAnon                      // Diffie-Hellman without a certificate
	KXECDH                        // static elliptic-curve Diffie-Hellman
	KXECDHE                       // ephemeral elliptic-curve Diffie-Hellman
	KXECDHAnon                    // elliptic-curve Diffie-Hellman without a certificate
	KXPSK                         // pre-shared key alone
	KXDHEPSK                      // pre-shared key and ephemeral Diffie-Hellman
	KXRSAPSK                      // pre-shared key and RSA key transport
	KXECDHEPSK                    // pre-shared key and ephemeral elliptic-curve Diffie-Hellman
	KXSRP                         // Secure Remote Password (RFC 5054)
	KXKRB5                        // Kerberos ticket (RFC 2712)
	KXGOST                        // VKO GOST R 34.10 (RFC 9189)
	KXECCPWD                      // dragonfly password (RFC 8492)
	KXECJPAKE                     // J-PAKE password (Thread)
	KXCECPQ1                      // X25519 with NewHope, Chrome's experiment of 2016
	KXFortezza                    // KEA of SSL 3.0
	KXSM2                         // SM2 key transport (TLCP)
	KXIBC                         // identity-based, SM9 (TLCP)
)

// Authentication says what the server proves itself with.
type Authentication uint8

// The kinds of authentication.
const (
	AuthNone     Authentication = iota // TLS_NULL_WITH_NULL_NULL
	AuthTLS13                          // negotiated by signature_algorithms (RFC 8446)
	AuthRSA                            // RSA key; with KXDH and KXECDH the signature on the certificate
	AuthDSS                            // DSA key; with KXDH the signature on the certificate
	AuthECDSA                          // ECDSA or EdDSA key; with KXECDH the signature on the certificate
	AuthAnon                           // nothing
	AuthPSK                            // the pre-shared key
	AuthKRB5                           // Kerberos
	AuthSRP                            // the SRP verifier
	AuthGOST                           // GOST R 34.10 key
	AuthPassword                       // the password
	AuthFortezza                       // KEA certificate
	AuthSM2                            // SM2 key
	AuthIBC                            // SM9 identity
)

// Cipher is the bulk cipher of a suite.
type Cipher uint8

// The bulk ciphers.
const (
	CipherNull Cipher = iota
	CipherRC2
	CipherRC4
	CipherDES
	Cipher3DES
	CipherIDEA
	CipherSEED
	CipherFortezza
	CipherAES
	CipherCamellia
	CipherARIA
	CipherChaCha20
	CipherGOST28147
	CipherKuznyechik
	CipherMagma
	CipherSM1
	CipherSM4
	CipherSalsa20
	CipherESTREAMSalsa20
	CipherAEGIS128L
	CipherAEGIS256
	CipherASCON
)

// Mode is the mode of operation of a bulk cipher.
type Mode uint8

// The modes of operation.
const (
	ModeNone Mode = iota // no cipher, or one that is an AEAD by itself
	ModeStream
	ModeCBC
	ModeGCM
	ModeCCM
	ModeCCM8 // tag of 8 bytes
	ModePoly1305
	ModeCNT  // GOST 28147-89 counter
	ModeCTR  // CTR-ACPKM
	ModeMGML // MGM with re-keying for long messages
	ModeMGMS // MGM with re-keying for short messages
)

// MAC protects the records of a suite without an AEAD.
type MAC uint8

// The record MACs.
const (
	MACNone MAC = iota // TLS_NULL_WITH_NULL_NULL
	MACAEAD            // the cipher does it
	MACMD5
	MACSHA1
	MACSHA256
	MACSHA384
	MACSM3
	MACIMIT // GOST 28147-89
	MACOMAC
	MACGOSTR3411 // HMAC with the suite's Hash
)

// Hash is the hash of the PRF in TLS 1.2 and of HKDF in TLS 1.3. Earlier
// versions use MD5 and SHA-1 whatever the suite says (RFC 4346, Section 5).
type Hash uint8

// The hashes of key derivation.
const (
	HashNone Hash = iota // TLS_NULL_WITH_NULL_NULL
	HashSHA256
	HashSHA384
	HashSHA512
	HashSM3
	HashGOSTR341194 // GOST R 34.11-94
	HashStreebog256 // GOST R 34.11-2012
	HashASCON256
)

// SuiteInfo says what a cipher suite is made of.
type SuiteInfo struct {
	KeyExchange    KeyExchange
	Authentication Authentication
	Cipher         Cipher
	Mode           Mode
	KeyBits        int // secret bits of the key: 40 or 56 in export suites, 168 for 3DES, 0 for NULL
	MAC            MAC
	Hash           Hash

	// MinVersion and MaxVersion are the protocol versions that allow the
	// suite. MinVersion is what stacks enforce: OpenSSL negotiates AES and PSK
	// in SSL 3.0. MaxVersion is what the RFCs say: export suites end with TLS
	// 1.0 (RFC 4346, Appendix A.5), DES and IDEA with TLS 1.1 (RFC 5469);
	// OpenSSL up to 1.0.2 negotiates them in TLS 1.2 all the same.
	MinVersion, MaxVersion Version

	AEAD           bool
	Export         bool
	Null           bool // no encryption
	Anonymous      bool // the server is not authenticated
	PSK            bool // needs a pre-shared key
	ForwardSecret  bool // the key exchange is ephemeral
	HTTP2Forbidden bool // RFC 9113, Appendix A
	Registered     bool // listed by IANA
}

// VersionTLCP11 is TLCP of GB/T 38636, which lives beside TLS with suites of
// its own.
const VersionTLCP11 Version = 0x0101

type suiteFlags uint8

const (
	flagAEAD suiteFlags = 1 << iota
	flagExport
	flagForwardSecret
	flagHTTP2Forbidden
	flagRegistered
	flagSignalling // a value that only signals and can't be negotiated
)

// suite is one row of the suite table.
type suite struct {
	id       CipherSuite
	name     string
	openssl  string
	kx       KeyExchange
	auth     Authentication
	cipher   Cipher
	mode     Mode
	keyBits  uint16
	mac      MAC
	hash     Hash
	min, max Version
	flags    suiteFlags
}

// Info returns what x is made of; false for values that are unknown or only
// signal something.
func (x CipherSuite) Info() (SuiteInfo, bool) {
	s := findSuite(x)
	if s == nil || s.flags&flagSignalling != 0 {
		return SuiteInfo{}, false
	}
	return SuiteInfo{
		KeyExchange:    s.kx,
		Authentication: s.auth,
		Cipher:         s.cipher,
		Mode:           s.mode,
		KeyBits:        int(s.keyBits),
		MAC:            s.mac,
		Hash:           s.hash,
		MinVersion:     s.min,
		MaxVersion:     s.max,
		AEAD:           s.flags&flagAEAD != 0,
		Export:         s.flags&flagExport != 0,
		Null:           s.cipher == CipherNull,
		Anonymous:      s.auth == AuthAnon || s.auth == AuthNone,
		PSK:            s.kx == KXPSK || s.kx == KXDHEPSK || s.kx == KXRSAPSK || s.kx == KXECDHEPSK,
		ForwardSecret:  s.flags&flagForwardSecret != 0,
		HTTP2Forbidden: s.flags&flagHTTP2Forbidden != 0,
		Registered:     s.flags&flagRegistered != 0,
	}, true
}

// IsSignalling reports whether x signals something instead of being a suite:
// TLS_EMPTY_RENEGOTIATION_INFO_SCSV or TLS_FALLBACK_SCSV.
func (x CipherSuite) IsSignalling() bool {
	s := findSuite(x)
	return s != nil && s.flags&flagSignalling != 0
}

// SupportedIn reports whether version v allows x.
func (i SuiteInfo) SupportedIn(v Version) bool { return i.MinVersion <= v && v <= i.MaxVersion }
