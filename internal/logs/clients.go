package logs

import (
	"net/netip"
	"slices"

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
	count       int64
	counts      []peerCount // by group
	first, last int64       // Unix seconds, 0: unknown
	hangups     int64       // whose texts are those of who connects and leaves
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

// see counts a failure of a client, or takes it back.
func (p *peer) see(g *group, v *verdict, at, n int64) {
	p.count += n
	if v.noise == cause.NoiseProbe || v.noise == cause.NoiseHealthCheck {
		p.hangups += n
	}
	i := slices.IndexFunc(p.counts, func(c peerCount) bool { return c.group == g })
	if i < 0 && len(p.counts) < maxPeerGroups {
		i = len(p.counts)
		p.counts = append(p.counts, peerCount{group: g})
	}
	if i >= 0 {
		p.counts[i].count += n
		if v.noise == cause.NoiseProbe || v.noise == cause.NoiseScanner {
			p.counts[i].noise += n
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
	if p.first == 0 {
		p.first = at
	}
	p.last = max(p.last, at)
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
