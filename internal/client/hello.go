package client

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// HelloOptions is what a hello is built for.
type HelloOptions struct {
	// ServerName to send, where the client sends one at all; "" for none. A name
	// that no client could send (an address, or above 255 bytes) is not sent.
	ServerName string
	// HTTP: the target speaks HTTP, so the client's ALPN is offered.
	HTTP bool
}

// fillable are the groups of which the engine makes fresh key shares. Shares of
// others (drafts that came and went) keep the bytes of the capture, which is
// enough to see whether a server would take them.
var fillable = []wire.Group{
	wire.GroupX25519, wire.GroupX448, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1,
	wire.GroupFFDHE2048, wire.GroupFFDHE3072, wire.GroupFFDHE4096, wire.GroupFFDHE6144, wire.GroupFFDHE8192,
	wire.GroupX25519MLKEM768, wire.GroupSecP256r1MLKEM768, wire.GroupX25519Kyber768Draft00,
}

// decompressible are the certificate compressions that the engine undoes. Others
// are not offered: a certificate that nobody here can read proves nothing, and
// no server needs compression.
var decompressible = []wire.CertCompression{wire.CertCompressionZlib, wire.CertCompressionBrotli, wire.CertCompressionZstd}

// BuildHello returns what the client sends, with everything blank that has to be
// fresh: a zero random, a session ID of zeros, key shares without data. It
// never resumes: what the capture had of tickets, cookies or early data is gone.
func (p *Profile) BuildHello(opts HelloOptions) *wire.ClientHello {
	h := p.Hello.Clone()
	h.Random = [32]byte{}
	clear(h.SessionID)
	for _, t := range []wire.ExtensionType{wire.ExtPreSharedKey, wire.ExtEarlyData, wire.ExtCookie} {
		h.Remove(t)
	}
	if _, ok := h.Extension(wire.ExtSessionTicket); ok {
		h.Set(wire.SessionTicketExt())
	}
	p.setServerName(h, opts.ServerName)
	if !opts.HTTP {
		h.Remove(wire.ExtALPN)
		// ALPS speaks of the protocols that ALPN offers.
		h.Remove(wire.ExtApplicationSettings)
		h.Remove(wire.ExtApplicationSettingsOld)
	}
	limitCompression(h)
	p.pad(h) // with the captured shares in place: theirs is the size that counts
	blankShares(h)
	return h
}

// FallBack is the client as it tries again with a version at most.
func (p *Profile) FallBack(v wire.Version) *Profile {
	c := *p
	c.Hello = p.Hello.Clone()
	limitTo(c.Hello, v)
	return &c
}

// limitTo takes out of a hello what is newer than a version.
func limitTo(h *wire.ClientHello, v wire.Version) {
	h.LegacyVersion = min(v, wire.VersionTLS12)
	for _, t := range []wire.ExtensionType{wire.ExtSupportedVersions, wire.ExtKeyShare, wire.ExtPSKKeyExchangeModes, wire.ExtPostHandshakeAuth} {
		h.Remove(t)
	}
	if v < wire.VersionTLS12 {
		h.Remove(wire.ExtSignatureAlgorithms) // RFC 5246, Section 7.4.1.4.1
	}
	if v < wire.VersionTLS10 {
		h.Extensions = nil
	}
	h.CipherSuites = slices.DeleteFunc(h.CipherSuites, func(x wire.CipherSuite) bool {
		i, ok := x.Info()
		return ok && i.MinVersion > v
	})
}

func (p *Profile) setServerName(h *wire.ClientHello, name string) {
	name = strings.TrimSuffix(name, ".") // RFC 6066, Section 3
	_, err := netip.ParseAddr(name)
	if name == "" || len(name) > 255 || err == nil || !p.Policy.SendsSNI || h.Extensions == nil {
		h.Remove(wire.ExtServerName)
		return
	}
	if _, ok := h.Extension(wire.ExtServerName); !ok {
		h.Extensions = slices.Insert(h.Extensions, 0, wire.ServerNameExt(name))
		return
	}
	h.Set(wire.ServerNameExt(name))
}

// limitCompression leaves the algorithms of compress_certificate (RFC 8879) that
// can be undone here.
func limitCompression(h *wire.ClientHello) {
	d, ok := h.Extension(wire.ExtCompressCertificate)
	if !ok || len(d) < 1 {
		return
	}
	var kept []byte
	for d = d[1:]; len(d) >= 2; d = d[2:] {
		if slices.Contains(decompressible, wire.CertCompression(d[0])<<8|wire.CertCompression(d[1])) {
			kept = append(kept, d[0], d[1])
		}
	}
	if len(kept) == 0 {
		h.Remove(wire.ExtCompressCertificate)
		return
	}
	h.Set(wire.Extension{Type: wire.ExtCompressCertificate, Data: append([]byte{byte(len(kept))}, kept...)})
}

// pad applies the client's rule. Sizes are of the handshake message with its
// header, as in RFC 7685, Section 4.
func (p *Profile) pad(h *wire.ClientHello) {
	h2 := h.Clone()
	h2.Remove(wire.ExtPadding)
	size := h2.Size()
	least := 0
	switch p.Padding {
	case PadAtLeast:
		least = 1
	case PadBody:
		size -= 4
	}
	if p.Padding == PadNone || h.Extensions == nil || size < 256 || size >= 512 {
		h.Remove(wire.ExtPadding)
		return
	}
	h.Set(wire.PaddingExt(max(512-size-4, least)))
}

func blankShares(h *wire.ClientHello) {
	shares := h.KeyShares()
	if len(shares) == 0 {
		return
	}
	for i := range shares {
		if slices.Contains(fillable, shares[i].Group) {
			shares[i].Data = nil
		}
	}
	h.Set(wire.KeyShareExt(shares...))
}
