package survey

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

var errNoBudget = errors.New("the budget of connections is used up")

// hostile answers attempts without a network. Most answers are what a server
// might say, with choices that are drawn; some are anything of the right type.
type hostile struct {
	seed   []byte
	budget int
	leaves [][]byte

	mu       sync.Mutex
	attempts int // handshakes that were tried, the budget not being used up
}

// draw makes an attempt's own dice: of the seed, what was asked, and how many
// attempts there were.
func (h *hostile) draw(purpose string, n int) *rand.Rand {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %s %d", h.seed, purpose, n))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
}

// trait is a constant of the server, from 0 to 255.
func (h *hostile) trait(i int) int {
	if i < len(h.seed) {
		return int(h.seed[i])
	}
	return 0
}

func (h *hostile) Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a.Lookup != nil {
		return h.look(ctx, a)
	}
	h.mu.Lock()
	if h.attempts >= h.budget {
		h.mu.Unlock()
		return nil, errNoBudget
	}
	h.attempts++
	n := h.attempts
	h.mu.Unlock()
	r := h.draw(a.Purpose, n)
	t := &transcript.Transcript{Attempt: a, Start: time.Now()}
	took := time.Duration(h.trait(0)) * time.Millisecond
	if r.IntN(256) < h.trait(1)/8 {
		took = time.Duration(r.IntN(20000)) * time.Millisecond
	}
	select {
	case <-time.After(took):
	case <-ctx.Done():
		t.Outcome.Kind = transcript.Aborted
		return t, nil
	}
	if r.IntN(4) > 0 {
		t.Times.Connect, t.Times.FirstByte = took/2, took/2
	}
	h.answer(r, t)
	if r.IntN(256) < h.trait(2) {
		h.garble(r, t)
	}
	return t, nil
}

