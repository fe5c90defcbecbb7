package wire

var keyExchangeNames = [...]string{
	KXNone: "none", KXTLS13: "TLS 1.3", KXRSA: "RSA", KXDH: "DH", KXDHE: "DHE", KXDHAnon: "DH_anon", KXECDH: "ECDH",
	KXECDHE: "ECDHE", KXECDHAnon: "ECDH_anon", KXPSK: "PSK", KXDHEPSK: "DHE_PSK", KXRSAPSK: "RSA_PSK", KXECDHEPSK: "ECDHE_PSK",
	KXSRP: "SRP", KXKRB5: "KRB5", KXGOST: "GOST", KXECCPWD: "ECCPWD", KXECJPAKE: "ECJPAKE", KXCECPQ1: "CECPQ1",
	KXFortezza: "FORTEZZA_KEA", KXSM2: "SM2", KXIBC: "IBC",
}

var authenticationNames = [...]string{
	AuthNone: "none", AuthTLS13: "TLS 1.3", AuthRSA: "RSA", AuthDSS: "DSS", AuthECDSA: "ECDSA", AuthAnon: "anon", AuthPSK: "PSK",
	AuthKRB5: "KRB5", AuthSRP: "SRP", AuthGOST: "GOST", AuthPassword: "password", AuthFortezza: "FORTEZZA", AuthSM2: "SM2", AuthIBC: "IBC",
}

var cipherNames = [...]string{
	CipherNull: "NULL", CipherRC2: "RC2", CipherRC4: "RC4", CipherDES: "DES", Cipher3DES: "3DES", CipherIDEA: "IDEA", CipherSEED: "SEED",
	CipherFortezza: "FORTEZZA", CipherAES: "AES", CipherCamellia: "CAMELLIA", CipherARIA: "ARIA", CipherChaCha20: "CHACHA20",
	CipherGOST28147: "GOST 28147-89", CipherKuznyechik: "KUZNYECHIK", CipherMagma: "MAGMA", CipherSM1: "SM1", CipherSM4: "SM4",
	CipherSalsa20: "SALSA20", CipherESTREAMSalsa20: "ESTREAM_SALSA20", CipherAEGIS128L: "AEGIS-128L", CipherAEGIS256: "AEGIS-256",
	CipherASCON: "ASCON",
}

var modeNames = [...]string{
	ModeNone: "none", ModeStream: "stream", ModeCBC: "CBC", ModeGCM: "GCM", ModeCCM: "CCM", ModeCCM8: "CCM_8", ModePoly1305: "POLY1305",
	ModeCNT: "CNT", ModeCTR: "CTR", ModeMGML: "MGM_L", ModeMGMS: "MGM_S",
}

var macNames = [...]string{
	MACNone: "none", MACAEAD: "AEAD", MACMD5: "MD5", MACSHA1: "SHA1", MACSHA256: "SHA256", MACSHA384: "SHA384", MACSM3: "SM3",
	MACIMIT: "IMIT", MACOMAC: "OMAC", MACGOSTR3411: "GOSTR3411",
}

var hashNames = [...]string{
	HashNone: "none", HashSHA256: "SHA256", HashSHA384: "SHA384", HashSHA512: "SHA512", HashSM3: "SM3", HashGOSTR341194: "GOST R 34.11-94",
	HashStreebog256: "Streebog-256", HashASCON256: "ASCON-HASH256",
}

// String returns the key exchange as suite names spell it.
func (x KeyExchange) String() string { return kindName(keyExchangeNames[:], uint8(x)) }

// String returns the authentication as suite names spell it.
func (x Authentication) String() string { return kindName(authenticationNames[:], uint8(x)) }

// String returns the name of the cipher.
func (x Cipher) String() string { return kindName(cipherNames[:], uint8(x)) }

// String returns the name of the mode.
func (x Mode) String() string { return kindName(modeNames[:], uint8(x)) }

// String returns the name of the MAC.
func (x MAC) String() string { return kindName(macNames[:], uint8(x)) }

// String returns the name of the hash.
func (x Hash) String() string { return kindName(hashNames[:], uint8(x)) }

func kindName(names []string, i uint8) string {
	if int(i) < len(names) {
		return names[i]
	}
	return hexCode(uint32(i), 2)
}
