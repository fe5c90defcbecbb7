package probe

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// dialogue is what is said in clear before TLS, one per protocol. The data are
// in the dialogues directory.
type dialogue struct {
	protocol string
	title    string   // the protocol's usual name
	form     string   // what every answer looks like, also a refusal; "": anything
	ports    []uint16 // where the protocol starts in clear
	implicit []uint16 // where it is in TLS from the first byte
	steps    []step
	// noop is one harmless exchange inside TLS.
	noop noop
}

// step is one exchange: something said, or nothing, and an answer.
type step struct {
	name string
	send string // with {host}; "" listens only
	// binary protocols: send and all patterns are of hexadecimal digits.
	hex bool
	// until matches a complete answer; it is the form of the answer, whatever it says.
	until string
	// frame tells the length of a binary answer instead of until.
	frame frame
	ok    string // matches an answer that lets us go on
	// offers matches where the answer names the upgrade; "" where none is named.
	offers string
	// optional: an answer that is not ok only means that nothing is known.
	optional bool
}

// frame is a length in a binary answer: width bytes at offset at, to which add
// is added. Width 0 means that there is none.
type frame struct {
	at, width, add int
	little         bool
	ber            bool // an ASN.1 BER length behind one byte of tag
}

type noop struct {
	send, until, status, bye string
	hex                      bool
}

// dialogueNamed is the dialogue of a protocol.
func dialogueNamed(name string) (*dialogue, bool) {
	i := slices.IndexFunc(dialogues[:], func(d dialogue) bool { return d.protocol == name })
	if i < 0 {
		return nil, false
	}
	return &dialogues[i], true
}

// StartTLSProtocols lists the protocols that have a dialogue.
func StartTLSProtocols() []string {
	var out []string
	for i := range dialogues {
		out = append(out, dialogues[i].protocol)
	}
	return out
}

// StartTLSPort is the usual port of a protocol that upgrades, or 0.
func StartTLSPort(protocol string) uint16 {
	if d, ok := dialogueNamed(protocol); ok && len(d.ports) > 0 {
		return d.ports[0]
	}
	return 0
}

// StartTLSOn names the protocol whose port it is to start in clear on, or "".
func StartTLSOn(port uint16) string {
	for i := range dialogues {
		if slices.Contains(dialogues[i].ports, port) {
			return dialogues[i].protocol
		}
	}
	return ""
}

// ImplicitPort is the port on which a protocol is spoken in TLS from the start,
// or 0.
func ImplicitPort(protocol string) uint16 {
	if d, ok := dialogueNamed(protocol); ok && len(d.implicit) > 0 {
		return d.implicit[0]
	}
	return 0
}

// dialogueFor is the dialogue that an attempt needs: before TLS, or inside it
// where the service, or else the port, says that no HTTP is spoken there. A
// service of no dialogue is heard and asked nothing.
func (p *Prober) dialogueFor(h *transcript.Handshake) (*dialogue, error) {
	if h.StartTLS != "" {
		d, ok := dialogueNamed(h.StartTLS)
		if !ok {
			return nil, fmt.Errorf("no STARTTLS dialogue for %q", h.StartTLS)
		}
		return d, nil
	}
	if h.Service == "http" {
		return nil, nil
	}
	if h.Service != "" {
		if d, ok := dialogueNamed(h.Service); ok {
			return d, nil
		}
		return &dialogue{protocol: h.Service}, nil
	}
	for i := range dialogues {
		if slices.Contains(dialogues[i].implicit, h.Port) {
			return &dialogues[i], nil
		}
	}
	return nil, nil
}

// noOp is what the engine says in the protocol inside TLS.
func (d *dialogue) noOp(host string, greeting bool) *engine.NoOp {
	n := &engine.NoOp{Proto: d.protocol}
	if d.noop.send == "" {
		return n
	}
	show := shower(d.noop.hex)
	n.Send = unhex(strings.ReplaceAll(d.noop.send, "{host}", token(host)), d.noop.hex)
	if greeting && d.greets() {
		n.Greeted = func(b []byte) bool { return len(b) > 0 && d.steps[0].end(b) > 0 }
	}
	if d.noop.bye != "" {
		n.Bye = unhex(d.noop.bye, d.noop.hex)
	}
	n.Done = func(reply []byte) (int, bool) {
		s := show(reply)
		if !pattern(d.noop.until).MatchString(s) {
			return 0, false
		}
		if d.noop.status == "" {
			return 0, true
		}
		m := pattern(d.noop.status).FindStringSubmatch(s)
		if len(m) < 2 {
			return 0, true
		}
		code, _ := strconv.Atoi(m[1]) // 0 where it is none
		return code, true
	}
	return n
}

// greets reports whether the server speaks first.
func (d *dialogue) greets() bool { return len(d.steps) > 0 && d.steps[0].send == "" }

var patterns sync.Map // string to *regexp.Regexp

// pattern compiles a pattern of the data when it is first needed.
func pattern(s string) *regexp.Regexp {
	if r, ok := patterns.Load(s); ok {
		return r.(*regexp.Regexp)
	}
	r := regexp.MustCompile(s) // the generator has compiled every one
	patterns.Store(s, r)
	return r
}

// shower turns bytes into what the patterns are about.
func shower(isHex bool) func([]byte) string {
	if isHex {
		return hex.EncodeToString
	}
	return func(b []byte) string { return string(b) }
}

func unhex(s string, isHex bool) []byte {
	if !isHex {
		return []byte(s)
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic("probe: hexadecimal digits in the dialogues: " + err.Error()) // the generator has read them
	}
	return b
}

// end is the length of the complete answer that b begins with, or 0 if there is
// none yet.
func (s *step) end(b []byte) int {
	switch f := s.frame; {
	case f.ber:
		if n, ok := berLength(b); ok && len(b) >= n {
			return n
		}
		return 0
	case f.width > 0:
		if len(b) < f.at+f.width {
			return 0
		}
		n := 0
		for i := range f.width {
			x := b[f.at+i]
			if f.little {
				n |= int(x) << (8 * i)
			} else {
				n = n<<8 | int(x)
			}
		}
		if n += f.add; n > 0 && len(b) >= n {
			return n
		}
		return 0
	}
	m := pattern(s.until).FindStringIndex(shower(s.hex)(b))
	switch {
	case m == nil:
		return 0
	case s.hex:
		return (m[1] + 1) / 2
	}
	return m[1]
}

// berLength is the length of a BER element with its header.
func berLength(b []byte) (int, bool) {
	if len(b) < 2 {
		return 0, false
	}
	n := int(b[1])
	if n < 0x80 {
		return n + 2, true
	}
	w := n & 0x7f
	if w == 0 || w > 4 || len(b) < 2+w {
		return 0, false
	}
	n = 0
	for _, x := range b[2 : 2+w] {
		n = n<<8 | int(x)
	}
	return n + 2 + w, true
}
