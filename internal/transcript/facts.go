package transcript

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Facts are what a server accepts, gathered from many attempts: a survey's
// result, and what predictions are made from. Everything in it was seen; what
// was not looked at is Unknown or empty.
type Facts struct {
	// Versions that the server accepts, newest first.
	Versions []wire.Version `json:"versions"`
	// Suites of each of Versions, by its name ("TLS 1.2"). An empty list under a
	// version that is not among them: the server knows it, and takes no suite of it.
	Suites map[string]SuiteFacts `json:"suites"`
	// Groups in which the server makes a key exchange, preferred ones first.
	Groups []GroupFact `json:"groups"`
	// GroupOrder says whose order decides among them, in TLS 1.3 if the server has it.
	GroupOrder Order `json:"group_order"`
	// GroupOrder12 is the same for TLS 1.2 and older of a server that has TLS 1.3
	// too: crypto/tls follows the client there, and its own order in TLS 1.3. ""
	// if nobody looked.
	GroupOrder12 Order `json:"group_order_tls12,omitempty"`
	// ShareFirst: it takes a group of which the hello holds a key share before one
	// that it likes better and would have to ask for (HelloRetryRequest).
	ShareFirst Tri `json:"key_share_first"`
	// SignatureAlgorithms with which it signs, preferred ones first.
	SignatureAlgorithms []SchemeFact `json:"signature_algorithms"`
	// SignatureOrder says whose order decides among them.
	SignatureOrder Order `json:"signature_order"`
	// ALPN lists the application protocols that it takes, preferred ones first.
	ALPN []string `json:"alpn"`
	// ALPNRefuses says whether it ends the handshake (no_application_protocol, RFC
	// 7301, Section 3.2) where it takes none of those offered.
	ALPNRefuses Tri `json:"alpn_refuses"`
	// DH are the Diffie-Hellman groups of its DHE suites before TLS 1.3.
	DH []DHFact `json:"dh"`
	// Served are the certificates, one for each leaf that was seen.
	Served []Served `json:"-"`
	// Features are what is said by yes and no.
	Features Features `json:"features"`
}

// Clone returns a copy whose lists may be changed, for working out what a change of
// the server would do. Certificates and lists of features are shared.
func (f *Facts) Clone() *Facts {
	out := *f
	out.Versions = slices.Clone(f.Versions)
	out.Suites = maps.Clone(f.Suites)
	if out.Suites == nil {
		out.Suites = map[string]SuiteFacts{}
	}
	for v, x := range out.Suites {
		x.List = slices.Clone(x.List)
		out.Suites[v] = x
	}
	out.Groups = slices.Clone(f.Groups)
	out.SignatureAlgorithms = slices.Clone(f.SignatureAlgorithms)
	out.ALPN = slices.Clone(f.ALPN)
	out.DH = slices.Clone(f.DH)
	out.Served = slices.Clone(f.Served)
	return &out
}

// Order says whose order decides what is chosen among several.
type Order string

// Orders.
const (
	ServerOrder Order = "server"
	ClientOrder Order = "client"
)

// SuiteFacts are the suites of one version.
type SuiteFacts struct {
	// Order is that of the client also where there is but one suite, and nothing
	// could be told apart.
	Order Order `json:"order"`
	// List is in the server's order where that decides, else from strong to weak.
	List []wire.CipherSuite `json:"list"`
	// ListSSL2 are the cipher kinds of SSL 2.0, in the server's order.
	ListSSL2 []wire.SSL2Cipher `json:"list_ssl2,omitempty"`
	// ChaChaFirst: a server whose order decides, and which yet takes
	// ChaCha20-Poly1305 of a client that lists it first (OpenSSL's
	// SSL_OP_PRIORITIZE_CHACHA).
	ChaChaFirst Tri `json:"chacha_first"`
	// Complete says whether every suite of the registry was asked for.
	Complete bool `json:"complete"`
}

// GroupFact is a group of Facts. In JSON it is the group's code point, {"id",
// "name"}, with the other fields beside.
type GroupFact struct {
	Group wire.Group `json:"-"`
	// TLS13 and TLS12 (and older) say where it is used.
	TLS13 Tri `json:"tls13"`
	TLS12 Tri `json:"tls12"`
}

