package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// clientName is the client as the subject of a sentence in the plural or not:
// "current clients", "java-17".
func clientName(r *report.Report) (name string, plural bool) {
	switch r.Client {
	case "", "modern":
		return "current clients", true
	}
	return r.Client, false
}

// headline is the verdict as a sentence without a full stop.
func headline(r *report.Report) string {
	client, plural := clientName(r)
	where := place(r.Target)
	switch r.Verdict {
	case report.OK, report.Warn:
		verb := "connects"
		if plural {
			verb = "connect"
		}
		return capital(client) + " " + verb + " to " + where
	case report.Fail:
		return capital(client) + " cannot connect to " + where
	}
	return "Could not tell whether " + client + " can connect to " + where
}

// place is the target for people, with the name as its owner writes it.
func place(t report.Target) string {
	s := t.String()
	if u := t.UnicodeHost(); u != t.Host {
		s = strings.Replace(s, t.Host, u, 1) + " (" + t.Host + ")"
	}
	return s
}

// capital puts the first letter in upper case, but leaves client ids alone.
func capital(s string) string {
	if strings.HasPrefix(s, "current ") {
		return "C" + s[1:]
	}
	return s
}

// summary is why in a sentence or two. A detail that is a sentence stands for
// itself; one that is a clause follows the title.
func summary(f *report.Finding) string {
	title, detail := strings.TrimRight(f.Title, ". "), strings.TrimSpace(f.Detail)
	if title == "" {
		title = catalogueTitle(f.Cause)
	}
	switch {
	case detail == "":
		return title + "."
	case startsLower(detail):
		return sentence(title + ": " + detail)
	}
	return sentence(detail)
}

func catalogueTitle(id cause.ID) string {
	if c, ok := cause.Get(id); ok && c.Title != "" {
		return c.Title
	}
	return string(id)
}

func startsLower(s string) bool { return s != "" && 'a' <= s[0] && s[0] <= 'z' }

// sentence ends s with a full stop unless it ends already.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// confidenceLabel heads the line that says how the cause is known.
func confidenceLabel(c report.Confidence) string {
	switch c {
	case report.Proved:
		return "Proved"
	case report.Likely:
		return "Likely"
	}
	return "Possible"
}

// proof says in a sentence or two how the cause is known. In full it repeats
// verdicts whole, which say again what the summary says.
func proof(r *report.Report, f *report.Finding, full bool) string {
	p := f.Proof
	if p == nil {
		return unproved(r, f)
	}
	var s string
	switch p.Kind {
	case report.ByHandshake:
		s = fmt.Sprintf("the same hello with one change (%s) gets %s", p.Change, effect(r, p, full))
		if h := handshake(r, p.Baseline); h != nil {
			s += fmt.Sprintf("; without it, %s (%s)", outcome(h), p.Baseline)
		}
		s += "."
	case report.ByVerify:
		s = fmt.Sprintf("the same handshake judged twice. As it is: %s. With one change (%s): %s.", judgement(p.Before, full), p.Change, judgement(p.After, full))
	default:
		// The change of an observation is none; what was seen is its effect.
		s = bare(p.Effect)
		if s == "" {
			s = bare(p.Change)
		}
		if p.Baseline != "" {
			s += " (" + p.Baseline + ")"
		}
		s += "."
	}
	return s + repeated(p.Repeated)
}

// judgement is the verdict of a verification: "expired: The certificate …".
func judgement(s string, full bool) string {
	if id, _, ok := strings.Cut(s, ": "); ok && !full && cause.ID(id).Valid() {
		return id
	}
	return bare(s)
}

func effect(r *report.Report, p *report.Proof, full bool) string {
	s := bare(p.Effect)
	if s == "" {
		if h := handshake(r, p.Counterfactual); h != nil {
			s = outcome(h)
		}
	}
	if what, with, _ := strings.Cut(s, ": "); what == "ServerHello" {
		s = "a ServerHello"
		if with != "" && full {
			s += " of " + with
		}
	}
	if p.Counterfactual != "" {
		s += " (" + p.Counterfactual + ")"
	}
	return s
}

// decides says what would tell an alternative apart. The catalogue's texts begin
// with "There", which points at the alternative.
func decides(a report.Alternative) string {
	s := sentence(bare(a.Decides))
	if rest, ok := strings.CutPrefix(s, "There "); ok {
		return "then " + rest
	}
	return s
}

func repeated(n int) string {
	switch {
	case n == 2:
		return " Seen twice."
	case n > 2:
		return fmt.Sprintf(" Seen %d times.", n)
	}
	return ""
}

// unproved says what speaks for a cause that no experiment proved.
func unproved(r *report.Report, f *report.Finding) string {
	var seen []*report.Handshake
	for _, id := range f.Evidence {
		if h := handshake(r, id); h != nil {
			seen = append(seen, h)
		}
	}
	if len(seen) == 0 {
		return "not proved by an experiment."
	}
	order, ids := byOutcome(seen)
	parts := make([]string, len(order))
	for i, o := range order {
		parts[i] = o + " (" + list(ids[o], 3) + ")"
	}
	return "seen: " + list(parts, 3) + ". Not proved by an experiment."
}