func (h *hostile) look(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	r := h.draw(a.Lookup.Type+a.Lookup.Name, 0)
	t := &transcript.Transcript{Attempt: a}
	if a.Lookup.Type == "ADDR" {
		t.Found = &transcript.Found{Code: "NOERROR"}
		for i := range h.trait(3) % 4 {
			t.Found.Addresses = append(t.Found.Addresses, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
		}
		return t, nil
	}
	switch r.IntN(6) {
	case 0:
		return nil, errNoBudget
	case 1: // no answer at all
	case 2:
		t.Found = &transcript.Found{Code: "SERVFAIL"}
	case 3:
		t.Found = &transcript.Found{Code: "NXDOMAIN"}
	default:
		t.Found = &transcript.Found{Code: "NOERROR", Records: []string{"0 issue \"x\"", "3 1 1 00", "", "1 . alpn=h2", "\xff"}}
	}
	return t, nil
}

// answer is what a server may say to the hello, whose versions are a trait.
func (h *hostile) answer(r *rand.Rand, t *transcript.Transcript) {
	a := t.Attempt.Handshake
	t.Hello, t.Outcome = []byte{1}, transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedFlight}
	refuse := func() {
		t.Outcome = transcript.Outcome{Kind: transcript.AlertReceived, Reached: transcript.ReachedStartTLS, Alert: &wire.Alert{Level: 2, Description: wire.AlertHandshakeFailure}}
	}
	knows := func(v wire.Version) bool { return h.trait(4)&(1<<(v&7)) != 0 }
	if a.Hello == nil {
		if a.SSL2 != nil && h.trait(4)&0x80 != 0 {
			t.ServerSSL2 = &wire.SSL2ServerHello{Version: wire.VersionSSL20, Ciphers: a.SSL2.Ciphers, Certificate: h.leaves[0]}
			return
		}
		refuse()
		return
	}
	v := a.Hello.LegacyVersion
	for _, x := range a.Hello.SupportedVersions() {
		if x == wire.VersionTLS13 && knows(x) {
			v = x
		}
	}
	for !knows(v) {
		if v--; v < wire.VersionSSL30 {
			refuse()
			return
		}
	}
	var suites []wire.CipherSuite
	for _, x := range a.Hello.CipherSuites {
		i, ok := x.Info()
		if ok && (i.KeyExchange == wire.KXTLS13) == (v == wire.VersionTLS13) && i.MinVersion <= v && (int(x)*7+h.trait(5))%16 < 1+h.trait(6)%16 {
			suites = append(suites, x)
		}
	}
	if len(suites) == 0 {
		refuse()
		return
	}
	sh := &wire.ServerHello{LegacyVersion: min(v, wire.VersionTLS12), CipherSuite: suites[0]}
	switch h.trait(7) % 4 {
	case 0:
		sh.CipherSuite = slices.Min(suites)
	case 1:
		sh.CipherSuite = suites[r.IntN(len(suites))]
	}
	if v < wire.VersionTLS13 {
		copy(sh.Random[24:], "DOWNGRD\x01"[:r.IntN(2)*8])
		for _, e := range a.Hello.Extensions {
			if r.IntN(2) == 0 {
				sh.Extensions = append(sh.Extensions, wire.Extension{Type: e.Type, Data: e.Data})
			}
		}
		sh.SessionID = bytes.Repeat([]byte{7}, r.IntN(33))
		if i, _ := sh.CipherSuite.Info(); i.KeyExchange == wire.KXECDHE || i.KeyExchange == wire.KXDHE {
			k := &wire.ServerKeyExchange{P: []byte{0x7f, byte(r.IntN(256)) | 1}, G: []byte{2}, Y: []byte{byte(r.IntN(8))}}
			if g := a.Hello.SupportedGroups(); i.KeyExchange == wire.KXECDHE && len(g) > 0 {
				k = &wire.ServerKeyExchange{Group: g[r.IntN(len(g))]}
				t.Group = k.Group
			}
			if s := a.Hello.SignatureAlgorithms(); len(s) > 0 {
				k.Scheme = s[r.IntN(len(s))]
				t.Signature = k.Scheme
			}
			t.KeyExchange = k
		}
	} else {
		sh.Extensions = []wire.Extension{wire.SupportedVersionsExt(v)}
		sh.Extensions[0].Data = []byte{3, 4}
		share := func(to *wire.ServerHello, tail ...byte) {
			if g := a.Hello.SupportedGroups(); len(g) > 0 {
				x := g[r.IntN(len(g))]
				to.Extensions = append(to.Extensions, wire.Extension{Type: wire.ExtKeyShare, Data: append([]byte{byte(x >> 8), byte(x)}, tail...)})
			}
		}
		if len(a.Hello.KeyShares()) == 0 || r.IntN(4) == 0 {
			retry := *sh
			retry.Extensions = slices.Clone(sh.Extensions)
			retry.SetHelloRetryRequest()
			share(&retry)
			t.Retry = &retry
			if a.HelloOnly {
				t.Outcome.Reached = transcript.ReachedRetry
				return
			}
		}
		share(sh, 0, 1, 9)
		t.Encrypted = &wire.EncryptedExtensions{Extensions: []wire.Extension{wire.ALPNExt("h2"), {Type: wire.ExtRecordSizeLimit, Data: []byte{0x40, 1}}}}
		if s := a.Hello.SignatureAlgorithms(); len(s) > 0 {
			t.Signature = s[r.IntN(len(s))]
		}
		t.CertificateCompression = wire.CertCompression(r.IntN(4))
	}
	t.Server = sh
	if a.HelloOnly {
		t.Outcome.Reached = transcript.ReachedHello
		return
	}
	t.Certificates = [][]byte{h.leaves[r.IntN(len(h.leaves))]}
	if h.trait(8)&1 != 0 {
		t.CertificateRequests = []transcript.CertificateRequest{{Request: &wire.CertificateRequest{Authorities: [][]byte{{0x30, 0}, {9}}}}}
	}
	if a.Depth == transcript.DepthFlight {
		return
	}
	t.Outcome.Reached, t.Tickets = transcript.ReachedFinished, r.IntN(3)
	for range r.IntN(3) {
		t.Sessions = append(t.Sessions, &transcript.Session{Version: v, Ticket: []byte{1}, MaxEarlyData: uint32(r.IntN(2))})
	}
	if a.Resume != nil {
		t.Resumed = transcript.Tri(r.IntN(3))
	}
	if a.Depth == transcript.DepthRequest && h.trait(8)&2 != 0 {
		t.Outcome.Reached = transcript.ReachedResponse
		t.Response = &transcript.Response{Proto: "HTTP/1.1", Status: r.IntN(600), Header: http.Header{"Strict-Transport-Security": {"max-age=1; x"}, "Server": {"nginx\x00\xff"}}}
	}
}

