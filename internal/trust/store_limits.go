package trust

import (
	"fmt"
	"slices"
	"time"
)

// limits are what a programme still trusts a root for.
type limits struct {
	after  time.Time // issued later: refused; zero: no such limit
	before time.Time // issued earlier: refused
	sct    time.Time // logged later: refused
	never  bool
}

// add takes a rule up. Of two rules of a kind the stricter counts.
func (l *limits) add(r programmeRule) {
	switch r.Kind {
	case "after":
		l.after = earlier(l.after, r.Date.end())
	case "sct":
		l.sct = earlier(l.sct, r.Date.end())
	case "before":
		if r.Date.After(l.before) {
			l.before = r.Date.Time
		}
	case "never":
		l.never = true
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// entry is the root within its limits. It does not share the anchor of the entry
// without.
func (l *limits) entry(e *entry) *entry {
	n := &entry{der: e.der, distrustAfter: l.after}
	if l.never || !l.before.IsZero() || !l.sct.IsZero() {
		n.constraint = l.refuse
	}
	return n
}

// independent are the organizations whose CAs below Symantec's roots were run
// apart from Symantec, and which Chrome, Firefox and Apple therefore left alone
// when they distrusted those roots. They list the keys of those CAs; by the
// owner's name it is the same ones.
var independent = []string{"Apple Inc.", "Google Inc"}

// refuse says why a path, leaf first and anchor last, is outside the limits; "" if
// it is not.
func (l *limits) refuse(path []*Certificate) string {
	leaf := path[0]
	if !l.sct.IsZero() && !loggedBy(leaf, l.sct) {
		return fmt.Sprintf("only for certificates that were logged until %s", date(l.sct))
	}
	if slices.ContainsFunc(path, func(c *Certificate) bool { return slices.Contains(independent, c.Subject.O) && c != leaf }) {
		return ""
	}
	if l.never {
		return "for no certificate of a server any more"
	}
	if leaf.NotBefore.Before(l.before) {
		return fmt.Sprintf("not for certificates issued before %s; this one is of %s", date(l.before), date(leaf.NotBefore))
	}
	return ""
}

// loggedBy tells whether a timestamp shows that the certificate existed by then.
// Timestamps that came by TLS extension or in an OCSP response are not known
// here: for a certificate without any its own date has to do, which is not later
// than its logging, as a rule by less than a day.
func loggedBy(c *Certificate, limit time.Time) bool {
	if len(c.SCTs) == 0 {
		return !c.NotBefore.After(limit)
	}
	return slices.ContainsFunc(c.SCTs, func(s SCT) bool { return !s.Timestamp.After(limit) })
}
