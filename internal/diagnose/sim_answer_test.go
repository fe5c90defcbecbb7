package diagnose

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// tls plays a handshake: the hello as the engine sends it, the server's answer
// to it in messages, and what the engine makes of those.
func (w *world) tls(ctx context.Context, h *transcript.Handshake, t *transcript.Transcript, end *simEnd) {
	hello := freshHello(h.Hello, fmt.Sprint(t.Attempt.Purpose, t.Start))
	seen := onTheWire(h, hello)
	t.Hello, t.BytesSent = seen.records, int64(len(seen.records))
	for _, b := range end.boxes {
		if b.minds(seen) {
			w.end(ctx, h, t, b.fate)
			return
		}
	}
	s := end.server
	d, f := s.negotiate(hello)
	if f != nil {
		w.end(ctx, h, t, f)
		return
	}
	if !w.wait(ctx, w.rtt) {
		t.Outcome.Kind = transcript.Aborted
		return
	}
	t.Times.FirstByte = w.rtt
	if d.ask && !w.retry(ctx, s, hello, d, t) {
		return
	}
	t.Server = s.serverHello(hello, d)
	t.Reply = appendHandshake(t.Reply, d.version, must(t.Server.Marshal()))
	t.Outcome.Reached = transcript.ReachedHello
	switch {
	case !hello.OffersVersion(d.version):
		t.Outcome.Kind = transcript.Malformed
		t.Outcome.Detail = fmt.Sprintf("the server chose %s, which the hello does not offer", d.version)
		return
	case d.version >= wire.VersionTLS13 && !computed(d.info):
		t.Outcome.Kind, t.Outcome.Detail = transcript.Unfinished, "a cipher that is not computed here"
		return
	}
	s.flight(hello, d, t)
	t.Outcome = transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedFlight}
	if h.Depth > transcript.DepthFlight {
		w.finish(ctx, s, h, d, t)
	}
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// freshHello fills in what the engine fills in.
func freshHello(from *wire.ClientHello, seed string) *wire.ClientHello {
	h := from.Clone()
	if h.Random == [32]byte{} {
		h.Random = sha256.Sum256([]byte(seed))
	}
	for i := range h.SessionID {
		h.SessionID[i] = h.Random[i] ^ 0x5a
	}
	if shares := h.KeyShares(); shares != nil {
		var kept []wire.KeyShare
		for _, k := range shares {
			if len(k.Data) == 0 && !wire.IsGREASE(uint16(k.Group)) {
				if !engine.CanCompute(k.Group) {
					continue
				}
				k.Data = bytes.Repeat([]byte{0x42}, engine.ShareLen(k.Group))
			}
			kept = append(kept, k)
		}
		h.Set(wire.KeyShareExt(kept...))
	}
	return must(wire.ParseClientHello(must(h.Marshal())[4:]))
}

// onTheWire cuts the hello into records and segments. A segment holds 1460 bytes.
func onTheWire(h *transcript.Handshake, hello *wire.ClientHello) glimpse {
	version := wire.VersionTLS10
	if hello.LegacyVersion == wire.VersionSSL30 {
		version = wire.VersionSSL30
	}
	g := glimpse{hello: hello, records: wire.AppendRecords(nil, wire.ContentHandshake, version, must(hello.Marshal()), h.Records...)}
	rest := g.records
	cut := func(n int) {
		n = min(n, len(rest))
		g.segments, rest = append(g.segments, rest[:n]), rest[n:]
	}
	for _, n := range h.Segments {
		cut(n)
	}
	for len(rest) > 0 {
		cut(1460)
	}
	return g
}

// retry asks for a share and gets it, if the engine can compute one.
func (w *world) retry(ctx context.Context, s *simServer, hello *wire.ClientHello, d deal, t *transcript.Transcript) bool {
	t.Retry = &wire.ServerHello{
		LegacyVersion: wire.VersionTLS12, SessionID: hello.SessionID, CipherSuite: d.suite,
		Extensions: []wire.Extension{
			{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}},
			{Type: wire.ExtKeyShare, Data: []byte{byte(d.group >> 8), byte(d.group)}},
		},
	}
	t.Retry.SetHelloRetryRequest()
	t.Reply = appendHandshake(t.Reply, d.version, must(t.Retry.Marshal()))
	t.Outcome.Reached = transcript.ReachedRetry
	switch {
	case !computed(d.info):
		t.Outcome.Kind, t.Outcome.Detail = transcript.Unfinished, "a cipher that is not computed here"
		return false
	case !engine.CanCompute(d.group):
		t.Outcome.Kind, t.Outcome.Detail = transcript.Unfinished, fmt.Sprintf("the server asks for a share of %s, which is not computed here", d.group)
		return false
	case !w.wait(ctx, w.rtt):
		t.Outcome.Kind = transcript.Aborted
		return false
	}
	t.Times.Handshake = 2 * w.rtt
	return true
}