var kinds = []transcript.Kind{
	transcript.Complete, transcript.Refused, transcript.Unreachable, transcript.NoRoute, transcript.ConnectTimeout, transcript.ProxyFailed,
	transcript.StartTLSFailed, transcript.AlertReceived, transcript.Reset, transcript.Closed, transcript.Silent, transcript.NotTLS,
	transcript.Malformed, transcript.Unfinished, transcript.Aborted, transcript.LocalError, "",
}

// garble puts something of the right type in place of what belongs there.
func (h *hostile) garble(r *rand.Rand, t *transcript.Transcript) {
	for range 1 + r.IntN(3) {
		switch r.IntN(18) {
		case 0:
			t.Outcome.Kind = kinds[r.IntN(len(kinds))]
		case 1:
			t.Outcome.Reached = transcript.Milestone(r.IntN(10))
		case 2:
			*t = transcript.Transcript{Attempt: t.Attempt, Outcome: transcript.Outcome{Kind: kinds[r.IntN(len(kinds))]}}
		case 3:
			t.Outcome = transcript.Outcome{Kind: transcript.AlertReceived, Alert: &wire.Alert{Level: 2, Description: wire.AlertDescription(r.IntN(256))}}
		case 4:
			t.Server = nil
		case 5:
			t.Server = &wire.ServerHello{LegacyVersion: wire.Version(r.IntN(1 << 16)), CipherSuite: wire.CipherSuite(r.IntN(1 << 16))}
		case 6:
			t.Retry = &wire.ServerHello{LegacyVersion: wire.VersionTLS12, CipherSuite: wire.CipherSuite(r.IntN(1 << 16)), Extensions: []wire.Extension{
				{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}, {Type: wire.ExtKeyShare, Data: []byte{byte(r.IntN(256)), byte(r.IntN(256))}},
			}}
		case 7:
			t.Certificates = [][]byte{{}}
		case 8:
			t.Certificates = [][]byte{{0x30, 0x80, byte(r.IntN(256))}, nil}
		case 9:
			t.Certificates = nil
		case 10:
			for range 200 {
				t.Certificates = append(t.Certificates, h.leaves[r.IntN(len(h.leaves))])
			}
		case 11:
			t.Encrypted, t.KeyExchange, t.Response, t.Sessions = nil, nil, nil, nil
		case 12:
			t.KeyExchange = &wire.ServerKeyExchange{P: bytes.Repeat([]byte{0xff}, r.IntN(300)), Group: wire.Group(r.IntN(1 << 16)), Scheme: wire.SignatureScheme(r.IntN(1 << 16))}
		case 13:
			t.ServerSSL2, t.Server = &wire.SSL2ServerHello{Version: wire.VersionSSL20, Ciphers: []wire.SSL2Cipher{wire.SSL2Cipher(r.IntN(1 << 24))}}, nil
		case 14:
			t.OCSP, t.SCTs = bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(50)), bytes.Repeat([]byte{byte(r.IntN(3))}, r.IntN(50))
		case 15:
			t.CertificateRequests = []transcript.CertificateRequest{{}}
		case 16:
			t.Response = &transcript.Response{Header: nil, Status: r.IntN(1000) - 200, Proto: "\xff"}
		case 17:
			t.Outcome.Detail = "\xff\x00" + strings.Repeat("?", r.IntN(100))
		}
	}
}