// SchemeFact is a signature scheme of Facts, in JSON its code point with the
// other fields beside.
type SchemeFact struct {
	Scheme wire.SignatureScheme `json:"-"`
	TLS13  Tri                  `json:"tls13"`
	TLS12  Tri                  `json:"tls12"`
	// Leaf is the hash of the certificate whose key signs, in hex.
	Leaf string `json:"leaf_sha256,omitempty"`
}

// The same fields without methods, for encoding/json.
type (
	groupFields  GroupFact
	schemeFields SchemeFact
)

// MarshalJSON writes the code point and what is said of it in one object.
func (f GroupFact) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		wire.CodePoint
		groupFields
	}{wire.CodePoint{ID: uint32(f.Group), Name: f.Group.String()}, groupFields(f)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *GroupFact) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, (*groupFields)(f)); err != nil {
		return err
	}
	return json.Unmarshal(b, &f.Group)
}

// MarshalJSON writes the code point and what is said of it in one object.
func (f SchemeFact) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		wire.CodePoint
		schemeFields
	}{wire.CodePoint{ID: uint32(f.Scheme), Name: f.Scheme.String()}, schemeFields(f)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *SchemeFact) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, (*schemeFields)(f)); err != nil {
		return err
	}
	return json.Unmarshal(b, &f.Scheme)
}

// DHFact is a Diffie-Hellman group that is not negotiated by name.
type DHFact struct {
	Bits int `json:"bits"` // of the prime
	// Name is what is known of the prime: "ffdhe2048", "RFC 3526 group 14", "Apache
	// httpd 2.2, 1024 bits"; "" if nothing is.
	Name string `json:"name,omitempty"`
	// Prime is the SHA-256 of the prime's bytes in hex.
	Prime     string `json:"prime_sha256"`
	Generator int    `json:"generator"` // 0: larger than 2^31
	// Safe: the prime is a safe one, 2q+1; Unknown where it was not computed.
	Safe Tri `json:"safe"`
	// Reused: the same public value was sent in two handshakes.
	Reused Tri `json:"reused"`
}

// Served is a certificate of the server's, with all that comes along with it.
type Served struct {
	SHA256 string `json:"sha256"` // of the leaf
	// For says to which server names it is shown: any of the Asked.
	For []Asked `json:"for"`
	// Key is the kind and size of its key: "RSA 2048", "ECDSA P-256".
	Key string `json:"key"`
	// Chain is what is sent, DER, leaf first.
	Chain [][]byte `json:"-"`
	// OCSP is the stapled response, DER.
	OCSP []byte `json:"-"`
	// SCTs counts signed certificate timestamps by where they are: in the
	// certificate, the TLS extension, the OCSP response.
	SCTs map[string]int `json:"scts"`
	// KeyFits says whether signatures of handshakes verify with its key. No: the
	// server's private key belongs to another certificate.
	KeyFits Tri `json:"key_fits"`
	// Like is the SHA256 of the certificate whose chain is judged in its place: this
	// one is not there yet, and would be like that one but for its key. "" for what
	// was seen.
	Like string `json:"-"`
	// Bytes of the Certificate message; CompressedBytes as sent with the smallest
	// of the algorithms of RFC 8879 that the server takes, or 0.
	Bytes           int `json:"bytes"`
	CompressedBytes int `json:"compressed_bytes"`
}

// Asked is how a certificate was asked for.
type Asked string

// Ways to ask for a certificate.
const (
	ByName      Asked = "name"       // the target's own name, or the one given with --sni
	ByNoName    Asked = "no-name"    // no server_name extension
	ByOtherName Asked = "other-name" // a name that the server cannot know
)

