package client

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// leaf is a certificate of the server's, read.
type leaf struct {
	*transcript.Served
	id    [sha256.Size]byte    // of all that is judged of it
	chain []*trust.Certificate // nil if it was not kept; nil entries are unreadable
	key   trust.KeyType
	bits  int
	curve wire.Group // of an ECDSA key; 0: none, or of no name here
}

func readServed(served []transcript.Served, cas *trust.Cache) []*leaf {
	out := make([]*leaf, 0, len(served))
	for i := range served {
		l := &leaf{Served: &served[i]}
		h := sha256.New()
		for _, der := range append(slices.Clone(served[i].Chain), served[i].OCSP) {
			_, _ = fmt.Fprintf(h, "%d %d ", len(der), served[i].SCTs["extension"]) // a hash takes everything
			_, _ = h.Write(der)
		}
		h.Sum(l.id[:0])
		for _, der := range served[i].Chain {
			c, _ := cas.ParseCertificate(der) // nil if it cannot be read
			l.chain = append(l.chain, c)
		}
		if k := slices.IndexFunc(out, func(x *leaf) bool { return x.SHA256 == l.Like }); l.Like != "" && k >= 0 {
			stands := *l.Served
			stands.Chain, stands.Bytes = out[k].Chain, out[k].Bytes
			l.Served, l.chain, l.id = &stands, out[k].chain, out[k].id
			l.key, l.bits, l.curve = readKey(l.Key)
		} else if len(l.chain) > 0 && l.chain[0] != nil && l.chain[0].Key != nil {
			k := l.chain[0].Key
			l.key, l.bits, l.curve = k.Type, k.Bits, groupOfCurve(k.Curve)
		} else {
			l.key, l.bits, l.curve = readKey(served[i].Key)
		}
		out = append(out, l)
	}
	return out
}

// readKey reads Served.Key, for documents that hold no chains: "RSA 2048",
// "ECDSA P-256", "Ed25519".
func readKey(s string) (trust.KeyType, int, wire.Group) {
	kind, size, _ := strings.Cut(s, " ")
	t := trust.KeyType(strings.ToLower(kind))
	bits, err := strconv.Atoi(size)
	if err != nil {
		return t, 0, groupOfCurve(size)
	}
	return t, bits, 0
}

// groupOfCurve is the group in which a key of that curve lies, or 0.
func groupOfCurve(name string) wire.Group {
	if bits, ok := strings.CutPrefix(name, "P-"); ok {
		name = "secp" + bits + "r1"
	}
	if name == "" {
		return 0
	}
	g, _ := wire.ParseGroup(name)
	return g
}

func (l *leaf) isRSA() bool { return l.key == trust.KeyRSA || l.key == trust.KeyRSAPSS }

// authenticates says whether its key fits a suite of TLS 1.2 or older (RFC 5246,
// Section 7.4.2, RFC 8422, Section 2). EdDSA came with the schemes of TLS 1.2.
func (l *leaf) authenticates(i wire.SuiteInfo, v wire.Version) bool {
	switch {
	case i.KeyExchange == wire.KXRSA || i.KeyExchange == wire.KXRSAPSK:
		return l.key == trust.KeyRSA
	case i.KeyExchange == wire.KXECDH:
		return l.key == trust.KeyECDSA
	case i.KeyExchange == wire.KXDH:
		return l.key == trust.KeyDH
	}
	switch i.Authentication {
	case wire.AuthRSA:
		return l.isRSA()
	case wire.AuthECDSA:
		return l.key == trust.KeyECDSA || v >= wire.VersionTLS12 && (l.key == trust.KeyEd25519 || l.key == trust.KeyEd448)
	case wire.AuthDSS:
		return l.key == trust.KeyDSA
	case wire.AuthGOST:
		return l.key == trust.KeyGOST
	case wire.AuthSM2:
		return l.key == trust.KeySM2
	}
	return false
}

