package logs

import (
	"bytes"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/logline"
	"github.com/tlswhy/tlswhy/internal/textdiag"
)

// verdict is what a message means. One is shared by all lines that say the same.
type verdict struct {
	message  string
	speaks   cause.Speaker
	software string

	causes    []textdiag.Cause // likeliest first; empty for a failure that is not known
	signature string
	says      string
	decides   []string
	stack     string
	noise     cause.Noise
}

const (
	// mostCauses is how many causes a line may leave open.
	mostCauses = 12
	// certain is the share from which a cause is told without others.
	certain = 0.8
	// maxMessage is how much of a message is explained, and maxKept how much is
	// remembered; of a longer one the same words do not come again.
	maxMessage = 4 << 10
	maxKept    = 1 << 10
)

// cause is the likeliest, "" for none.
func (v *verdict) cause() cause.ID {
	if len(v.causes) == 0 {
		return ""
	}
	return v.causes[0].ID
}

// decided says that the text leaves no other cause.
func (v *verdict) decided() bool {
	return len(v.causes) == 1 || len(v.causes) > 1 && v.causes[0].Confidence >= certain*total(v.causes)
}

func total(causes []textdiag.Cause) float64 {
	sum := 0.0
	for _, c := range causes {
		sum += c.Confidence
	}
	return sum
}

// judge explains a message; nil is one that tells of no failure.
func judge(message []byte, speaks cause.Speaker, software string) *verdict {
	message = message[:min(len(message), maxMessage)]
	writer := speaks
	if writer == cause.SpeaksEither {
		writer = cause.SpeaksServer // logs are mostly of servers
	}
	d := textdiag.ExplainAs(message, textdiag.Options{Writer: writer, Most: mostCauses})
	v := &verdict{message: string(message[:min(len(message), maxKept)]), speaks: speaks, software: software, stack: software}
	if d.Top == nil {
		if len(d.Seen.Stacks) > 0 || !failing(message) {
			return nil // what is known and no failure, or nothing of TLS
		}
		return v
	}
	v.causes, v.signature, v.says, v.decides = d.Causes, d.Top.ID, says(d.Top), d.Top.Decides
	v.noise = d.Top.Noise
	for i := range v.causes {
		v.causes[i].By = nil // the texts of hits are not needed
	}
	if v.stack == "" {
		v.stack = d.Top.Stack.ID
	}
	return v
}

// says is the sentence of a signature, the parts that its literals leave open filled in.
func says(h *textdiag.Hit) string {
	s := h.Says
	for i, c := range h.Captures {
		s = strings.ReplaceAll(s, "{"+string(rune('1'+i))+"}", c)
	}
	return s
}

// nearby is how far a word of trouble may be from one of TLS, in bytes.
const nearby = 60

// failing says whether a message that nobody knows speaks of a failed handshake:
// it names one, or a certificate, or TLS, and trouble not far from it.
func failing(message []byte) bool {
	low := bytes.ToLower(message)
	for _, w := range []string{"handshake", "certificate", "tls", "ssl", "x509"} {
		for from := 0; ; {
			i := bytes.Index(low[from:], []byte(w))
			if i < 0 {
				break
			}
			at, end := from+i, from+i+len(w)
			from = end
			if !aWord(low, at, end) {
				continue
			}
			for _, trouble := range []string{"fail", "error", "fatal", "alert", "reject", "refuse", "abort", "invalid", "denied"} {
				near := low[max(0, at-nearby):min(len(low), end+nearby)]
				if k := bytes.Index(near, []byte(trouble)); k >= 0 && (k == 0 || !inWord(near[k-1])) {
					return true
				}
			}
		}
	}
	return false
}

// aWord says whether a word stands by itself: not in a path, an option or the name
// of a package.
func aWord(b []byte, from, to int) bool {
	return (from == 0 || !inWord(b[from-1])) && (to == len(b) || !inWord(b[to]))
}

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '/' || c == '.' || c >= 0x80
}

