package oddtls

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// kdf derives the keys of one connection of TLS 1.2 or older.
type kdf struct {
	version wire.Version
	hash    func() hash.Hash // TLS 1.2
}

func newKDF(c choice) kdf {
	k := kdf{c.version, sha256.New}
	if c.info.Hash == wire.HashSHA384 {
		k.hash = sha512.New384
	}
	return k
}

// prf is the pseudorandom function (RFC 5246, Section 5; RFC 2246, Section 5).
func (k kdf) prf(secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	if k.version >= wire.VersionTLS12 {
		return pHash(k.hash, secret, seed, n)
	}
	half := (len(secret) + 1) / 2
	out := pHash(md5.New, secret[:half], seed, n)
	for i, b := range pHash(sha1.New, secret[len(secret)-half:], seed, n) {
		out[i] ^= b
	}
	return out
}

func pHash(h func() hash.Hash, secret, seed []byte, n int) []byte {
	var out []byte
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(h, secret)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	for a := mac(seed); len(out) < n; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:n]
}

// ssl3Expand is the derivation of RFC 6101, Sections 6.1 and 6.2.2.
func ssl3Expand(secret, seed []byte, n int) []byte {
	var out []byte
	for i := 0; len(out) < n; i++ {
		s := sha1.New()
		s.Write(bytes.Repeat([]byte{byte('A' + i)}, i+1))
		s.Write(secret)
		s.Write(seed)
		m := md5.New()
		m.Write(secret)
		m.Write(s.Sum(nil))
		out = m.Sum(out)
	}
	return out[:n]
}

func (k kdf) master(premaster, client, server []byte) []byte {
	seed := append(append([]byte(nil), client...), server...)
	if k.version == wire.VersionSSL30 {
		return ssl3Expand(premaster, seed, 48)
	}
	return k.prf(premaster, "master secret", seed, 48)
}

func (k kdf) keyBlock(master, client, server []byte, n int) []byte {
	seed := append(append([]byte(nil), server...), client...)
	if k.version == wire.VersionSSL30 {
		return ssl3Expand(master, seed, n)
	}
	return k.prf(master, "key expansion", seed, n)
}

// finished is the verify_data over all messages so far.
func (k kdf) finished(master, messages []byte, server bool) []byte {
	if k.version == wire.VersionSSL30 { // RFC 6101, Section 5.6.9
		sender := []byte("CLNT")
		if server {
			sender = []byte("SRVR")
		}
		return append(
			ssl3Nested(md5.New, master, messages, sender),
			ssl3Nested(sha1.New, master, messages, sender)...)
	}
	label := "client finished"
	if server {
		label = "server finished"
	}
	return k.prf(master, label, k.transcriptHash(messages), 12)
}

// transcriptHash is what Finished and, before TLS 1.2, CertificateVerify cover.
func (k kdf) transcriptHash(messages []byte) []byte {
	if k.version >= wire.VersionTLS12 {
		h := k.hash()
		h.Write(messages)
		return h.Sum(nil)
	}
	m, s := md5.Sum(messages), sha1.Sum(messages)
	return append(m[:], s[:]...)
}

// ssl3Pads returns pad_1 and pad_2 (RFC 6101, Section 5.2.3.1): 48 bytes for MD5, 40 for SHA-1.
func ssl3Pads(h func() hash.Hash) (pad1, pad2 []byte) {
	n := 40
	if h().Size() == md5.Size {
		n = 48
	}
	return bytes.Repeat([]byte{0x36}, n), bytes.Repeat([]byte{0x5c}, n)
}

// ssl3Nested is hash(master + pad_2 + hash(messages + sender + master + pad_1)).
func ssl3Nested(h func() hash.Hash, master, messages, sender []byte) []byte {
	pad1, pad2 := ssl3Pads(h)
	inner := h()
	for _, b := range [][]byte{messages, sender, master, pad1} {
		inner.Write(b)
	}
	outer := h()
	for _, b := range [][]byte{master, pad2, inner.Sum(nil)} {
		outer.Write(b)
	}
	return outer.Sum(nil)
}

// ssl3Keyed is hash(secret + pad_2 + hash(secret + pad_1 + data…)).
func ssl3Keyed(h func() hash.Hash, secret []byte, data ...[]byte) []byte {
	pad1, pad2 := ssl3Pads(h)
	inner := h()
	inner.Write(secret)
	inner.Write(pad1)
	for _, d := range data {
		inner.Write(d)
	}
	outer := h()
	for _, b := range [][]byte{secret, pad2, inner.Sum(nil)} {
		outer.Write(b)
	}
	return outer.Sum(nil)
}

// exportKeys expands the short keys of an export suite (RFC 2246, Section
// 6.3.1; RFC 6101, Section 6.2.2.1). IVs come from the randoms alone.
func (k kdf) exportKeys(s keySizes, clientKey, serverKey, client, server []byte) (ck, sk, civ, siv []byte) {
	cs := append(append([]byte(nil), client...), server...)
	if k.version == wire.VersionSSL30 {
		sum := func(parts ...[]byte) []byte {
			h := md5.New()
			for _, p := range parts {
				h.Write(p)
			}
			return h.Sum(nil)
		}
		return sum(clientKey, client, server)[:s.final], sum(serverKey, server, client)[:s.final],
			sum(client, server)[:s.iv], sum(server, client)[:s.iv]
	}
	ck = k.prf(clientKey, "client write key", cs, s.final)
	sk = k.prf(serverKey, "server write key", cs, s.final)
	ivs := k.prf(nil, "IV block", cs, 2*s.iv)
	return ck, sk, ivs[:s.iv], ivs[s.iv:]
}
