package logs

import (
	"net/netip"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Probe is a connection that tlswhy made itself.
type Probe struct {
	Local netip.AddrPort // our end
	At    int64          // Unix seconds
}

// probeSlack is how far the clocks of a server and ours may be apart, in seconds.
const probeSlack = 120

// Kinds of noise that a client's behaviour shows, besides those of texts.
const noiseOwn cause.Noise = "own"

// Who fails in this many different ways looks for what a server accepts.
const (
	scannerCauses = 4
	scannerTries  = 8
)

// A health check leaves again and again at the same pace: this often at least,
// at most this many seconds apart, and with deviations of a fifth.
const (
	healthTries = 6
	healthPause = 300
)

// peer is what is remembered of a client.
type peer struct {
	addr    netip.Addr
	count   int64
	counts  []peerCount // by group
	last    int64       // Unix seconds, 0: unknown
	hangups int64       // whose texts are those of who connects and leaves
	touched bool        // since the ring last came by
	// pauses between the lines: how many, their sum and the sum of their squares.
	pauses, sum, squares float64
}

type peerCount struct {
	group *group
	count int64
	noise int64 // of count: by the text
}

// maxPeers is how many clients are remembered; maxPeerGroups how many causes of
// one.
const (
	maxPeers      = 16 << 10
	maxPeerGroups = 12
)

// peers are the clients that failed last, and those that fail again and again: a
// ring goes round and forgets whom nobody saw since it last came by.
type peers struct {
	all  map[netip.Addr]*peer
	ring []*peer
	hand int
}

func (ps *peers) get(a netip.Addr) *peer {
	if p, ok := ps.all[a]; ok {
		return p
	}
	p := &peer{addr: a}
	if len(ps.ring) < maxPeers {
		ps.ring = append(ps.ring, p)
	} else {
		for ps.ring[ps.hand].touched {
			ps.ring[ps.hand].touched = false
			ps.hand = (ps.hand + 1) % maxPeers
		}
		delete(ps.all, ps.ring[ps.hand].addr)
		ps.ring[ps.hand] = p
		ps.hand = (ps.hand + 1) % maxPeers
	}
	ps.all[a] = p
	return p
}

// of is how often each client failed for a cause.
func (ps *peers) of(g *group) *tally[netip.Addr] {
	t := newTally[netip.Addr](maxPeers)
	for _, p := range ps.ring {
		for _, c := range p.counts {
			if c.group == g && c.count > 0 {
				t.count[p.addr] = c.count
			}
		}
	}
	return t
}

// see counts a failure of a client, or takes it back.
func (p *peer) see(g *group, v *verdict, at, n int64) {
	p.count += n
	p.touched = true
	if v.noise == cause.NoiseProbe || v.noise == cause.NoiseHealthCheck {
		p.hangups += n
	}
	if c := p.of(g); c != nil {
		c.count += n
		if v.noise == cause.NoiseProbe || v.noise == cause.NoiseScanner {
			c.noise += n
		}
	}
	if n < 0 || at == 0 {
		return
	}
	if p.last != 0 && at > p.last {
		d := float64(at - p.last)
		p.pauses++
		p.sum += d
		p.squares += d * d
	}
	p.last = max(p.last, at)
}

// of is the count of a cause; nil for one too many.
func (p *peer) of(g *group) *peerCount {
	for i := range p.counts {
		if p.counts[i].group == g {
			return &p.counts[i]
		}
	}
	if len(p.counts) == maxPeerGroups {
		return nil
	}
	p.counts = append(p.counts, peerCount{group: g})
	return &p.counts[len(p.counts)-1]
}

// noise is what the client's failures as a whole look like.
func (p *peer) noise() cause.Noise {
	different := 0
	for _, c := range p.counts {
		if c.count > 0 {
			different++
		}
	}
	if different >= scannerCauses && p.count >= scannerTries {
		return cause.NoiseScanner
	}
	if p.pauses >= healthTries && p.hangups == p.count {
		mean := p.sum / p.pauses
		variance := p.squares/p.pauses - mean*mean
		if mean <= healthPause && variance <= mean*mean/25 {
			return cause.NoiseHealthCheck
		}
	}
	return ""
}
