package survey

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// certificates compares those of one key's kind and one way to ask for them with
// each other: what a client gets is what matters, not what lies on the disk.
func (d *differ) certificates(a, b *Survey) {
	type slot struct {
		kind string
		ask  transcript.Asked
	}
	var slots []slot
	find := func(s *Survey, at slot) *Certificate {
		// A server that takes no notice of the name was not asked for each key again.
		if at.ask == transcript.ByNoName && s.Features.NoName == "same" || at.ask == transcript.ByOtherName && s.Features.OtherName == "same" {
			at.ask = transcript.ByName
		}
		for i := range s.Certificates {
			c := &s.Certificates[i]
			if kindOfKey(c.Key) == at.kind && (slices.Contains(c.For, at.ask) || len(c.For) == 0 && at.ask == transcript.ByName) {
				return c
			}
		}
		return nil
	}
	for _, ask := range []transcript.Asked{transcript.ByName, transcript.ByNoName, transcript.ByOtherName} {
		for _, s := range []*Survey{a, b} {
			for i := range s.Certificates {
				if at := (slot{kindOfKey(s.Certificates[i].Key), ask}); !slices.Contains(slots, at) && find(s, at) != nil {
					slots = append(slots, at)
				}
			}
		}
	}
	seen := map[[2]string]bool{}
	for _, at := range slots {
		x, y := find(a, at), find(b, at)
		pair := [2]string{leafHash(x), leafHash(y)}
		if seen[pair] { // said for another way to ask
			continue
		}
		seen[pair] = true
		item := at.kind
		if at.ask != transcript.ByName {
			item += " for " + strings.ReplaceAll(string(at.ask), "-", " ")
		}
		switch {
		case x == nil || y == nil:
			// How a name is missed stands among the features, where none is shown at all.
			if at.ask == transcript.ByName || len(a.Certificates) > 0 && len(b.Certificates) > 0 {
				d.value("certificates", item, x.words(), y.words())
			}
		default:
			d.certificate(a, b, item, x, y)
		}
	}
}

func leafHash(c *Certificate) string {
	if c == nil {
		return ""
	}
	return c.SHA256
}

func (d *differ) certificate(a, b *Survey, item string, x, y *Certificate) {
	d.value("certificates", item, x.words(), y.words())
	if x.SHA256 == y.SHA256 {
		d.list("certificates", item+" shown for", askedWays(x, a), askedWays(y, b), false)
	}
	d.list("certificates", item+" chain", chainBelow(x), chainBelow(y), true)
	d.tri("certificates", item+" trusted", x.Trusted, y.Trusted)
	d.tri("certificates", item+" covers_name", x.Covers, y.Covers)
	d.tri("certificates", item+" key_fits", x.KeyFits, y.KeyFits)
	d.list("certificates", item+" problems", problemIDs(x), problemIDs(y), false)
	d.known("certificates", item+" staple", x.Staple, y.Staple)
	d.value("certificates", item+" scts", countedSCTs(x.SCTs), countedSCTs(y.SCTs))
}

// words name a certificate so that two can be told apart.
func (c *Certificate) words() string {
	if c == nil {
		return "none"
	}
	s := c.Key
	if len(c.Chain) > 0 {
		leaf := c.Chain[0]
		s += ", " + leaf.Subject
		if leaf.Issuer != "" {
			s += ", issued by " + leaf.Issuer
		}
		s += ", until " + leaf.NotAfter.UTC().Format(time.DateOnly)
	}
	if len(c.SHA256) >= 8 {
		s += ", SHA-256 " + c.SHA256[:8] + "…"
	}
	return s
}

// askedWays are the ways to ask that get this certificate and not any other.
func askedWays(c *Certificate, s *Survey) []string {
	var out []string
	for _, f := range c.For {
		how := "asked"
		switch f {
		case transcript.ByNoName:
			how = s.Features.NoName
		case transcript.ByOtherName:
			how = s.Features.OtherName
		}
		if how == "same" || how == "" { // of which the features tell
			continue
		}
		out = append(out, string(f))
	}
	return out
}

// chainBelow names the certificates that come after the leaf.
func chainBelow(c *Certificate) []string {
	var out []string
	for i, x := range c.Chain {
		if i > 0 {
			out = append(out, x.Subject)
		}
	}
	return out
}

func problemIDs(c *Certificate) []string {
	out := make([]string, len(c.Problems))
	for i, p := range c.Problems {
		out[i] = string(p)
	}
	return out
}

// countedSCTs is "certificate 2, extension 1", in the order of the alphabet.
func countedSCTs(n map[string]int) string {
	var keys []string
	for k, v := range n {
		if v > 0 {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for i, k := range keys {
		keys[i] = k + " " + strconv.Itoa(n[k])
	}
	return strings.Join(keys, ", ")
}
