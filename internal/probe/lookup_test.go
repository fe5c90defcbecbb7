package probe_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// dnsServer answers from a small zone, over UDP and TCP.
func dnsServer(t testing.TB) string {
	t.Helper()
	zone := map[string][]string{
		"www.example.test.":  {"www.example.test. 60 IN CNAME web.example.test.", "web.example.test. 60 IN A 192.0.2.1", "web.example.test. 60 IN AAAA 2001:db8::1"},
		"four.example.test.": {"four.example.test. 60 IN A 192.0.2.4"},
		"example.test.": {
			`example.test. 60 IN CAA 0 issue "ca.example.test"`, "example.test. 60 IN MX 10 mx.example.test.",
			`example.test. 60 IN HTTPS 1 . alpn="h2,h3"`,
		},
		"_443._tcp.example.test.": {"_443._tcp.example.test. 60 IN TLSA 3 1 1 " + strings.Repeat("ab", 32)},
		"empty.example.test.":     {},
	}
	var big []string
	for range 60 {
		big = append(big, `big.example.test. 60 IN TXT "`+strings.Repeat("x", 100)+`"`)
	}
	zone["big.example.test."] = big
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		name := q.Question[0].Name
		rrs, ok := zone[name]
		switch {
		case name == "broken.example.test.":
			m.Rcode = dns.RcodeServerFailure
		case name == "refused.example.test.":
			m.Rcode = dns.RcodeRefused
		case name == "half.example.test." && q.Question[0].Qtype == dns.TypeAAAA:
			m.Rcode = dns.RcodeServerFailure
		case name == "half.example.test.":
			rrs = []string{"half.example.test. 60 IN A 192.0.2.5"}
		case name == "slow.example.test.":
			return
		case !ok:
			m.Rcode = dns.RcodeNameError
		}
		for _, s := range rrs {
			rr, err := dns.NewRR(s)
			if err != nil {
				panic(err)
			}
			if h := rr.Header(); h.Rrtype == q.Question[0].Qtype || h.Rrtype == dns.TypeCNAME {
				m.Answer = append(m.Answer, rr)
			}
		}
		if w.LocalAddr().Network() == "udp" {
			m.Truncate(1232)
		}
		_ = w.WriteMsg(m)
	})
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", pc.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{PacketConn: pc, Handler: handler}, {Listener: l, Handler: handler}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		done := make(chan struct{})
		go func() { defer close(done); _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown(); <-done })
	}
	return pc.LocalAddr().String()
}

func TestLookup(t *testing.T) {
	p := probe.New(probe.Options{Resolver: dnsServer(t), Timeout: 700 * time.Millisecond})
	for _, tc := range []struct{ name, kind, code, want string }{
		{"www.example.test", "ADDR", "NOERROR", "192.0.2.1 2001:db8::1"},
		{"four.example.test", "ADDR", "NOERROR", "192.0.2.4"},
		{"half.example.test", "ADDR", "NOERROR", "192.0.2.5"},
		{"empty.example.test", "ADDR", "NOERROR", ""},
		{"nothing.example.test", "ADDR", "NXDOMAIN", ""},
		{"broken.example.test", "ADDR", "SERVFAIL", ""},
		{"refused.example.test", "ADDR", "REFUSED", ""},
		{"slow.example.test", "ADDR", "TIMEOUT", ""},
		{"192.0.2.9", "ADDR", "NOERROR", "192.0.2.9"},
		{"2001:db8::9", "ADDR", "NOERROR", "2001:db8::9"},
		{"example.test", "CAA", "NOERROR", `0 issue "ca.example.test"`},
		{"example.test", "MX", "NOERROR", "10 mx.example.test."},
		{"example.test", "HTTPS", "NOERROR", `1 . alpn="h2,h3"`},
		{"_443._tcp.example.test", "TLSA", "NOERROR", "3 1 1 " + strings.Repeat("ab", 32)},
		{"nothing.example.test", "CAA", "NXDOMAIN", ""},
	} {
		tr, err := p.Try(t.Context(), transcript.Attempt{Lookup: &transcript.Lookup{Name: tc.name, Type: tc.kind}})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(tr.Found.Records, " ")
		if tc.kind == "ADDR" {
			var as []string
			for _, a := range tr.Found.Addresses {
				as = append(as, a.String())
			}
			got = strings.Join(as, " ")
		}
		if tr.Found.Code != tc.code || got != tc.want {
			t.Errorf("%s %s: %+v", tc.name, tc.kind, tr.Found)
		}
		if (tr.Found.Error == "") != (tc.code == "NOERROR" && tc.want != "" && tc.name != "half.example.test") {
			t.Errorf("%s %s: error %q", tc.name, tc.kind, tr.Found.Error)
		}
	}
	tr, err := p.Try(t.Context(), transcript.Attempt{Lookup: &transcript.Lookup{Name: "big.example.test", Type: "TXT"}})
	if err != nil || len(tr.Found.Records) != 60 {
		t.Errorf("an answer that needs TCP: %v %+v", err, tr.Found)
	}
	if _, err := p.Try(t.Context(), transcript.Attempt{Lookup: &transcript.Lookup{Name: "x", Type: "NOPE"}}); err == nil {
		t.Error("an unknown type")
	}
}