// byOutcome groups attempts by how they ended, in the order of their first.
func byOutcome(all []*report.Handshake) (order []string, ids map[string][]string) {
	ids = map[string][]string{}
	for _, h := range all {
		o := outcome(h)
		if ids[o] == nil {
			order = append(order, o)
		}
		ids[o] = append(ids[o], h.ID)
	}
	return order, ids
}

// triedWays says of all attempts how they ended.
func triedWays(r *report.Report) []string {
	all := make([]*report.Handshake, len(r.Handshakes))
	for i := range r.Handshakes {
		all[i] = &r.Handshakes[i]
	}
	order, ids := byOutcome(all)
	ways := make([]string, len(order))
	for i, o := range order {
		ways[i] = count(len(ids[o]), "attempt") + ": " + o
	}
	return ways
}

// bare is text without what would double the punctuation around it.
func bare(s string) string { return strings.TrimRight(strings.TrimSpace(s), ".") }

func capitalised(s string) string {
	if startsLower(s) {
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

func handshake(r *report.Report, id string) *report.Handshake {
	if id == "" {
		return nil
	}
	for i := range r.Handshakes {
		if r.Handshakes[i].ID == id {
			return &r.Handshakes[i]
		}
	}
	return nil
}

// outcome is how an attempt ended, in a few words.
func outcome(h *report.Handshake) string {
	o := h.Outcome
	switch o.Kind {
	case transcript.AlertReceived:
		if o.Alert != nil {
			return fmt.Sprintf("alert %d %s", o.Alert.ID, o.Alert.Name)
		}
		return "an alert"
	case transcript.Complete:
		if n := h.Negotiated; n != nil && n.Version != nil {
			if h.ECH != nil && h.ECH.Accepted == transcript.No {
				return n.Version.String() + ", the inner hello rejected"
			}
			return n.Version.String()
		}
		return "success"
	case transcript.Refused:
		return "connection refused"
	case transcript.Unreachable:
		return "unreachable"
	case transcript.NoRoute:
		return "no route from this machine"
	case transcript.ConnectTimeout:
		return "no answer to the SYN"
	case transcript.ProxyFailed:
		return withDetail("the proxy fails", o.Detail)
	case transcript.StartTLSFailed:
		return withDetail("STARTTLS fails", o.Detail)
	case transcript.Reset:
		return "connection reset"
	case transcript.Closed:
		return "closed without an alert"
	case transcript.Silent:
		return "silence"
	case transcript.NotTLS:
		return withDetail("no TLS", o.Detail)
	case transcript.Malformed:
		return withDetail("malformed", o.Detail)
	case transcript.Aborted:
		return "cut short"
	}
	return withDetail(string(o.Kind), o.Detail)
}

func withDetail(s, detail string) string {
	if detail = bare(detail); detail != "" {
		return s + ": " + detail
	}
	return s
}

// actor says who has to do something.
func actor(r *report.Report, f *report.Finding) string {
	switch f.Side {
	case cause.SideClient:
		s := "the client."
		for _, o := range r.Findings {
			if o.Cause == cause.ClientTooOld {
				return s + " The server's choice is what current guidance asks for."
			}
		}
		return s
	case cause.SideServer:
		if s, ok := cause.LookupSoftware(r.Server.Software); ok {
			return "the server: " + s.Name + ", by its answers."
		}
		return "the server."
	case cause.SideNetwork:
		return "the network between: a firewall, filter or load balancer."
	case cause.SideProxy:
		return "the proxy on the way."
	case cause.SideCDN:
		return "the CDN's settings."
	case cause.SideOrigin:
		return "the origin server behind the CDN."
	}
	return ""
}

// negotiated lists what was agreed on: version, suite, group, protocol.
func negotiated(s report.Server) []string {
	var parts []string
	if s.Version != nil {
		parts = append(parts, s.Version.String())
	}
	if s.Cipher != nil {
		parts = append(parts, s.Cipher.String())
	}
	if s.Group != nil {
		parts = append(parts, s.Group.String())
	}
	if s.ALPN != "" {
		parts = append(parts, s.ALPN)
	}
	return parts
}

// checkedAt is the time that the report's judgement holds for.
func checkedAt(r *report.Report) (time.Time, bool) {
	for _, s := range []string{r.Options.At, r.Time} {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// validity says until when the leaf is valid and how long that still is.
func validity(r *report.Report) string {
	if len(r.Chain) == 0 || r.Chain[0].NotAfter.IsZero() {
		return ""
	}
	end := r.Chain[0].NotAfter.UTC()
	s := "certificate until " + date(end)
	if now, ok := checkedAt(r); ok {
		switch days := int(end.Sub(now).Hours() / 24); {
		case end.Before(now):
			s = "certificate expired on " + date(end)
		case days == 1:
			s += " (1 day)"
		default:
			s += fmt.Sprintf(" (%d days)", days)
		}
	}
	return s
}

func date(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// totals is what the check cost.
func totals(r *report.Report) string {
	return count(r.Connections, "connection") + ", " + seconds(r.ElapsedMS)
}

func seconds(ms float64) string {
	s := ms / 1000
	switch {
	case s >= 10:
		return strconv.FormatFloat(s, 'f', 1, 64) + " s"
	case s > 0 && s < 0.005:
		return "under 10 ms"
	}
	return strconv.FormatFloat(s, 'f', 2, 64) + " s"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// list joins at most limit items, and says how many more there are.
func list(items []string, limit int) string {
	if len(items) <= limit {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:limit], ", "), len(items)-limit)
}
