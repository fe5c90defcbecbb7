package client

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// answer writes the deal down as the transcript that it would make, for Judge:
// what a client refuses is said once, there.
func (r *run) answer(d *deal) *transcript.Transcript {
	t := &transcript.Transcript{
		Attempt: transcript.Attempt{Handshake: &transcript.Handshake{Hello: r.h.ClientHello}},
		Group:   d.group, Signature: d.scheme,
		SignatureValid: transcript.Yes, Finished: transcript.Yes,
	}
	if d.leaf != nil {
		t.Certificates, t.CertificateBytes = d.leaf.Chain, d.leaf.Bytes
		if signed := d.scheme != 0 || d.group != 0 || d.dhBits > 0; signed && d.leaf.KeyFits == transcript.No {
			t.SignatureValid = transcript.No
		}
	}
	if d.version >= wire.VersionTLS13 {
		r.answer13(d, t)
	} else {
		r.answer12(d, t)
	}
	return t
}

func (r *run) answer13(d *deal, t *transcript.Transcript) {
	group := []byte{byte(d.group >> 8), byte(d.group)}
	chosen := wire.Extension{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}
	if d.retry {
		t.Retry = &wire.ServerHello{
			LegacyVersion: wire.VersionTLS12, CipherSuite: d.suite,
			Extensions: []wire.Extension{chosen, {Type: wire.ExtKeyShare, Data: group}},
		}
		t.Retry.SetHelloRetryRequest()
	}
	t.Server = &wire.ServerHello{
		LegacyVersion: wire.VersionTLS12, CipherSuite: d.suite,
		// Of the share itself nothing is read but its group.
		Extensions: []wire.Extension{chosen, {Type: wire.ExtKeyShare, Data: append(group, 0, 0)}},
	}
	t.Encrypted = &wire.EncryptedExtensions{}
	if d.alpn != "" {
		t.Encrypted.Extensions = []wire.Extension{wire.ALPNExt(d.alpn)}
	}
}

func (r *run) answer12(d *deal, t *transcript.Transcript) {
	s := &wire.ServerHello{LegacyVersion: d.version, CipherSuite: d.suite}
	t.Server = s
	feature, pol := r.f.Features, r.p.Policy
	_, asksRI := r.h.Extension(wire.ExtRenegotiationInfo)
	asksRI = asksRI || slices.Contains(r.h.CipherSuites, wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
	// Facts are asked for where they decide: what nobody insists on may be unknown.
	if asksRI && (!pol.RequireSecureRenegotiation || r.holds(feature.SecureRenegotiation, true, "whether the server knows secure renegotiation")) {
		s.Extensions = append(s.Extensions, wire.RenegotiationInfoExt(nil))
	}
	_, asksEMS := r.h.Extension(wire.ExtExtendedMasterSecret)
	if asksEMS && (!pol.RequireExtendedMasterSecret || r.holds(feature.ExtendedMasterSecret, true, "whether the server knows extended_master_secret")) {
		s.Extensions = append(s.Extensions, wire.ExtendedMasterSecretExt())
	}
	if d.alpn != "" {
		s.Extensions = append(s.Extensions, wire.ALPNExt(d.alpn))
	}
	switch {
	case d.dhBits > 0:
		t.KeyExchange = &wire.ServerKeyExchange{P: prime(d.dhBits)}
	case d.group != 0:
		t.KeyExchange = &wire.ServerKeyExchange{Group: d.group}
	}
	if t.KeyExchange != nil && !d.info.Anonymous {
		t.KeyExchange.Signature = []byte{0}
	}
}

// prime is a number of that many bits.
func prime(bits int) []byte {
	p := make([]byte, (bits+7)/8)
	p[0] = 1 << ((bits + 7) % 8)
	return p
}

// sizeOnWire is the size of the client's hello in bytes as it sends it: BuildHello
// leaves key shares blank.
func (p *Profile) sizeOnWire(h *wire.ClientHello) int {
	n := h.Size()
	captured := p.Hello.KeyShares()
	for i, s := range h.KeyShares() {
		if i < len(captured) {
			n += len(captured[i].Data) - len(s.Data)
		}
	}
	return n
}
