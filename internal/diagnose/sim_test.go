package diagnose

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// world is a simulated network. It makes attempts without a socket, in the time
// of a synctest bubble: what it answers are transcripts as the prober would have
// written them.
type world struct {
	rtt     time.Duration
	timeout time.Duration // of a whole attempt, as the prober's; 0: 30 s
	names   map[string][]netip.Addr
	hosts   map[netip.Addr]*simEnd
	budget  int // connections to one address; 0: 40, as the prober's

	mu    sync.Mutex
	tried map[netip.Addr]int
	dials map[netip.Addr][]dialled
	// panicked is what a message of the simulation's own could not be built for.
	panicked any
}

// simEnd is what stands at an address, and what lies on the way to it.
type simEnd struct {
	server *simServer
	boxes  []box
	// stumbles names what of stumbles is in boxes.
	stumbles string
	down     *fate // before a connection stands: Refused, ConnectTimeout, NoRoute
	// every nth connection ends in flaky; of those begun at once the order is that
	// of their purposes, read backwards if last is set.
	every int
	flaky *fate
	last  bool
	// burst connections within a second are let through, more end in limited.
	burst   int
	limited *fate
}

// dialled is a connection that was begun.
type dialled struct {
	at      time.Time
	purpose string
}

// box is a device on the way, or a part of the server that reads the hello
// before TLS does.
type box struct {
	minds func(seen glimpse) bool
	fate  *fate
}

// glimpse is the hello as it crosses the wire.
type glimpse struct {
	hello    *wire.ClientHello
	records  []byte // all of it, with record headers
	segments [][]byte
}

// one is a world of a single endpoint.
func one(s *simServer, boxes ...box) *world {
	addr := netip.MustParseAddr("192.0.2.1")
	return &world{
		rtt: 20 * time.Millisecond, names: map[string][]netip.Addr{simHost: {addr}},
		hosts: map[netip.Addr]*simEnd{addr: {server: s, boxes: boxes}},
	}
}