// together is what two messages of one connection mean.
func together(a, b *verdict) *verdict {
	if a == b || b.message == a.message || strings.Contains(a.message, b.message) {
		return a
	}
	if len(a.message)+len(b.message) >= maxMessage {
		return a
	}
	speaks := a.speaks
	if speaks == cause.SpeaksEither {
		speaks = b.speaks
	}
	software := a.software
	if software == "" {
		software = b.software
	}
	if v := judge([]byte(a.message+"\n"+b.message), speaks, software); v != nil {
		return v
	}
	return a
}

// worker looks at blocks.
type worker struct {
	filter *textdiag.Filter
	parser logline.Parser
	source *source
	known  map[string]*verdict // by who speaks, software and message
	size   int                 // bytes of the keys
	key    []byte
}

// maxKnown and maxKnownSize bound the messages that a worker remembers.
const (
	maxKnown     = 8192
	maxKnownSize = 2 << 20
)

func newWorker(o Options) *worker {
	return &worker{
		filter: textdiag.NewFilter(), known: map[string]*verdict{},
		parser: logline.Parser{Now: o.Now, Zone: o.Zone},
	}
}

// look finds the lines of a block that tell of a failure.
func (w *worker) look(b *block) {
	w.begin(b.source)
	line, counted := int64(0), 0
	for at := w.filter.Next(b.text, 0); at >= 0; {
		from, to := bounds(b.text, at)
		line += int64(bytes.Count(b.text[counted:from], newline))
		counted = from
		if l, v := w.read(b.text[from:to]); v != nil {
			r := record{line: line, from: from, to: to, at: l, head: line, verdict: v}
			if l.Continues {
				w.attach(b, &r)
			}
			b.records = append(b.records, r)
		}
		if to >= len(b.text) {
			break
		}
		at = w.filter.Next(b.text, to)
	}
	b.lines = line + int64(bytes.Count(b.text[counted:], newline))
	if n := len(b.text); b.last && n > 0 && b.text[n-1] != '\n' {
		b.lines++
	}
}

var newline = []byte{'\n'}

// begin makes the parser ready for a source: it forgets the last one's columns.
func (w *worker) begin(s *source) {
	if w.source == s {
		return
	}
	w.source = s
	w.parser = logline.Parser{Now: w.parser.Now, Zone: w.parser.Zone}
	for l := range bytes.Lines(s.head) {
		w.parser.Parse(l)
	}
}

// Of a line of more than longLine bytes, this much around what was found is read.
const (
	longLine = 16 << 10
	around   = 2 << 10
)

func bounds(text []byte, at int) (from, to int) {
	from, to = textdiag.Line(text, at)
	if to-from > longLine {
		from, to = max(from, at-around), min(to, at+around)
	}
	return from, to
}

// read takes a line apart and looks its message up; a nil verdict is no failure.
func (w *worker) read(text []byte) (logline.Line, *verdict) {
	l := w.parser.Parse(text)
	if len(l.Message) == 0 {
		return l, nil
	}
	w.key = append(append(append(append(append(w.key[:0], l.Speaks...), 0), l.Software...), 0), l.Message...)
	v, ok := w.known[string(w.key)]
	if !ok {
		v = judge(l.Message, l.Speaks, l.Software)
		if len(w.key) > maxKept {
			return l, v
		}
		if len(w.known) >= maxKnown || w.size+len(w.key) > maxKnownSize {
			clear(w.known)
			w.size = 0
		}
		w.known[string(w.key)] = v
		w.size += len(w.key)
	}
	return l, v
}

// attach finds the line that a continuing one belongs to, and takes from it what
// the line itself does not have.
func (w *worker) attach(b *block, r *record) {
	at := r.from
	for n := int64(1); n <= maxTrace && at > 0; n++ {
		from := bytes.LastIndexByte(b.text[:at-1], '\n') + 1
		l := w.parser.Parse(b.text[from : at-1])
		at = from
		if l.Continues {
			continue
		}
		r.head = r.line - n
		if r.at.Time.IsZero() {
			r.at.Time = l.Time
		}
		if !r.at.Client.IsValid() {
			r.at.Client, r.at.Port = l.Client, l.Port
		}
		if r.at.Conn == nil {
			r.at.Conn = l.Conn
		}
		if r.at.Name == nil {
			r.at.Name = l.Name
		}
		if r.at.Software == "" {
			r.at.Software = l.Software
		}
		return
	}
}
