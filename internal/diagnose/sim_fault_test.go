package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// goodServer answers every client of the last fifteen years.
func goodServer() *simServer {
	return &simServer{
		versions: []wire.Version{wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13},
		suites: []wire.CipherSuite{
			wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_128_CBC_SHA,
		},
		keys: []keyKind{keyP256, keyRSA}, groups: []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1},
		schemes: poolSchemes, alpn: []string{"h2", "http/1.1"}, prime: 2048,
	}
}

// oldServer stops at TLS 1.2.
func oldServer() *simServer {
	s := goodServer()
	s.versions = s.versions[:3]
	return s
}

// changed edits a good server.
func changed(edit func(*simServer)) *world {
	s := goodServer()
	edit(s)
	return one(s)
}

// fault is an endpoint with one thing wrong, and what has to be said of it.
type fault struct {
	name    string
	clients []string // nil: modern
	world   func() *world
	options func(*Options)
	want    cause.ID
	step    cause.Step
	// least is the least confidence; "": proved.
	least report.Confidence
	proof report.ProofKind // where it is proved
	warns bool             // the finding does not block
	// rounds bounds what the check takes, in round trips; 0: not bounded.
	rounds int
}

// recent offer TLS 1.3; hybrids also a post-quantum share.
var (
	recent  = []string{"modern", "chrome", "firefox", "safari", "openssl-3.0", "java-17", "go-1.26.8"}
	hybrids = []string{"chrome", "firefox", "safari", "go-1.26.8", "chrome-126"}
	nameOf1 = netip.MustParseAddr("192.0.2.1")
	nameOf2 = netip.MustParseAddr("192.0.2.2")
)

func byHandshake(f fault) fault   { f.proof = report.ByHandshake; return f }
func byVerify(f fault) fault      { f.proof = report.ByVerify; return f }
func byObservation(f fault) fault { f.proof = report.ByObservation; return f }

// interference are the faults that have nothing to do with lists in the hello.
func interference() []fault {
	var out []fault
	cuts := map[string]*fate{
		"alert": alerts(wire.AlertHandshakeFailure), "decode-error": alerts(wire.AlertDecodeError), "close": ends(transcript.Closed),
		"reset": ends(transcript.Reset), "silence": ends(transcript.Silent),
	}
	for how, f := range cuts {
		out = append(out, byHandshake(fault{
			name: "intolerant of TLS 1.3, by " + how, clients: recent, want: cause.VersionIntolerant, step: cause.StepVersion,
			world: func() *world {
				return one(oldServer(), breakOn(func(h *wire.ClientHello) bool { return h.OffersVersion(wire.VersionTLS13) }, f))
			},
		}))
		for _, ext := range []wire.ExtensionType{wire.ExtSessionTicket, wire.ExtStatusRequest} {
			out = append(out, byHandshake(fault{
				name: "intolerant of " + ext.String() + ", by " + how, clients: []string{"modern", "chrome", "firefox"},
				want: cause.VersionIntolerant, step: cause.StepVersion,
				world: func() *world {
					return one(goodServer(), breakOn(func(h *wire.ClientHello) bool { _, has := h.Extension(ext); return has }, f))
				},
			}))
		}
		out = append(out,
			byHandshake(fault{
				name: "intolerant of GREASE, by " + how, clients: []string{"chrome"}, want: cause.VersionIntolerant, step: cause.StepVersion,
				world: func() *world {
					return one(goodServer(), breakOn(func(h *wire.ClientHello) bool { return countGREASE(h) > 0 }, f))
				},
			}),
			byHandshake(fault{
				name: "intolerant of hybrid shares, by " + how, clients: hybrids, want: cause.VersionIntolerant, step: cause.StepVersion,
				world: func() *world {
					return one(goodServer(), breakOn(func(h *wire.ClientHello) bool { return slices.ContainsFunc(h.KeyShares(), bigShare) }, f))
				},
			}),
			byHandshake(fault{
				name: "large hellos dropped, by " + how, clients: hybrids, want: cause.LargeHelloDropped, step: cause.StepVersion,
				world: func() *world { return one(goodServer(), dropLarge(1400, f)) },
			}),
			byHandshake(fault{
				name: "name filtered in a segment, by " + how, want: cause.SNIFiltered, step: cause.StepVersion, clients: []string{"modern", "firefox"},
				world: func() *world { return one(goodServer(), filterName(simHost, "segment", f)) },
			}),
			byHandshake(fault{
				name: "name filtered in a record, by " + how, want: cause.SNIFiltered, step: cause.StepVersion,
				world: func() *world { return one(goodServer(), filterName(simHost, "record", f)) },
			}),
			fault{
				name: "name filtered in the stream, by " + how, want: cause.SNIFiltered, step: cause.StepVersion, least: report.Likely,
				world: func() *world { return one(goodServer(), filterName(simHost, "stream", f)) },
			},
			byHandshake(fault{
				name: "other names refused, by " + how, want: cause.UnrecognizedName, step: cause.StepCertificate,
				world: func() *world {
					return changed(func(s *simServer) { s.names, s.unknown = []string{"else.example"}, f })
				},
			}),
			byHandshake(fault{
				name: "a name required, by " + how, clients: []string{"nginx-proxy"}, want: cause.SNIRequired, step: cause.StepCertificate,
				world: func() *world { return changed(func(s *simServer) { s.nameless = f }) },
			}),
		)
	}
	return append(out,
		fault{name: "every hello reset", want: cause.ResetAfterHello, step: cause.StepVersion, proof: report.ByObservation, world: func() *world {
			return one(goodServer(), breakOn(func(*wire.ClientHello) bool { return true }, ends(transcript.Reset)))
		}},
		fault{name: "every hello closed", want: cause.ClosedAfterHello, step: cause.StepVersion, proof: report.ByObservation, world: func() *world {
			return one(goodServer(), breakOn(func(*wire.ClientHello) bool { return true }, ends(transcript.Closed)))
		}},
		fault{name: "every hello swallowed", want: cause.SilentAfterHello, step: cause.StepVersion, least: report.Likely, world: func() *world {
			return one(goodServer(), breakOn(func(*wire.ClientHello) bool { return true }, ends(transcript.Silent)))
		}},
		byObservation(fault{name: "SSH", want: cause.NotTLS, step: cause.StepVersion, world: func() *world {
			return one(goodServer(), breakOn(func(*wire.ClientHello) bool { return true }, &fate{kind: transcript.NotTLS, reply: []byte("SSH-2.0-OpenSSH_9.2\r\n")}))
		}}),
		byObservation(fault{name: "SMTP", want: cause.STARTTLSRequired, step: cause.StepVersion, world: func() *world {
			return one(goodServer(), breakOn(func(*wire.ClientHello) bool { return true }, &fate{kind: transcript.NotTLS, reply: []byte("220 mx ESMTP Postfix\r\n")}))
		}}),
	)
}