// signs says whether its key can make signatures of a scheme.
func (l *leaf) signs(s wire.SignatureScheme, v wire.Version) bool {
	switch s {
	case wire.SigEd25519:
		return l.key == trust.KeyEd25519
	case wire.SigEd448:
		return l.key == trust.KeyEd448
	case wire.SigRSAPSSRSAESHA512:
		return l.key == trust.KeyRSA && l.holdsPSS512()
	case wire.SigRSAPSSPSSSHA512:
		return l.key == trust.KeyRSAPSS && l.holdsPSS512()
	case wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384:
		return l.key == trust.KeyRSA
	case wire.SigRSAPSSPSSSHA256, wire.SigRSAPSSPSSSHA384:
		return l.key == trust.KeyRSAPSS
	}
	if v >= wire.VersionTLS13 {
		// RFC 8446, Section 4.2.3: scheme and curve belong together.
		curve, ok := curveOfScheme[s]
		return ok && l.key == trust.KeyECDSA && slices.Contains(curve[:], l.curve)
	}
	// RFC 5246, Section 7.4.1.4.1: the low byte is the kind of key, the high one
	// the hash, 1 to 6; others are schemes of TLS 1.3 or reserved.
	if hash := s >> 8; hash < 1 || hash > 6 {
		return false
	}
	switch s & 0xff {
	case 1:
		return l.key == trust.KeyRSA
	case 2:
		return l.key == trust.KeyDSA
	case 3:
		return l.key == trust.KeyECDSA
	}
	return false
}

// holdsPSS512: hash, salt of the same length and two bytes more have to fit the
// modulus (RFC 8017, Section 9.1.1), which those of SHA-512 do not in 1024 bits.
func (l *leaf) holdsPSS512() bool { return l.bits == 0 || l.bits > 8*(64+64+2)-8 }

// curveOfScheme: the brainpool curves have two code points as groups (RFC 8734).
var curveOfScheme = map[wire.SignatureScheme][2]wire.Group{
	wire.SigECDSASecp256r1SHA256:            {wire.GroupSecp256r1},
	wire.SigECDSASecp384r1SHA384:            {wire.GroupSecp384r1},
	wire.SigECDSASecp521r1SHA512:            {wire.GroupSecp521r1},
	wire.SigECDSABrainpoolP256r1TLS13SHA256: {wire.GroupBrainpoolP256r1, wire.GroupBrainpoolP256r1TLS13},
	wire.SigECDSABrainpoolP384r1TLS13SHA384: {wire.GroupBrainpoolP384r1, wire.GroupBrainpoolP384r1TLS13},
	wire.SigECDSABrainpoolP512r1TLS13SHA512: {wire.GroupBrainpoolP512r1, wire.GroupBrainpoolP512r1TLS13},
}

// shown are the certificates that a client may get.
func (r *run) shown(foreign bool) []*leaf {
	want := transcript.ByName
	if foreign {
		want = transcript.ByNoName
	}
	var out []*leaf
	for _, l := range r.served {
		// A certificate of which nobody noted how it was asked for is the target's.
		if slices.Contains(l.For, want) || len(l.For) == 0 && !foreign {
			out = append(out, l)
		}
	}
	return out
}

// unlistedChain: a client says with which schemes certificates may be signed, and
// a server that has no such chain may send another one (RFC 8446, Section
// 4.4.2.2) or give up, as Java does.
func (r *run) unlistedChain(d *deal) *failure {
	if d.leaf == nil || d.scheme == 0 {
		return nil
	}
	listed := r.h.SignatureAlgorithmsCert()
	if listed == nil {
		listed = r.h.SignatureAlgorithms()
	}
	for _, c := range d.leaf.chain {
		if c == nil || c.SelfIssued() {
			continue // nobody checks the signature of a root
		}
		s := schemeOf(c.SignatureAlgorithm)
		if s == 0 || slices.Contains(listed, s) || r.holds(transcript.Unknown, true, "whether the server minds that a certificate is signed with "+s.String()) {
			continue
		}
		return stop(cause.NoSharedSignatureAlgorithm, "a certificate signed with "+s.String(), "the server has no certificate that is signed with an algorithm that this client lists")
	}
	return nil
}

// schemeOf is the code point of a certificate's signature; 0: of no interest.
func schemeOf(a trust.SignatureAlgorithm) wire.SignatureScheme {
	hash := map[crypto.Hash]wire.SignatureScheme{crypto.SHA1: 2, crypto.SHA224: 3, crypto.SHA256: 4, crypto.SHA384: 5, crypto.SHA512: 6}[a.Hash]
	switch {
	case hash == 0:
	case a.Scheme == trust.PKCS1v15:
		return hash<<8 | 1
	case a.Scheme == trust.ECDSA:
		return hash<<8 | 3
	}
	return 0
}
