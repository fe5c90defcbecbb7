package survey

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Tryer makes attempts. An attempt that fails is a transcript and no error: an
// error says that there was nothing to try with, because the budget is used up
// or the context has ended. Try is called from several goroutines.
type Tryer interface {
	Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error)
}

// DefaultConcurrency is how many connections are held at once.
const DefaultConcurrency = 24

// DefaultBudget is how many connections a survey may take. A server that accepts
// fifty suites in each of three versions, in an order that nobody would guess,
// needs about 480.
const DefaultBudget = 600

// Options are the circumstances of a survey.
type Options struct {
	// Client makes the attempts that are no probes and judges certificates; nil: the
	// profile "modern".
	Client *client.Profile
	// Roots to verify against instead of the client's own store. PublicRoots says
	// that they are public CAs, so that the policies for those apply.
	Roots       *trust.Store
	PublicRoots bool
	// Connect dials this host or address instead of the target's name. ConnectPort
	// 0 is the target's port.
	Connect     string
	ConnectPort uint16
	// SNI to send instead of the target's name; NoSNI sends none.
	SNI   string
	NoSNI bool
	// Certificate to show when asked.
	Certificate *transcript.ClientCertificate
	// At is the time to verify at; zero: now.
	At time.Time
	// NoAIA fetches no issuers that the server does not send.
	NoAIA bool
	// Proxy is the URL of an HTTP CONNECT proxy.
	Proxy string
	// Concurrency is how many connections are held at once; 0: DefaultConcurrency.
	Concurrency int
	// Gentle asks one thing at a time.
	Gentle bool
	// Rate is how many connections are begun per second at most; 0: no limit.
	Rate float64
	// Echo is copied into the document.
	Echo report.Options
	// Progress is told of each connection that has ended: how many there were so far
	// and what the last was for. nil: nobody. Calls do not overlap.
	Progress func(done int, purpose string)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// maxAddresses are tried until one answers.
const maxAddresses = 8

// Run surveys one address of the target: the first that a connection stands up
// to. Its error says that the survey could not begin, or that ctx ended: the
// document then holds what is known so far. A server that answers nothing is no
// error; the document's Versions are empty then.
func Run(ctx context.Context, try Tryer, target report.Target, o Options) (*Survey, error) {
	s, err := newSession(try, target, o)
	if err != nil {
		return nil, err
	}
	addrs := s.resolve(ctx)
	for i, a := range addrs {
		s = s.at(a)
		if s.ask(ctx) || ctx.Err() != nil {
			break
		}
		if i < len(addrs)-1 {
			s.note("%s: %s, the next address was asked", a.Addr(), s.unreachable)
		}
	}
	s.fetched = s.issuers(ctx)
	s.revoked = s.revocation(ctx)
	return s.document(), context.Cause(ctx)
}

// session is one survey as it goes. What it knows is of one address: for the next
// there is a new one.
type session struct {
	try     Tryer
	o       Options
	target  report.Target
	profile *client.Profile
	roots   *trust.Store
	sni     string // the name sent, or ""
	begun   time.Time

	// Of the address that is asked, as all below.
	addr      netip.AddrPort
	addresses []report.Address
	pace      *pace

	telling sync.Mutex // Progress is being called; taken before mu

	mu          sync.Mutex
	unreachable string        // why no connection stood up; "" if one did
	asked13     chan struct{} // closed when TLS 1.3 was asked for
	has13       bool          // it was answered
	at13        int           // and in which round trip
	done12      chan struct{} // closed when the suites of TLS 1.2 are known
	at12        int           // the round trip in which done12 was closed
	limited     string        // why attempts were not made: the budget
	gentle      bool
	doubts      chan struct{}      // holds one while an odd end is looked into
	greeted     bool               // a connection came as far as a hello
	oddChain    bool               // signature_algorithms_cert is left out
	classic     bool               // TLS 1.3 was answered with a group that is not post-quantum
	good        transcript.Attempt // a question that was answered; zero: none
	confirmed   map[transcript.Kind]int
	latest      []time.Duration // until the first byte of the last answers
	ends        []time.Time     // of the last answers, while many were under way
	notes       []string
	incomplete  bool
	connections int
	connects    []time.Duration
	longest     int // round trips of the longest chain of questions
	facts       transcript.Facts
	suites      map[wire.Version]suiteResult
	answers     map[wire.Version]string
	groups13    choice[wire.Group]
	groups12    choice[wire.Group]
	ffdhe12     []wire.Group // groups of RFC 7919 that DHE suites are used with
	asked12DH   bool
	schemes13   choice[wire.SignatureScheme]
	schemes12   choice[wire.SignatureScheme]
	schemeLeaf  map[wire.SignatureScheme]string
	served      []*transcript.Served
	dh          map[string]*dhSeen
	fetched     []*trust.Certificate     // issuers that were not sent
	revoked     []trust.RevocationStatus // what CAs say of the certificates, where they were asked
	baseline    *transcript.Transcript
	noName      *transcript.Transcript                  // without a server name
	other       *transcript.Transcript                  // with one of no server
	bare        *transcript.Transcript                  // without extensions
	odd         map[wire.Version]*transcript.Transcript // answers to hellos of oddities, or without them
	chacha      map[wire.Version]*transcript.Transcript // answers to hellos that ChaCha20 leads, where odd does not tell
	finished    []*transcript.Transcript                // handshakes before TLS 1.3 that were to be finished
	fellBack    *transcript.Transcript                  // with TLS_FALLBACK_SCSV
	fellBackTo  wire.Version
	requests    []transcript.CertificateRequest
	noRequest   bool   // a flight came without a CertificateRequest
	sentinels   []bool // whether answers of TLS 1.2 bore the downgrade sentinel
	dns         DNS
}

// suiteResult is the result of the search among the suites of one version.
type suiteResult struct {
	choice[wire.CipherSuite]
	ssl2 []wire.SSL2Cipher
}

func newSession(try Tryer, target report.Target, o Options) (*session, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		p, err := client.Get(client.Default)
		if err != nil {
			return nil, fmt.Errorf("loading the default client: %w", err)
		}
		o.Client = p
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Gentle {
		o.Concurrency = 1
	}
	s := &session{try: try, o: o, target: target, profile: o.Client, roots: o.Roots, begun: o.Now(), gentle: o.Gentle}
	if s.roots == nil {
		store, err := o.Client.Store()
		if err != nil {
			return nil, fmt.Errorf("loading the root store of %s: %w", o.Client.ID, err)
		}
		s.roots = store
	}
	switch {
	case o.NoSNI:
	case o.SNI != "":
		s.sni = o.SNI
	case !target.IsAddress():
		s.sni = target.Host
	}
	return s, nil
}

// at is a session that asks another address, with nothing known of it.
func (s *session) at(addr netip.AddrPort) *session {
	return &session{
		try: s.try, o: s.o, target: s.target, profile: s.profile, roots: s.roots, sni: s.sni, begun: s.begun, gentle: s.o.Gentle,
		addr: addr, addresses: s.addresses, notes: s.notes, connections: s.connections, longest: s.longest,
		pace: newPace(s.o.Concurrency, s.o.Rate), doubts: make(chan struct{}, 1), done12: make(chan struct{}), asked13: make(chan struct{}),
		suites: map[wire.Version]suiteResult{}, answers: map[wire.Version]string{}, dh: map[string]*dhSeen{}, odd: map[wire.Version]*transcript.Transcript{}, chacha: map[wire.Version]*transcript.Transcript{},
		confirmed: map[transcript.Kind]int{}, schemeLeaf: map[wire.SignatureScheme]string{},
	}
}

// resolve finds the addresses to dial.
func (s *session) resolve(ctx context.Context) []netip.AddrPort {
	addr, host := s.target.Dial(s.o.Connect, s.o.ConnectPort, s.o.Proxy != "")
	if host == "" {
		return []netip.AddrPort{addr}
	}
	t, err := s.try.Try(ctx, transcript.Attempt{Purpose: "addresses of " + host, Lookup: &transcript.Lookup{Name: host, Type: "ADDR"}})
	if err != nil {
		s.unreachable = err.Error()
		return nil
	}
	if t.Found == nil || len(t.Found.Addresses) == 0 {
		s.unreachable = fmt.Sprintf("%s cannot be resolved", host)
		if t.Found != nil {
			s.unreachable = strings.TrimSpace(fmt.Sprintf("%s cannot be resolved: %s %s", host, t.Found.Code, t.Found.Error))
		}
		return nil
	}
	var out []netip.AddrPort
	for _, ip := range t.Found.Addresses[:min(len(t.Found.Addresses), maxAddresses)] {
		out = append(out, netip.AddrPortFrom(ip, addr.Port()))
		s.addresses = append(s.addresses, report.Address{IP: ip.String(), Outcome: "not asked"})
	}
	return out
}

// ask asks everything of the current address. It is false if no connection
// stood up, so that another address may be asked.
func (s *session) ask(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var tasks sync.WaitGroup
	before := s.longest // of the addresses asked in vain
	start := func(u urgency, f func(context.Context, *task)) {
		tasks.Go(func() {
			k := &task{s: s, urgency: u, now: before}
			f(ctx, k)
			s.mu.Lock()
			s.longest = max(s.longest, k.now)
			s.mu.Unlock()
		})
	}
	reached := true
	start(urgent, func(ctx context.Context, k *task) {
		if reached = s.first(ctx, k); !reached {
			cancel() // nobody there: what else is under way ends
			return
		}
		s.resume13(ctx, k)
	})
	start(urgent, s.suites12)
	start(urgent, s.suites13)
	start(ordinarily, s.sessions12)
	start(ordinarily, s.olderSuites)
	start(ordinarily, s.groupsOf13)
	start(ordinarily, s.schemesOf13)
	start(ordinarily, s.protocols)
	start(leisurely, s.names)
	start(leisurely, s.tolerances)
	start(leisurely, s.records)
	tasks.Go(func() { s.lookups(ctx) })
	tasks.Wait()
	return reached
}

func (s *session) note(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.notes, n) {
		s.notes = append(s.notes, n)
	}
}