// endpoints are faults of reach, of several addresses and of time.
func endpoints() []fault {
	two := func(edit func(*simEnd)) func() *world {
		return func() *world {
			w := one(goodServer())
			w.names[simHost] = []netip.Addr{nameOf1, nameOf2}
			w.hosts[nameOf2] = &simEnd{server: goodServer()}
			edit(w.hosts[nameOf2])
			return w
		}
	}
	down := func(k transcript.Kind) func() *world {
		return func() *world {
			w := one(goodServer())
			w.hosts[nameOf1].down = ends(k)
			return w
		}
	}
	out := []fault{
		byObservation(fault{name: "nothing listens", want: cause.TCPRefused, step: cause.StepConnect, world: down(transcript.Refused)}),
		byObservation(fault{name: "unreachable", want: cause.TCPUnreachable, step: cause.StepConnect, world: down(transcript.Unreachable)}),
		{name: "no answer to the SYN", want: cause.TCPTimeout, step: cause.StepConnect, least: report.Likely, world: down(transcript.ConnectTimeout)},
		byObservation(fault{name: "no such name", want: cause.DNSFailure, step: cause.StepConnect, world: func() *world {
			w := one(goodServer())
			delete(w.names, simHost)
			return w
		}}),
		byObservation(fault{
			name: "the second address is TLS 1.0 alone", want: cause.InconsistentEndpoints, step: cause.StepConnect,
			world: two(func(e *simEnd) { e.server.versions = e.server.versions[:1] }),
		}),
		byObservation(fault{
			name: "the second address is closed", want: cause.InconsistentEndpoints, step: cause.StepConnect, warns: true,
			world: two(func(e *simEnd) { e.down = ends(transcript.Refused) }),
		}),
	}
	for how, f := range map[string]*fate{"a reset": ends(transcript.Reset), "a close": ends(transcript.Closed)} {
		for _, last := range []bool{false, true} {
			for _, every := range []int{2, 3} {
				out = append(out, byObservation(fault{
					name: fmt.Sprintf("every connection of %d gets %s, backwards %v", every, how, last), want: cause.InconsistentEndpoints, step: cause.StepConnect,
					world: func() *world {
						w := one(goodServer())
						e := w.hosts[nameOf1]
						e.every, e.flaky, e.last = every, f, last
						return w
					},
				}))
			}
		}
	}
	// The client's own connection is the first; of the others a limit turns away
	// some that had to succeed.
	for _, burst := range []int{1, 4} {
		out = append(out, fault{
			name: fmt.Sprintf("%d connections a second", burst), want: cause.RateLimited, step: cause.StepConnect, least: report.Likely, warns: true,
			world: func() *world {
				w := one(goodServer())
				e := w.hosts[nameOf1]
				e.burst, e.limited = burst, ends(transcript.Reset)
				return w
			},
		})
	}
	return out
}