// computed: the ciphers of TLS 1.3 that the engine has.
func computed(i wire.SuiteInfo) bool {
	return i.Cipher != wire.CipherSM4 && i.Hash != wire.HashNone
}

// appendHandshake puts a message into a record.
func appendHandshake(b []byte, v wire.Version, msg []byte) []byte {
	return wire.AppendRecords(b, wire.ContentHandshake, min(v, wire.VersionTLS12), msg)
}

// serverHello is the message of RFC 5246, Section 7.4.1.3 or RFC 8446, Section 4.1.3.
func (s *simServer) serverHello(hello *wire.ClientHello, d deal) *wire.ServerHello {
	sh := &wire.ServerHello{LegacyVersion: d.version, Random: sha256.Sum256(hello.Random[:]), CipherSuite: d.suite}
	if d.version >= wire.VersionTLS13 {
		sh.LegacyVersion, sh.SessionID = wire.VersionTLS12, hello.SessionID
		sh.Extensions = []wire.Extension{{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}}
		share := wire.KeyShareExt(wire.KeyShare{Group: d.group, Data: bytes.Repeat([]byte{0x43}, engine.ShareLen(d.group))})
		share.Data = share.Data[2:] // one entry, no list (RFC 8446, Section 4.2.8)
		sh.Extensions = append(sh.Extensions, share)
		return sh
	}
	// RFC 8446, Section 4.1.3: a server that could have done better says so.
	switch best := slices.Max(s.versions); {
	case best >= wire.VersionTLS13 && d.version == wire.VersionTLS12:
		copy(sh.Random[24:], "DOWNGRD\x01")
	case best >= wire.VersionTLS12 && d.version < wire.VersionTLS12 && !s.deaf:
		copy(sh.Random[24:], "DOWNGRD\x00")
	}
	asked := func(t wire.ExtensionType) bool { _, ok := hello.Extension(t); return ok }
	if !s.noRenegotiationInfo && (asked(wire.ExtRenegotiationInfo) || slices.Contains(hello.CipherSuites, wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)) {
		sh.Extensions = append(sh.Extensions, wire.RenegotiationInfoExt(nil))
	}
	if asked(wire.ExtExtendedMasterSecret) {
		sh.Extensions = append(sh.Extensions, wire.ExtendedMasterSecretExt())
	}
	if d.alpn != "" {
		sh.Extensions = append(sh.Extensions, wire.ALPNExt(d.alpn))
	}
	return sh
}

// flight fills in the rest of the server's first flight.
func (s *simServer) flight(hello *wire.ClientHello, d deal, t *transcript.Transcript) {
	t.Group, t.Signature = d.group, d.scheme
	chain := simCerts().chains[d.key]
	switch {
	case d.foreign:
		chain = simCerts().elsewhere
	case s.chain != nil:
		chain = s.chain
	}
	if d.info.Anonymous {
		chain = nil
	}
	cert := &wire.Certificate{}
	for _, der := range chain {
		cert.Entries = append(cert.Entries, wire.CertificateEntry{DER: der})
	}
	t.Certificates = chain
	msg := must(cert.Marshal(d.version))
	if len(chain) > 0 {
		t.CertificateBytes = len(msg)
	}
	if d.version >= wire.VersionTLS13 {
		t.Encrypted = &wire.EncryptedExtensions{Extensions: []wire.Extension{}}
		if d.alpn != "" {
			t.Encrypted.Extensions = append(t.Encrypted.Extensions, wire.ALPNExt(d.alpn))
		}
		t.Reply = wire.AppendRecord(t.Reply, wire.ContentApplicationData, wire.VersionTLS12, make([]byte, len(msg)+300))
		t.SignatureValid, t.Finished = transcript.Yes, transcript.Yes
	} else {
		if len(chain) > 0 {
			t.Reply = appendHandshake(t.Reply, d.version, msg)
		}
		if body := d.keyExchange(s.prime); body != nil {
			t.KeyExchange = must(wire.ParseServerKeyExchange(body, d.suite, d.version))
			t.Reply = appendHandshake(t.Reply, d.version, wire.AppendMessage(nil, wire.TypeServerKeyExchange, body))
			if t.KeyExchange.Signature != nil {
				t.SignatureValid = transcript.Yes
			}
			// The engine names primes of RFC 7919; those of this size are.
			t.Group = cmp.Or(t.Group, map[int]wire.Group{2048: wire.GroupFFDHE2048, 4096: wire.GroupFFDHE4096}[t.KeyExchange.DHBits()])
		}
		t.Reply = appendHandshake(t.Reply, d.version, wire.AppendMessage(nil, wire.TypeServerHelloDone, nil))
	}
	if s.demand != demandNone {
		t.CertificateRequests = append(t.CertificateRequests, transcript.CertificateRequest{
			Phase: transcript.DuringHandshake, Request: &wire.CertificateRequest{SignatureSchemes: []wire.SignatureScheme{wire.SigRSAPKCS1SHA256}},
		})
	}
}