// surveySchema is the published one.
var surveySchema = sync.OnceValue(func() *jsonschema.Schema {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	var id string
	for _, name := range []string{"report", "survey"} {
		text, err := os.ReadFile("../../schema/" + name + ".schema.json")
		if err != nil {
			panic(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			panic(err)
		}
		id = doc.(map[string]any)["$id"].(string)
		if err := c.AddResource(id, doc); err != nil {
			panic(err)
		}
	}
	return c.MustCompile(id)
})

// validDocument marshals a survey as the façade does and holds it against the
// schema.
func validDocument(t *testing.T, d *Survey) {
	t.Helper()
	d.FillLists()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatalf("it cannot be written: %v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("what is written cannot be read: %v", err)
	}
	if err := surveySchema().Validate(doc); err != nil {
		t.Errorf("%v", err)
	}
}

// Whatever is answered, a survey ends within its budget and an hour of a slow
// server's time, leaves nothing running, and is a valid document. What it all
// means takes too long for go test to fuzz it; each number here is a server.
func TestHostileServers(t *testing.T) {
	surveySchema()
	leaves := [][]byte{ecdsaIdentity().der, rsaIdentity().der}
	seeds := []string{
		"",
		"\x05\x00\x00\x01\x1f\x03\x07\x00\x02",
		"\x05\x00\x10\x01\x1f\x03\x07\x01\x03",
		"\x05\x40\x40\x02\x0e\x01\x0f\x02\x00",
		"\xff\xff\xff\x03\xff\xff\xff\xff\xff",
		"\x00\x00\x20\x01\x98\x00\x0f\x03\x02",
		"\x14\x08\x08\x03\x1c\x00\x04\x00\x03again",
	}
	for i := range uint64(12) {
		rng := rand.New(rand.NewPCG(i, 6797)) // the same each time
		seed := []byte(seeds[int(i)%len(seeds)])
		for range rng.IntN(64) {
			seed = append(seed, byte(rng.Uint32()))
		}
		how, budget := uint8(rng.Uint32()), rng.IntN(400)
		if int(i) < len(seeds) {
			how, budget = 0, 300
		}
		t.Run(strconv.FormatUint(i, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runHostile(t, &hostile{seed: seed, budget: budget, leaves: leaves}, how) })
		})
	}
}

func runHostile(t *testing.T, h *hostile, how uint8) {
	input := []string{"name.example", "192.0.2.1:8443", "smtp://mail.example", "xn--bcher-kva.example:465"}[how&3]
	target, err := report.ParseTarget(input)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	o := Options{Gentle: how&4 != 0, NoSNI: how&8 != 0, Progress: func(int, string) { calls++ }}
	if how&16 != 0 {
		o.Connect = "192.0.2.9"
	}
	if how&32 != 0 {
		o.Concurrency = 1 + int(how>>6)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Hour)
	defer cancel()
	d, err := Run(ctx, h, target, o)
	if err != nil {
		t.Fatalf("after %d attempts: %v", h.attempts, err)
	}
	if d.Connections != h.attempts || calls != d.Connections {
		t.Errorf("%d connections, %d reported while it went, %d attempts", d.Connections, calls, h.attempts)
	}
	validDocument(t, d)
	synctest.Wait()
}

// noAddress refuses connections to the first addresses of a name.
type noAddress struct {
	hostile
	dead int
}

func (n *noAddress) Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	if a.Handshake != nil {
		if ip := a.Handshake.Address.Addr().As4(); int(ip[3]) < n.dead {
			return &transcript.Transcript{Attempt: a, Outcome: transcript.Outcome{Kind: transcript.Refused}}, nil
		}
	}
	return n.hostile.Try(ctx, a)
}