// Try makes an attempt.
func (w *world) Try(ctx context.Context, a transcript.Attempt) (t *transcript.Transcript, err error) {
	defer func() {
		if r := recover(); r != nil {
			w.mu.Lock()
			w.panicked = r
			w.mu.Unlock()
			t, err = nil, fmt.Errorf("simulation: %v", r)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t = &transcript.Transcript{Attempt: a, Start: time.Now()}
	switch {
	case a.Lookup != nil:
		w.lookup(ctx, a.Lookup, t)
	case a.Fetch != nil:
		t.Fetched = &transcript.Fetched{Error: "nothing is fetched in the simulation"}
		t.Outcome = transcript.Outcome{Kind: transcript.Refused}
	default:
		if err := w.admit(a.Handshake.Address.Addr(), a.Purpose); err != nil {
			return nil, err
		}
		w.handshake(ctx, a.Handshake, t)
	}
	t.Times.Total = time.Since(t.Start)
	return t, nil
}

func (w *world) lookup(ctx context.Context, l *transcript.Lookup, t *transcript.Transcript) {
	w.wait(ctx, w.rtt)
	t.Outcome.Kind = transcript.Complete
	if found, ok := w.names[l.Name]; l.Type != "ADDR" {
		t.Found = &transcript.Found{Code: "NOERROR"} // no such record
	} else if ok {
		t.Found = &transcript.Found{Addresses: found, Code: "NOERROR"}
	} else {
		t.Found = &transcript.Found{Code: "NXDOMAIN", Error: "no such host"}
	}
}

// admit counts connections, as the prober's budget does.
func (w *world) admit(addr netip.Addr, purpose string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tried == nil {
		w.tried, w.dials = map[netip.Addr]int{}, map[netip.Addr][]dialled{}
	}
	limit := w.budget
	if limit == 0 {
		limit = 40
	}
	if w.tried[addr] >= limit {
		return errors.New("the budget of connections is used up")
	}
	w.tried[addr]++
	w.dials[addr] = append(w.dials[addr], dialled{time.Now(), purpose})
	return nil
}

// place is the number of a connection that stands now, among all and among those
// of the last second. The order of goroutines has no part in it: what was begun
// at one time is complete by now, and ordered by purpose.
func (w *world) place(addr netip.Addr, me dialled, backwards bool) (n, lately int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(w.dials[addr])
	slices.SortStableFunc(all, func(a, b dialled) int {
		byPurpose := cmp.Compare(a.purpose, b.purpose)
		if backwards {
			byPurpose = -byPurpose
		}
		return cmp.Or(a.at.Compare(b.at), byPurpose)
	})
	for i, b := range all {
		if me.at.Sub(b.at) < time.Second {
			lately++
		}
		if b == me {
			return i + 1, lately
		}
	}
	return len(all), lately
}

// wait lets time pass; false: the attempt was given up meanwhile.
func (w *world) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (w *world) handshake(ctx context.Context, h *transcript.Handshake, t *transcript.Transcript) {
	end := w.hosts[h.Address.Addr()]
	switch {
	case end == nil || end.down == nil && end.server == nil:
		w.end(ctx, h, t, ends(transcript.Refused))
		return
	case end.down != nil:
		w.end(ctx, h, t, end.down)
		return
	}
	if !w.wait(ctx, w.rtt) {
		t.Outcome = transcript.Outcome{Kind: transcript.Aborted, Detail: "ended from our side"}
		return
	}
	t.Times.Connect, t.Outcome.Reached = w.rtt, transcript.ReachedConnected
	n, lately := w.place(h.Address.Addr(), dialled{t.Start, t.Attempt.Purpose}, end.last)
	began := time.Now()
	defer func() {
		t.Times.Handshake = max(t.Times.Handshake, min(time.Since(began), 2*w.rtt))
		t.BytesReceived = max(t.BytesReceived, int64(len(t.Reply)))
		if len(t.Reply) > 0 {
			t.HelloAcked = transcript.Yes
		}
	}()
	if h.Hello != nil {
		t.Hello = onTheWire(h, freshHello(h.Hello, t.Attempt.Purpose)).records
	}
	switch {
	case end.every > 0 && n%end.every == 0:
		w.end(ctx, h, t, end.flaky)
	case end.burst > 0 && lately > end.burst:
		w.end(ctx, h, t, end.limited)
	case h.Hello == nil:
		w.plain(ctx, h, t, end)
	default:
		w.tls(ctx, h, t, end)
	}
}

// plain meets bytes that are no hello. Nothing speaks before it is spoken to.
func (w *world) plain(ctx context.Context, h *transcript.Handshake, t *transcript.Transcript, end *simEnd) {
	sent := h.Plain
	if h.SSL2 != nil {
		sent = h.SSL2.Marshal()
	}
	t.Hello, t.BytesSent = sent, int64(len(sent))
	f := end.server.plain
	switch {
	case len(sent) == 0:
		f = ends(transcript.Silent)
	case f == nil:
		f = ends(transcript.Closed)
	}
	w.end(ctx, h, t, f)
}

// end brings the attempt to its end by fate.
func (w *world) end(ctx context.Context, h *transcript.Handshake, t *transcript.Transcript, f *fate) {
	t.Outcome.Kind = f.kind
	switch f.kind {
	case transcript.NoRoute, transcript.LocalError:
		return
	case transcript.Silent, transcript.ConnectTimeout:
		patience := w.timeout
		if patience == 0 {
			patience = 30 * time.Second
		}
		if f.kind == transcript.Silent && h.Wait > 0 {
			patience = min(patience, h.Wait)
		}
		t.Outcome.Detail = fmt.Sprintf("nothing came within %s", patience)
		t.Times.LongestGap = patience
		if !w.wait(ctx, patience) {
			t.Outcome.Kind, t.Outcome.Detail = transcript.Aborted, "ended from our side"
		}
		return
	}
	if !w.wait(ctx, w.rtt) {
		t.Outcome.Kind, t.Outcome.Detail = transcript.Aborted, "ended from our side"
		return
	}
	t.Times.FirstByte = w.rtt
	switch f.kind {
	case transcript.AlertReceived:
		a := wire.Alert{Level: 2, Description: f.alert}
		t.Outcome.Alert = &a
		t.Alerts = append(t.Alerts, transcript.Alert{From: transcript.FromServer, Phase: transcript.DuringHandshake, Alert: a})
		t.Reply = wire.AppendRecord(t.Reply, wire.ContentAlert, wire.VersionTLS12, []byte{2, byte(f.alert)})
	case transcript.NotTLS, transcript.Malformed:
		t.Reply, t.Outcome.Detail = f.reply, "the answer is not TLS"
	}
}

// Devices.

func containsName(name string) func([]byte) bool {
	return func(b []byte) bool { return bytes.Contains(b, []byte(name)) }
}

// filterName cuts connections to a name. Such devices read the first segment, or
// the first record, or put the stream together.
func filterName(name, reads string, f *fate) box {
	has := containsName(name)
	return box{func(g glimpse) bool {
		switch reads {
		case "segment":
			return has(g.segments[0])
		case "record":
			r, _, err := wire.ParseRecord(g.records)
			return err == nil && has(r.Payload)
		}
		return g.hello.ServerName() == name
	}, f}
}

// dropLarge loses hellos of more bytes than fit the first segment.
func dropLarge(limit int, f *fate) box {
	return box{func(g glimpse) bool { return len(g.records) > limit }, f}
}

// breakOn is software that stumbles over what it does not know.
func breakOn(minds func(*wire.ClientHello) bool, f *fate) box {
	return box{func(g glimpse) bool { return minds(g.hello) }, f}
}