// policies are faults that the client finds in an answer to its own hello.
func policies() []fault {
	v12 := func(s *simServer) { s.versions = []wire.Version{wire.VersionTLS12} }
	return []fault{
		byObservation(fault{name: "client certificates in TLS 1.3", want: cause.MTLSRequired, step: cause.StepKeys, clients: recent, world: func() *world {
			return changed(func(s *simServer) { s.demand = demandRequired })
		}}),
		byObservation(fault{name: "client certificates in TLS 1.2", want: cause.MTLSRequired, step: cause.StepKeys, clients: recent, world: func() *world {
			return changed(func(s *simServer) { v12(s); s.demand = demandRequired })
		}}),
		byVerify(fault{name: "no secure renegotiation", want: cause.LegacyRenegotiation, step: cause.StepKeys, clients: []string{"openssl-3.0", "curl-openssl"}, world: func() *world {
			return changed(func(s *simServer) { v12(s); s.noRenegotiationInfo = true })
		}}),
		byVerify(fault{name: "a prime of 1024 bits", want: cause.WeakDH, step: cause.StepKeys, clients: []string{"openssl-3.0"}, world: func() *world {
			return changed(func(s *simServer) {
				v12(s)
				s.suites, s.prime, s.keys = []wire.CipherSuite{wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256}, 1024, []keyKind{keyRSA}
			})
		}}),
		byHandshake(fault{name: "HTTP/2 over CBC", want: cause.HTTP2InadequateSecurity, step: cause.StepSecure, clients: []string{"chrome", "firefox"}, world: func() *world {
			return changed(func(s *simServer) { v12(s); s.suites = []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA} })
		}}),
		byVerify(fault{name: "an expired certificate", want: cause.Expired, step: cause.StepVerify, clients: recent, world: func() *world {
			return changed(func(s *simServer) { s.chain, s.keys = simCerts().expired, []keyKind{keyP256} })
		}}),
		{name: "the certificate of the default site", want: cause.WrongCertificate, step: cause.StepCertificate, least: report.Likely, clients: recent, world: func() *world {
			return changed(func(s *simServer) { s.names = []string{"else.example"} })
		}},
	}
}

// Each fault, by the clients that meet it.
func TestFaults(t *testing.T) {
	for _, f := range slices.Concat(interference(), endpoints(), policies(), negotiations()) {
		clients := f.clients
		if clients == nil {
			clients = []string{"modern"}
		}
		for i, id := range clients {
			t.Run(f.name+"/"+id, func(t *testing.T) {
				w := f.world()
				x := examine(t, w, profile(t, id), f.options)
				f.problems(t, w, x)
				if i == 0 {
					x.validate(t)
				}
				if t.Failed() {
					x.tell(t)
				}
			})
		}
	}
}

func (f fault) problems(t *testing.T, w *world, x examined) {
	t.Helper()
	x.sound(t, w)
	i := 0
	if f.warns {
		if root := x.Root(); root != nil {
			t.Errorf("%s blocks", root.Cause)
		}
		i = slices.IndexFunc(x.Findings, func(y report.Finding) bool { return y.Cause == f.want })
	}
	if i < 0 || len(x.Findings) == 0 {
		t.Fatalf("no finding %s", f.want)
	}
	got := x.Findings[i]
	if got.Cause != f.want || got.Blocking == f.warns {
		t.Fatalf("%s, blocking %v; want %s", got.Cause, got.Blocking, f.want)
	}
	if got.Step != f.step {
		t.Errorf("%s at step %s, want %s", got.Cause, got.Step, f.step)
	}
	if f.least == "" && got.Confidence != report.Proved {
		t.Errorf("%s is %s", got.Cause, got.Confidence)
	}
	if f.proof != "" && got.Proof != nil && got.Proof.Kind != f.proof {
		t.Errorf("%s is proved by %s, want %s", got.Cause, got.Proof.Kind, f.proof)
	}
	if n := x.roundTrips(w); f.rounds > 0 && n > f.rounds {
		t.Errorf("%d round trips, at most %d are allowed", n, f.rounds)
	}
}

// roundTrips is what the check took, without the look-up of the name.
func (x examined) roundTrips(w *world) int { return int(x.took/w.rtt) - 1 }