func TestLookupOfTheSystem(t *testing.T) {
	p := probe.New(probe.Options{})
	tr, err := p.Try(t.Context(), transcript.Attempt{Lookup: &transcript.Lookup{Name: "localhost", Type: "ADDR"}})
	if err != nil || tr.Found.Code != "NOERROR" || len(tr.Found.Addresses) == 0 || !tr.Found.Addresses[0].IsLoopback() {
		t.Errorf("%v %+v", err, tr.Found)
	}
}

func TestFetch(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/cert", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/pkix-cert")
		_, _ = w.Write([]byte(r.Method + " " + r.Header.Get("Content-Type")))
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 5000)) })
	mux.Handle("/moved", http.RedirectHandler("/cert", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/file", http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	p := probe.New(probe.Options{})
	for _, tc := range []struct {
		path, body, fail string
		status           int
	}{
		{"/cert", "GET ", "", 200},
		{"/moved", "GET ", "", 200},
		{"/nothing", "404 page not found\n", "", 404},
		{"/big", "", "longer than 4096 bytes", 200},
		{"/loop", "", "too many redirects", 0},
		{"/file", "", "file", 0},
		{"/cut", "", "EOF", 0},
	} {
		tr, err := p.Try(t.Context(), transcript.Attempt{Fetch: &transcript.Fetch{URL: s.URL + tc.path, MaxBytes: 4096}})
		if err != nil {
			t.Fatal(tc.path, err)
		}
		f := tr.Fetched
		if f.Status != tc.status || string(f.Body) != tc.body || (f.Error == "") != (tc.fail == "") || !strings.Contains(f.Error, tc.fail) {
			t.Errorf("%s: %+v %+v", tc.path, f, tr.Outcome)
		}
	}
	tr, err := p.Try(t.Context(), transcript.Attempt{Fetch: &transcript.Fetch{
		Method: "POST", URL: s.URL + "/cert", ContentType: "application/ocsp-request", Body: []byte("x"),
	}})
	if err != nil || string(tr.Fetched.Body) != "POST application/ocsp-request" || tr.Fetched.ContentType != "application/pkix-cert" {
		t.Errorf("%v %+v", err, tr.Fetched)
	}
	tr, err = p.Try(t.Context(), transcript.Attempt{Fetch: &transcript.Fetch{URL: "http://127.0.0.1:1/"}})
	if err != nil || tr.Outcome.Kind != transcript.Refused {
		t.Errorf("%v %+v", err, tr.Outcome)
	}
	for _, u := range []string{"ldap://x/", "http://", "file:///etc/passwd", "::"} {
		if _, err := p.Try(t.Context(), transcript.Attempt{Fetch: &transcript.Fetch{URL: u}}); err == nil {
			t.Errorf("%s was fetched", u)
		}
	}
}
