package client

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// realServer is a server on loopback of which everything is known.
type realServer struct {
	oddtls.Config
	clientSuites bool // the client's order of suites decides
	clientGroups bool
	chachaFirst  bool
	shareFirst   bool
	// needsName gives hellos without server_name an alert.
	needsName bool
}

// keyKinds are keys of all kinds, made once.
var keyKinds = sync.OnceValue(func() map[string]crypto.Signer {
	out := map[string]crypto.Signer{}
	for name, bits := range map[string]int{"RSA 1024": 1024, "RSA 2048": 2048} {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		out[name] = k
	}
	for name, c := range map[string]elliptic.Curve{"ECDSA P-256": elliptic.P256(), "ECDSA P-384": elliptic.P384(), "ECDSA P-521": elliptic.P521()} {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			panic(err)
		}
		out[name] = k
	}
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	out["Ed25519"] = k
	return out
})

// withKey makes it one of a key of that kind.
func (s *realServer) withKey(t *testing.T, kind string) *realServer {
	t.Helper()
	s.Key = keyKinds()[kind]
	s.Chain = [][]byte{selfSigned(t, s.Key)}
	return s
}

// facts is what a perfect survey would find.
func (s *realServer) facts() *transcript.Facts {
	f := &transcript.Facts{
		Suites: map[string]transcript.SuiteFacts{}, GroupOrder: transcript.ServerOrder, SignatureOrder: transcript.ServerOrder,
		ShareFirst: transcript.TriOf(s.shareFirst), ALPN: s.ALPN, ALPNRefuses: transcript.TriOf(len(s.ALPN) > 0),
	}
	if s.clientGroups {
		f.GroupOrder = transcript.ClientOrder
	}
	f.GroupOrder12 = f.GroupOrder
	f.Versions = slices.Clone(s.Versions)
	slices.SortFunc(f.Versions, func(a, b wire.Version) int { return int(b) - int(a) })
	for _, v := range s.Versions {
		sf := transcript.SuiteFacts{Order: transcript.ServerOrder, Complete: true, ChaChaFirst: transcript.TriOf(s.chachaFirst)}
		if s.clientSuites {
			sf.Order = transcript.ClientOrder
		}
		for _, x := range s.Suites {
			i, ok := x.Info()
			if ok && i.SupportedIn(v) && (v >= wire.VersionTLS13) == (i.KeyExchange == wire.KXTLS13) && s.keyFits(i, v) {
				sf.List = append(sf.List, x)
			}
		}
		f.Suites[v.String()] = sf
	}
	groups := s.Groups
	if groups == nil {
		groups = []wire.Group{wire.GroupSecp256r1}
	}
	for _, g := range groups {
		f.Groups = append(f.Groups, transcript.GroupFact{Group: g, TLS13: transcript.Yes, TLS12: transcript.Yes})
	}
	for _, x := range s.Schemes {
		in13 := transcript.TriOf(allowedIn13(x))
		f.SignatureAlgorithms = append(f.SignatureAlgorithms, transcript.SchemeFact{Scheme: x, TLS13: in13, TLS12: transcript.Yes})
	}
	if s.DH.P != nil {
		f.DH = []transcript.DHFact{{Bits: s.DH.P.BitLen()}}
	} else if !slices.ContainsFunc(s.Groups, wire.Group.FiniteField) {
		f.DH = []transcript.DHFact{{Bits: 2048, Name: "ffdhe2048"}}
	}
	f.Served = []transcript.Served{{SHA256: "leaf", For: []transcript.Asked{transcript.ByName, transcript.ByNoName, transcript.ByOtherName}, Chain: s.Chain, Bytes: 1000}}
	yes := transcript.Yes
	f.Features = transcript.Features{
		OtherName: "same", NoName: "same", SecureRenegotiation: transcript.TriOf(!s.NoRenegotiationInfo),
		ExtendedMasterSecret: transcript.No, HelloRetry: yes, ClientCertificate: "none",
		Tolerates: transcript.Tolerance{GREASE: yes, UnknownExtension: yes, FutureVersion: yes, FutureLegacy: yes, RecordVersion: yes, Medium: yes, Large: yes, SplitRecords: yes, SplitSegments: yes, EmptyShares: yes, HybridShare: yes, NoExtensions: yes},
	}
	if s.needsName {
		f.Features.NoName = "alert 112 unrecognized_name"
	}
	return f
}

