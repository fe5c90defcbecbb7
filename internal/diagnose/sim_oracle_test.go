package diagnose

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// What the simulation writes down is what the engine writes down of a server
// that really shakes hands, as far as that server can be set up alike.
func TestSimulationIsTrue(t *testing.T) {
	defer fewerChecks(60)()
	keys := engine.NewKeys()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawServer(rt)
		s.follows, s.shares, s.deaf, s.curt = false, false, false, nil
		s.alpn, s.strict = rapid.SampledFrom([][]string{nil, {"h2"}, {"imap"}}).Draw(rt, "ALPN"), true
		s.groups = slices.DeleteFunc(s.groups, isBig) // the other server has none
		if slices.Contains(s.versions, wire.VersionTLS13) {
			s.groups = slices.DeleteFunc(s.groups, func(g wire.Group) bool { return !groupIn13(g) }) // it uses any in TLS 1.3
		}
		s.suites = slices.DeleteFunc(s.suites, func(x wire.CipherSuite) bool {
			i, _ := x.Info()
			return i.Cipher == wire.CipherCamellia || i.Cipher == wire.CipherARIA
		})
		s.schemes = slices.DeleteFunc(s.schemes, func(x wire.SignatureScheme) bool { return x == wire.SigRSAPKCS1SHA224 })
		if s.prime != 0 {
			s.prime = 2048 // its own is ffdhe2048, which it names where it can
			s.groups = slices.DeleteFunc(s.groups, func(g wire.Group) bool { return g >= wire.GroupFFDHE2048 })
		}
		if s.keys[0] == keyEd25519 && s.versions[0] < wire.VersionTLS12 {
			rt.Skip("the other server tries to sign with Ed25519 before TLS 1.2")
		}
		s.settle(rt)
		s.deaf = !slices.Contains(s.versions, wire.VersionTLS13) // as it is where there is no TLS 1.3

		hello := helloOf(rt, rapid.SampledFrom(simClients).Draw(rt, "client"))
		if f := fan(); rapid.Bool().Draw(rt, "of the fan") {
			hello = rapid.SampledFrom(f).Draw(rt, "hello").hello(simHost)
		}
		a := transcript.Attempt{Handshake: &transcript.Handshake{Hello: hello, Wait: 2 * time.Second}}
		w := one(s)
		w.rtt = 0
		a.Handshake.Address = netip.AddrPortFrom(nameOf1, 443)
		sim, err := w.Try(context.Background(), a)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		if got, want := gist(sim), gist(realOne(rt, keys, s, a.Handshake)); got != want {
			rt.Errorf("the simulation says %s\nthe engine %s", got, want)
		}
	})
}

// realOne holds the attempt with the engine against a server set up like s.
func realOne(t *rapid.T, keys *engine.Keys, s *simServer, h *transcript.Handshake) *transcript.Transcript {
	cfg := &oddtls.Config{
		Versions: s.versions, Suites: s.suites, Groups: append(s.groups[:len(s.groups):len(s.groups)], 0xfff), Schemes: s.schemes,
		Chain: simCerts().chains[s.keys[0]], Key: simCerts().signers[s.keys[0]], ALPN: s.alpn,
	}
	if s.prime == 0 {
		cfg.Suites = slices.DeleteFunc(slices.Clone(s.suites), func(x wire.CipherSuite) bool {
			i, _ := x.Info()
			return i.KeyExchange == wire.KXDHE || i.KeyExchange == wire.KXDHAnon
		})
	}
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := oddtls.Server(server, cfg)
		if err == nil {
			_, _ = io.Copy(io.Discard, c)
		}
		_ = server.SetDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, server)
		_ = server.Close()
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out := &transcript.Transcript{Attempt: transcript.Attempt{Handshake: h}}
	engine.Run(ctx, client, h, out, engine.Options{Keys: keys})
	<-done
	return out
}

// gist is what the diagnosis goes by.
func gist(t *transcript.Transcript) string {
	out := fmt.Sprintf("%s after %s", t.Outcome.Kind, t.Outcome.Reached)
	if t.Outcome.Alert != nil {
		out += " " + t.Outcome.Alert.Description.String()
	}
	if t.Retry != nil {
		ks, _ := t.Retry.KeyShare()
		out += fmt.Sprintf(", a retry for %s", ks.Group)
	}
	if t.Server != nil {
		out += fmt.Sprintf(", %s %s %s %s, ALPN %q, %d certificates", t.Version(), t.Server.CipherSuite, t.Group, t.Signature, t.ALPN(), len(t.Certificates))
		if t.KeyExchange != nil {
			out += fmt.Sprintf(", signed %v, prime of %d", t.KeyExchange.Signature != nil, t.KeyExchange.DHBits())
		}
		_, secure := t.Server.Extension(wire.ExtRenegotiationInfo)
		out += fmt.Sprintf(", renegotiation_info %v, sent %d bytes", secure, len(t.Hello))
	}
	return out
}