// The next address is asked where one takes no connections, as if it were the
// first.
func TestNextAddress(t *testing.T) {
	leaves := [][]byte{ecdsaIdentity().der}
	synctest.Test(t, func(t *testing.T) {
		h := &noAddress{hostile{seed: []byte("\x05\x00\x00\x03\x18\x03\x00\x00\x02"), budget: 900, leaves: leaves}, 2}
		target, err := report.ParseTarget("name.example")
		if err != nil {
			t.Fatal(err)
		}
		d, err := Run(t.Context(), h, target, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(d.Versions, wire.VersionTLS12) || d.Target.Address != "192.0.2.2" || d.Gentle {
			t.Errorf("versions %v of %s, gentle %t, notes %q", d.Versions, d.Target.Address, d.Gentle, d.Notes)
		}
		var outcomes []string
		for _, a := range d.Addresses {
			outcomes = append(outcomes, a.Outcome)
		}
		if want := []string{"refused", "refused", "asked"}; !slices.Equal(outcomes, want) {
			t.Errorf("addresses: %q", outcomes)
		}
		if !d.Complete {
			t.Errorf("not complete: %q", d.Notes)
		}
	})
}

// narrow refuses what comes while it has as many connections as it takes, at
// once: before the others are answered.
type narrow struct {
	hostile
	room int
	now  atomic.Int64
}

func (n *narrow) Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	if a.Handshake == nil {
		return n.hostile.Try(ctx, a)
	}
	defer n.now.Add(-1)
	if n.now.Add(1) > int64(n.room) {
		time.Sleep(time.Millisecond)
		return &transcript.Transcript{Attempt: a, Outcome: transcript.Outcome{Kind: transcript.StartTLSFailed, Reached: transcript.ReachedConnected}}, nil
	}
	time.Sleep(10 * time.Millisecond)
	return n.hostile.Try(ctx, a)
}

