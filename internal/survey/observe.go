package survey

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// observe takes from any answer what it says by the way: the certificate, what
// came with it, and which extensions the server took up. asked is the name that
// the hello held.
func (s *session) observe(t *transcript.Transcript, asked transcript.Asked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve(t, asked)
	if t.Server == nil {
		return
	}
	f := &s.facts.Features
	v := t.Version()
	hello := t.Attempt.Handshake.Hello
	s.staple(t, hello)
	if n := len(t.CertificateRequests); n > 0 {
		s.requests = append(s.requests, t.CertificateRequests...)
	} else if t.Outcome.Reached >= transcript.ReachedFlight {
		s.noRequest = true
	}
	if v >= wire.VersionTLS13 || hello == nil || v < wire.VersionTLS10 {
		return
	}
	took := func(x wire.ExtensionType, to *transcript.Tri) {
		if _, offered := hello.Extension(x); !offered {
			return
		}
		if _, ok := t.Server.Extension(x); ok {
			*to = transcript.Yes
		} else if *to == transcript.Unknown {
			*to = transcript.No
		}
	}
	if _, ok := t.Server.Extension(wire.ExtRenegotiationInfo); ok {
		f.SecureRenegotiation = transcript.Yes
	} else if f.SecureRenegotiation == transcript.Unknown {
		f.SecureRenegotiation = transcript.No
	}
	took(wire.ExtExtendedMasterSecret, &f.ExtendedMasterSecret)
	took(wire.ExtSessionTicket, &f.SessionTickets)
	took(wire.ExtHeartbeat, &f.Heartbeat)
	took(wire.ExtNextProtocolNegotiation, &f.NPN)
	took(wire.ExtMaxFragmentLength, &f.MaxFragmentLength)
	// RFC 7366, Section 3: it makes a difference to CBC suites alone.
	if i, ok := t.Server.CipherSuite.Info(); ok && i.Mode == wire.ModeCBC {
		took(wire.ExtEncryptThenMAC, &f.EncryptThenMAC)
	}
	if slices.Contains(hello.CompressionMethods, compressionDEFLATE) {
		f.Compression = transcript.TriOf(t.Server.CompressionMethod == compressionDEFLATE)
	}
	if v == wire.VersionTLS12 {
		s.sentinels = append(s.sentinels, strings.HasPrefix(string(t.Server.Random[24:]), "DOWNGRD"))
	}
	if len(t.Server.SessionID) > 0 && len(hello.SessionID) == 0 {
		f.SessionIDs = transcript.Yes
	}
	if k := t.KeyExchange; k != nil && len(k.P) > 0 && !slices.ContainsFunc(hello.SupportedGroups(), wire.Group.FiniteField) {
		s.seeDH(k)
	}
}

// compressionDEFLATE is the compression method of RFC 3749.
const compressionDEFLATE wire.CompressionMethod = 1

// dhSeen is a Diffie-Hellman group as it was seen.
type dhSeen struct {
	p, g   []byte
	values map[string]int // public values and how often each was sent
	order  int
}

func (s *session) seeDH(k *wire.ServerKeyExchange) {
	key := string(k.P) + "/" + string(k.G)
	d := s.dh[key]
	if d == nil {
		d = &dhSeen{p: k.P, g: k.G, values: map[string]int{}, order: len(s.dh)}
		s.dh[key] = d
	}
	d.values[string(k.Y)]++
}

// serve keeps the certificate that was shown. The caller holds s.mu.
func (s *session) serve(t *transcript.Transcript, asked transcript.Asked) {
	if len(t.Certificates) == 0 {
		return
	}
	sum := sha256.Sum256(t.Certificates[0])
	id := hex.EncodeToString(sum[:])
	i := slices.IndexFunc(s.served, func(x *transcript.Served) bool { return x.SHA256 == id })
	if i < 0 {
		x := &transcript.Served{SHA256: id, Chain: t.Certificates, Bytes: t.CertificateBytes, SCTs: map[string]int{}}
		if c, err := trust.ParseCertificate(t.Certificates[0]); err == nil {
			x.Key = c.Key.Describe()
		}
		s.served = append(s.served, x)
		i = len(s.served) - 1
	}
	x := s.served[i]
	if !slices.Contains(x.For, asked) {
		x.For = append(x.For, asked)
	}
	if t.SignatureValid != transcript.Unknown {
		x.KeyFits = t.SignatureValid
	}
	if len(t.OCSP) > 0 && len(x.OCSP) == 0 {
		x.OCSP = t.OCSP
	}
	if n := sctCount(t.SCTs); n > 0 {
		x.SCTs["extension"] = n
	}
	if t.CompressedBytes > 0 && (x.CompressedBytes == 0 || t.CompressedBytes < x.CompressedBytes) {
		x.CompressedBytes = t.CompressedBytes
	}
	if t.Signature != 0 && s.schemeLeaf[t.Signature] == "" {
		s.schemeLeaf[t.Signature] = id
	}
}

// staple notes whether stapling and the SCT extension are there. The caller
// holds s.mu.
func (s *session) staple(t *transcript.Transcript, hello *wire.ClientHello) {
	if hello == nil || len(t.Certificates) == 0 {
		return
	}
	f := &s.facts.Features
	see := func(x wire.ExtensionType, there bool, to *transcript.Tri) {
		if _, asked := hello.Extension(x); !asked {
			return
		}
		if there {
			*to = transcript.Yes
		} else if *to == transcript.Unknown {
			*to = transcript.No
		}
	}
	see(wire.ExtStatusRequest, len(t.OCSP) > 0, &f.OCSPStapling)
	see(wire.ExtSignedCertificateTimestamp, len(t.SCTs) > 0, &f.SCTExtension)
}

// sctCount counts the entries of a SignedCertificateTimestampList (RFC 6962,
// Section 3.3).
func sctCount(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	n := 0
	for b = b[2:]; len(b) >= 2; n++ {
		l := 2 + int(b[0])<<8 + int(b[1])
		if l > len(b) {
			break
		}
		b = b[l:]
	}
	return n
}

// answer notes what a hello of version v and nothing newer got. Where none came
// to be sent, that is nothing about versions.
func (s *session) answer(v wire.Version, t *transcript.Transcript) {
	if refusesConnections(t) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	got := t.Version()
	if got == 0 && t.Retry != nil {
		got = t.Retry.Version()
	}
	switch {
	case got == v:
		s.answers[v] = "accepted"
	case s.answers[v] == "accepted":
	case got != 0:
		s.answers[v] = got.String()
	case s.answers[v] == "":
		s.answers[v] = outcomeText(t)
	}
}