func (s *realServer) keyFits(i wire.SuiteInfo, v wire.Version) bool {
	_, isRSA := s.Key.(*rsa.PrivateKey)
	if _, edwards := s.Key.(ed25519.PrivateKey); edwards && v < wire.VersionTLS12 && !i.Anonymous {
		return false // its signature has no place there
	}
	switch i.Authentication {
	case wire.AuthRSA:
		return isRSA
	case wire.AuthECDSA:
		return !isRSA
	}
	return true
}

// tailored is the configuration as it acts on one hello.
func (s *realServer) tailored(h *wire.ClientHello) *oddtls.Config {
	cfg := s.Config
	if s.clientSuites {
		cfg.Suites = ordered(cfg.Suites, h.CipherSuites)
	}
	if s.clientGroups {
		cfg.Groups = ordered(cfg.Groups, h.SupportedGroups())
	}
	if s.shareFirst {
		var held []wire.Group
		for _, g := range cfg.Groups {
			if slices.ContainsFunc(h.KeyShares(), func(k wire.KeyShare) bool { return k.Group == g }) && slices.Contains(cfg.Versions, wire.VersionTLS13) && h.OffersVersion(wire.VersionTLS13) {
				held = append(held, g)
			}
		}
		cfg.Groups = ordered(cfg.Groups, held)
	}
	if s.chachaFirst {
		var known []wire.CipherSuite // CECPQ1 was never in any server but Google's
		for _, x := range h.CipherSuites {
			if i, ok := x.Info(); ok && i.KeyExchange != wire.KXCECPQ1 {
				known = append(known, x)
			}
		}
		if i, _ := known[0].Info(); i.Cipher == wire.CipherChaCha20 {
			var first []wire.CipherSuite
			for _, x := range cfg.Suites {
				if i, _ := x.Info(); i.Cipher == wire.CipherChaCha20 {
					first = append(first, x)
				}
			}
			cfg.Suites = ordered(cfg.Suites, first)
		}
	}
	return &cfg
}

// ordered puts what stands in by first, in its order.
func ordered[T comparable](list, by []T) []T {
	var out []T
	for _, x := range by {
		if slices.Contains(list, x) && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	for _, x := range list {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// start serves until stop is called.
func (s *realServer) start(t interface{ Fatal(...any) }) (addr string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				s.serve(c)
			}()
		}
	}()
	return l.Addr().String(), func() { _ = l.Close() }
}

func (s *realServer) serve(c net.Conn) {
	h, seen, err := peek(c)
	if err != nil {
		return
	}
	if s.needsName && h.ServerName() == "" {
		_, _ = c.Write([]byte{21, 3, 1, 0, 2, 2, byte(wire.AlertUnrecognizedName)})
		_, _ = io.Copy(io.Discard, c)
		return
	}
	_, _ = oddtls.Server(replayed{c, io.MultiReader(bytes.NewReader(seen), c)}, s.tailored(h))
	_, _ = io.Copy(io.Discard, c) // until the client has read the alert, if there is one
}

type replayed struct {
	net.Conn
	r io.Reader
}

func (r replayed) Read(b []byte) (int, error) { return r.r.Read(b) }

// peek reads a hello and keeps its bytes.
func peek(c net.Conn) (*wire.ClientHello, []byte, error) {
	var seen, msg []byte
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return nil, nil, err
		}
		seen = append(seen, buf[:n]...)
		msg = msg[:0]
		for rest := seen; ; {
			rec, next, err := wire.ParseRecord(rest)
			if errors.Is(err, wire.ErrNeedMore) {
				break
			}
			if err != nil {
				return nil, nil, err
			}
			msg, rest = append(msg, rec.Payload...), next
		}
		if len(msg) >= 4 && len(msg)-4 >= int(msg[1])<<16|int(msg[2])<<8|int(msg[3]) {
			h, err := wire.ParseClientHello(msg[4:])
			return h, seen, err
		}
	}
}

// oneAttempt are all clients as meet plays them: those that try again with an older
// version do not.
func oneAttempt() []*Profile {
	all := All()
	for _, p := range all {
		p.Policy.FallsBack = nil
	}
	return all
}

// meet plays the client against a server up to the end of its first flight.
func meet(t interface{ Fatal(...any) }, p *Profile, addr string, http bool) *transcript.Transcript {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	h := &transcript.Handshake{
		Address: netip.MustParseAddrPort(addr), Host: "www.example.org",
		Hello: p.BuildHello(HelloOptions{ServerName: "www.example.org", HTTP: http}), Depth: transcript.DepthFlight,
		RecordVersion: p.RecordVersion,
	}
	tr := &transcript.Transcript{Attempt: transcript.Attempt{Handshake: h}}
	engine.Run(ctx, nc, h, tr, engine.Options{})
	return tr
}