// keyExchange is the body of the ServerKeyExchange, nil where there is none.
func (d deal) keyExchange(prime int) []byte {
	vector := func(b []byte, n int) []byte {
		v := bytes.Repeat([]byte{0xaf}, n)
		return append(append(b, byte(n>>8), byte(n)), v...)
	}
	var b []byte
	switch d.info.KeyExchange {
	case wire.KXECDHE, wire.KXECDHAnon:
		b = append([]byte{3, byte(d.group >> 8), byte(d.group), 65}, make([]byte, 65)...)
	case wire.KXDHE, wire.KXDHAnon:
		b = vector(append(vector(b, prime/8), 0, 1, 2), prime/8)
	default:
		return nil
	}
	if d.info.Anonymous {
		return b
	}
	if d.version >= wire.VersionTLS12 {
		b = append(b, byte(d.scheme>>8), byte(d.scheme))
	}
	return vector(b, 64)
}

// finish plays the client's half and the request.
func (w *world) finish(ctx context.Context, s *simServer, h *transcript.Handshake, d deal, t *transcript.Transcript) {
	if d.version < wire.VersionTLS13 && (d.version < wire.VersionTLS10 || !computed12(d)) {
		t.Outcome.Kind, t.Outcome.Detail = transcript.Unfinished, "read and not completed here"
		return
	}
	given := h.Certificate != nil && len(h.Certificate.Chain) > 0
	for i := range t.CertificateRequests {
		t.CertificateRequests[i].Answered = given
	}
	refused := s.demand == demandRequired && !given
	if d.version < wire.VersionTLS13 {
		if refused {
			w.end(ctx, h, t, alerts(wire.AlertHandshakeFailure))
			return
		}
		if !w.wait(ctx, w.rtt) {
			t.Outcome.Kind = transcript.Aborted
			return
		}
		t.Finished = transcript.Yes
		t.Times.Handshake += w.rtt
	}
	t.Outcome.Reached = transcript.ReachedFinished
	if h.Depth < transcript.DepthRequest {
		return
	}
	if refused {
		w.end(ctx, h, t, alerts(wire.AlertCertificateRequired))
		t.Alerts[len(t.Alerts)-1].Phase = transcript.AfterFinished
		return
	}
	if !w.wait(ctx, w.rtt) {
		t.Outcome.Kind = transcript.Aborted
		return
	}
	proto := "HTTP/1.1"
	if d.alpn == "h2" {
		proto = "h2"
	}
	t.Response = &transcript.Response{Proto: proto, Status: 200, Header: http.Header{"Content-Length": {"2"}}, Body: []byte("ok"), GoAway: -1}
	t.Outcome.Reached = transcript.ReachedResponse
}

// computed12: what the engine completes of TLS 1.0 to 1.2.
func computed12(d deal) bool {
	switch d.info.Cipher {
	case wire.CipherAES, wire.CipherChaCha20, wire.CipherRC4, wire.Cipher3DES, wire.CipherDES, wire.CipherNull:
		return !d.info.Export && (d.group == 0 || engine.CanCompute(d.group))
	}
	return false
}
