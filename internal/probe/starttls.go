package probe

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// Bounds of a dialogue.
const (
	maxStepBytes     = 16 << 10
	maxDialogueLines = 80
	maxDialogueLine  = 400
)

// startTLS holds the plaintext dialogue and reports whether TLS may begin. If
// not, the outcome is set and the connection over.
func (p *Prober) startTLS(ctx context.Context, d *dialogue, h *transcript.Handshake, nc *link, t *transcript.Transcript) bool {
	start := p.o.Now()
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	defer func() { t.Times.StartTLS = p.o.Now().Sub(start) }()
	for i := range d.steps {
		s := &d.steps[i]
		reply, detail := p.step(ctx, s, h, nc, t)
		if detail == "" {
			detail = judge(d, s, reply)
		}
		if detail != "" {
			t.Outcome.Kind, t.Outcome.Detail = transcript.StartTLSFailed, detail
			if errors.Is(ctx.Err(), context.Canceled) {
				t.Outcome.Kind, t.Outcome.Detail = transcript.Aborted, "cancelled in the STARTTLS dialogue"
			}
			_ = nc.CloseWrite()
			return false
		}
	}
	if len(nc.early) > 0 {
		// Whatever comes in clear behind the go-ahead would be taken for part of
		// the protected conversation by a careless client (CVE-2011-0411 and its kin).
		t.Outcome.Kind = transcript.StartTLSFailed
		t.Outcome.Detail = "bytes in clear text after the go-ahead: " + printable(nc.early, false)
		return false
	}
	_ = nc.SetDeadline(time.Time{})
	return true
}

// step says what the step has to say and reads the answer. What is read beyond
// it stays in nc.early.
func (p *Prober) step(ctx context.Context, s *step, h *transcript.Handshake, nc *link, t *transcript.Transcript) (reply []byte, detail string) {
	setDeadline(ctx, nc, h.Wait)
	if s.send != "" {
		out := unhex(strings.ReplaceAll(s.send, "{host}", token(h.Host)), s.hex)
		say(t, "C: ", out, s.hex)
		n, err := nc.Write(out)
		t.BytesSent += int64(n)
		if err != nil {
			return nil, brokeOff(s, err, false)
		}
	}
	if s.until == "" && s.frame == (frame{}) {
		return nil, ""
	}
	var b [2 << 10]byte
	end := 0
	for end == 0 {
		if len(reply) >= maxStepBytes {
			say(t, "S: ", reply, s.hex)
			return reply, fmt.Sprintf("garbled answer at %s: %d bytes without an end", s.name, len(reply))
		}
		if len(reply) > 0 && hopeless(s, reply) {
			say(t, "S: ", reply, s.hex)
			return reply, garbled(s, reply)
		}
		setDeadline(ctx, nc, h.Wait)
		n, err := nc.Read(b[:])
		t.BytesReceived += int64(n)
		reply = append(reply, b[:n]...)
		switch {
		case n > 0 && (s.hex || bytes.ContainsAny(b[:n], "\n>")):
			// Answers in text end with a line or a tag: this spares a search for
			// each byte of a drip.
			end = s.end(reply)
		case n == 0 && err != nil:
			say(t, "S: ", reply, s.hex)
			if len(reply) == 0 {
				return nil, brokeOff(s, err, true)
			}
			if isTimeout(err) {
				return reply, garbled(s, reply) + ", and no more"
			}
			return reply, garbled(s, reply) + ", then the end of the connection"
		}
	}
	reply, nc.early = reply[:end], append(reply[end:], nc.early...)
	say(t, "S: ", reply, s.hex)
	return reply, ""
}

// hopeless reports whether an answer that began like that cannot become one of
// the protocol: bytes of TLS, or of a binary protocol where text is due.
func hopeless(s *step, b []byte) bool {
	if s.hex {
		return false
	}
	return b[0] < 0x20 && b[0] != '\r' && b[0] != '\n' && b[0] != '\t'
}

// judge says what is wrong with an answer, or "".
func judge(d *dialogue, s *step, reply []byte) string {
	text := shower(s.hex)(reply)
	if s.ok != "" && !pattern(s.ok).MatchString(text) {
		if s.optional {
			return ""
		}
		if looksLike(d, reply, s.hex) {
			return "refused at " + s.name + ": " + printable(reply, s.hex)
		}
		return garbled(s, reply)
	}
	if s.offers != "" && !pattern(s.offers).MatchString(text) {
		return "the server does not offer STARTTLS"
	}
	return ""
}

// looksLike reports whether the answer has at least the form of the protocol.
func looksLike(d *dialogue, reply []byte, isHex bool) bool {
	if isHex {
		return true // a whole frame
	}
	return d.form == "" || pattern(d.form).Match(reply)
}

func garbled(s *step, reply []byte) string {
	return "garbled answer at " + s.name + ": " + printable(reply, s.hex)
}

func brokeOff(s *step, err error, reading bool) string {
	at := "at " + s.name
	if s.send != "" && reading {
		at = "after " + s.name
	}
	switch {
	case isTimeout(err):
		return "no answer " + at
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection " + at
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset " + at
	}
	return systemReason(err) + " " + at
}

// say notes what was said, line by line.
func say(t *transcript.Transcript, who string, b []byte, isHex bool) {
	if len(b) == 0 {
		return
	}
	lines := []string{hex.EncodeToString(b)}
	if !isHex {
		lines = strings.Split(strings.TrimRight(string(b), "\r\n"), "\n")
	}
	for _, l := range lines {
		if len(t.Dialogue) >= maxDialogueLines {
			return
		}
		l = strings.ToValidUTF8(strings.TrimRight(l, "\r"), "\uFFFD")
		if len(l) > maxDialogueLine {
			l = strings.ToValidUTF8(l[:maxDialogueLine], "") + "…"
		}
		t.Dialogue = append(t.Dialogue, who+l)
	}
}

// printable is the last line of an answer, fit for a sentence.
func printable(b []byte, isHex bool) string {
	const show = 100
	if isHex {
		if s := longestText(b); len(s) >= 8 {
			return s
		}
		return hex.EncodeToString(b[:min(len(b), 24)])
	}
	s := strings.TrimRight(string(b), "\r\n")
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '\uFFFD' {
			return '.'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > show {
		s = string(r[:show]) + "…"
	}
	return s
}

// longestText is the longest run of printable characters in a binary answer:
// where it refuses, its reason in words.
func longestText(b []byte) string {
	best, from := "", 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && b[i] >= 0x20 && b[i] < 0x7f {
			continue
		}
		if i-from > len(best) {
			best = string(b[from:i])
		}
		from = i + 1
	}
	return best[:min(len(best), 100)]
}

// token keeps line ends and markup out of a name that goes into a dialogue.
func token(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '<' || r == '>' || r == '\'' || r == '"' || r == '&' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