// Features are the yes and no of a server.
type Features struct {
	// OtherName is how it takes an unknown server name, NoName how none:
	// "same" (as for the target's name), "other" (certificate), or the outcome of
	// the refusal: "alert 112 unrecognized_name", "closed", "reset".
	OtherName string `json:"other_name"`
	NoName    string `json:"no_name"`

	SecureRenegotiation  Tri `json:"secure_renegotiation"`   // RFC 5746
	ClientRenegotiation  Tri `json:"client_renegotiation"`   // it lets a client begin a second handshake
	ExtendedMasterSecret Tri `json:"extended_master_secret"` // RFC 7627
	EncryptThenMAC       Tri `json:"encrypt_then_mac"`       // RFC 7366
	FallbackSCSV         Tri `json:"fallback_scsv"`          // RFC 7507; Unknown with a single version
	DowngradeSentinel    Tri `json:"downgrade_sentinel"`     // RFC 8446, Section 4.1.3; Unknown without TLS 1.3
	Compression          Tri `json:"compression"`            // DEFLATE: CRIME
	Heartbeat            Tri `json:"heartbeat"`              // RFC 6520
	OCSPStapling         Tri `json:"ocsp_stapling"`
	SCTExtension         Tri `json:"sct_extension"`
	NPN                  Tri `json:"next_protocol_negotiation"`

	HelloRetry     Tri `json:"hello_retry_request"` // it asks for another key share where the first does not suit
	SessionIDs     Tri `json:"session_ids"`         // it gives one out, before TLS 1.3
	SessionTickets Tri `json:"session_tickets"`     // RFC 5077
	// Resumption says whether a session is really resumed, by what carries it.
	ResumptionID     Tri `json:"resumption_id"`
	ResumptionTicket Tri `json:"resumption_ticket"`
	ResumptionPSK    Tri `json:"resumption_psk"` // TLS 1.3
	// Tickets of one TLS 1.3 handshake, TicketLifetime in seconds.
	Tickets        int    `json:"tickets"`
	TicketLifetime uint32 `json:"ticket_lifetime_s"`
	// EarlyData: 0-RTT is allowed by the tickets (RFC 8446, Section 4.2.10), with at
	// most MaxEarlyData bytes, and was accepted.
	EarlyData         Tri    `json:"early_data"`
	EarlyDataAccepted Tri    `json:"early_data_accepted"`
	MaxEarlyData      uint32 `json:"max_early_data"`

	// ClientCertificate is "none", "requested" or "required"; "" if unknown.
	ClientCertificate string `json:"client_certificate"`
	// Authorities are the DER names of the CAs that it asks for.
	Authorities [][]byte `json:"-"`

	MaxFragmentLength Tri `json:"max_fragment_length"` // RFC 6066, Section 4
	// RecordSizeLimit is the limit that it announces (RFC 8449), 0 for none.
	RecordSizeLimit int `json:"record_size_limit"`
	// CertificateCompression are the algorithms of RFC 8879 that it uses.
	CertificateCompression []wire.CertCompression `json:"certificate_compression"`

	// Tolerates: hellos that a correct server answers like any other.
	Tolerates Tolerance `json:"tolerates"`

	// RoundTrip is the median time to set up a connection.
	RoundTrip time.Duration `json:"-"`
}

// Tolerance says which unusual but legal hellos are answered.
type Tolerance struct {
	GREASE           Tri `json:"grease"`            // RFC 8701 values everywhere
	UnknownExtension Tri `json:"unknown_extension"` // an extension of no registry
	FutureVersion    Tri `json:"future_version"`    // TLS 1.4 in supported_versions
	FutureLegacy     Tri `json:"future_legacy"`     // legacy_version 0x0304 (RFC 8446, Section 4.2.1)
	RecordVersion    Tri `json:"record_version"`    // record version 0x0303 on the first record
	Medium           Tri `json:"size_256_511"`      // a hello of 256 to 511 bytes
	Large            Tri `json:"size_large"`        // a hello of more than one segment
	SplitRecords     Tri `json:"split_records"`     // a hello in several records
	SplitSegments    Tri `json:"split_segments"`    // a hello in several segments
	EmptyShares      Tri `json:"empty_key_share"`   // TLS 1.3 without any share (RFC 8446, Section 4.2.8)
	HybridShare      Tri `json:"hybrid_share"`      // a post-quantum key share
	NoExtensions     Tri `json:"no_extensions"`     // a TLS 1.2 hello without extensions
}