// A mail server that takes few connections of one client refuses the others
// before it answers the first: that is no reason to give it up.
func TestRefusedBesideOthers(t *testing.T) {
	leaves := [][]byte{ecdsaIdentity().der}
	synctest.Test(t, func(t *testing.T) {
		for _, room := range []int{1, 3, 6} {
			h := &narrow{hostile: hostile{seed: []byte("\x05\x00\x00\x01\x18\x03\x00\x00\x02"), budget: 900, leaves: leaves}, room: room}
			target, err := report.ParseTarget("smtp://mail.example")
			if err != nil {
				t.Fatal(err)
			}
			d, err := Run(t.Context(), h, target, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(d.Versions, wire.VersionTLS12) || !d.Complete || !d.Gentle {
				t.Errorf("room for %d: versions %v, complete %t, gentle %t, notes %q", room, d.Versions, d.Complete, d.Gentle, d.Notes)
			}
		}
	})
}

// What an answer says of client certificates, names and protocols, and what it
// leaves open.
func TestWhatIsLeftOpen(t *testing.T) {
	request := []transcript.CertificateRequest{{Request: &wire.CertificateRequest{}}}
	for name, x := range map[string]struct {
		t    transcript.Transcript
		want bool
	}{
		"an alert instead of a page":  {transcript.Transcript{Outcome: transcript.Outcome{Kind: transcript.AlertReceived, Reached: transcript.ReachedFinished}, CertificateRequests: request}, true},
		"nobody asked":                {transcript.Transcript{Outcome: transcript.Outcome{Kind: transcript.AlertReceived, Reached: transcript.ReachedFinished}}, false},
		"a slow page":                 {transcript.Transcript{Outcome: transcript.Outcome{Kind: transcript.Silent, Reached: transcript.ReachedFinished}, CertificateRequests: request}, false},
		"before the flight was there": {transcript.Transcript{Outcome: transcript.Outcome{Kind: transcript.Reset, Reached: transcript.ReachedHello}, CertificateRequests: request}, false},
		"a page":                      {transcript.Transcript{Outcome: transcript.Outcome{Reached: transcript.ReachedResponse}, CertificateRequests: request, Response: &transcript.Response{Proto: "HTTP/1.1", Status: 200}}, false},
		"nginx's page":                {transcript.Transcript{Outcome: transcript.Outcome{Reached: transcript.ReachedResponse}, CertificateRequests: request, Response: &transcript.Response{Proto: "HTTP/1.1", Status: 400, Body: []byte("No required SSL certificate was sent")}}, true},
	} {
		if got := insists(&x.t); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	s := &session{served: []*transcript.Served{{SHA256: "aa", For: []transcript.Asked{transcript.ByName}}}}
	for want, x := range map[string]*transcript.Transcript{
		"":      nil,
		"other": {Certificates: [][]byte{{1}}, Outcome: transcript.Outcome{Kind: transcript.Complete}},
		"reset": {Server: &wire.ServerHello{}, Outcome: transcript.Outcome{Kind: transcript.Reset, Reached: transcript.ReachedHello}},
		"alert 112 unrecognized_name": {
			Server:  &wire.ServerHello{},
			Outcome: transcript.Outcome{Kind: transcript.AlertReceived, Alert: &wire.Alert{Description: wire.AlertUnrecognizedName}},
		},
	} {
		if got := s.comparedWith(x); got != want {
			t.Errorf("compared: %q, want %q", got, want)
		}
	}
	for _, x := range []struct {
		seen []bool
		want transcript.Tri
	}{{nil, transcript.Unknown}, {[]bool{true, true}, transcript.Yes}, {[]bool{false, false}, transcript.No}, {[]bool{true, false, true}, transcript.Unknown}} {
		s := &session{suites: map[wire.Version]suiteResult{wire.VersionTLS13: {choice: choice[wire.CipherSuite]{accepted: usual13}}}, sentinels: x.seen}
		s.gatherFeatures()
		if got := s.facts.Features.DowngradeSentinel; got != x.want {
			t.Errorf("sentinels %t: %s", x.seen, got)
		}
	}
}

// The signal of RFC 7507 is heeded, ignored, or nothing is known of it.
func TestFallbackFact(t *testing.T) {
	alert := func(d wire.AlertDescription) *transcript.Transcript {
		return &transcript.Transcript{Outcome: transcript.Outcome{Kind: transcript.AlertReceived, Alert: &wire.Alert{Level: 2, Description: d}}}
	}
	answered := &transcript.Transcript{Server: &wire.ServerHello{LegacyVersion: wire.VersionTLS10}}
	for name, x := range map[string]struct {
		versions []wire.Version
		to       wire.Version
		got      *transcript.Transcript
		want     transcript.Tri
	}{
		"heeded":           {[]wire.Version{wire.VersionTLS13, wire.VersionTLS12}, wire.VersionTLS12, alert(wire.AlertInappropriateFallback), transcript.Yes},
		"ignored":          {[]wire.Version{wire.VersionTLS12, wire.VersionTLS11}, wire.VersionTLS11, answered, transcript.No},
		"TLS 1.1 left out": {[]wire.Version{wire.VersionTLS12, wire.VersionTLS10}, wire.VersionTLS11, answered, transcript.No},
		"other alert":      {[]wire.Version{wire.VersionTLS13, wire.VersionTLS12}, wire.VersionTLS12, alert(wire.AlertHandshakeFailure), transcript.Unknown},
		"a single version": {[]wire.Version{wire.VersionTLS12}, wire.VersionTLS11, alert(wire.AlertProtocolVersion), transcript.Unknown},
		"nothing newer":    {[]wire.Version{wire.VersionTLS11, wire.VersionTLS10}, wire.VersionTLS11, answered, transcript.Unknown},
		"no answer":        {[]wire.Version{wire.VersionTLS12, wire.VersionTLS11}, wire.VersionTLS11, nil, transcript.Unknown},
	} {
		s := &session{fellBack: x.got, fellBackTo: x.to, facts: transcript.Facts{Versions: x.versions}}
		s.gatherFeatures()
		if got := s.facts.Features.FallbackSCSV; got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}
