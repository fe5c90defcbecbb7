package logs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/tlswhy/tlswhy/internal/report"
)

// tail is a file that is followed.
type tail struct {
	*source
	at int64 // read so far
}

// follow waits for what is written to the files and to those that come in their
// places, until the context is done. A file that is moved away is read to its end
// first; one that is cut is read from its beginning.
func (r *reader) follow(ctx context.Context, free <-chan *block, put func(*block)) {
	var tails []*tail
	for _, s := range r.sources {
		if s.file == nil || s.live {
			continue
		}
		at, err := s.file.Seek(0, io.SeekCurrent)
		if err != nil {
			r.broken(s, err)
			continue
		}
		tails = append(tails, &tail{source: s, at: at})
	}
	for len(tails) > 0 {
		for _, t := range tails {
			if !r.more(ctx, t, free, put) {
				return
			}
			r.replaced(ctx, t, free, put)
		}
		if !wait(ctx, pollPause) {
			return
		}
	}
}

// more reads what was added to a file; false when the context is done.
func (r *reader) more(ctx context.Context, t *tail, free <-chan *block, put func(*block)) bool {
	if info, err := t.file.Stat(); err == nil && info.Size() < t.at {
		r.damage = append(r.damage, report.LogDamage{
			Source: t.name, Line: t.line, Reason: fmt.Sprintf("the file was cut from %d bytes to %d; it is read from its beginning", t.at, info.Size()),
		})
		t.at, t.line, t.rest = 0, 0, nil
		if _, err := t.file.Seek(0, io.SeekStart); err != nil {
			r.broken(t.source, err)
			return true
		}
	}
	for {
		b := r.take(ctx, t.source, free, t.rest)
		if b == nil {
			return false
		}
		n, err := t.file.Read(b.text[len(b.text):cap(b.text)])
		b.text = b.text[:len(b.text)+n]
		t.at += int64(n)
		if full := len(b.text) == cap(b.text); bytes.IndexByte(b.text, '\n') < 0 && !full {
			t.rest = append(t.rest[:0], b.text...)
			b.text = b.text[:0]
		} else {
			b.cut(true)
			t.rest = append(t.rest[:0], b.rest...)
		}
		r.give(b, put)
		if n == 0 || err != nil {
			return true
		}
	}
}

// replaced goes over to the file that has taken the name of the one followed.
func (r *reader) replaced(ctx context.Context, t *tail, free <-chan *block, put func(*block)) {
	now, err := os.Stat(t.name)
	if err != nil {
		return // moved away, and nothing there yet
	}
	old, err := t.file.Stat()
	if err != nil || os.SameFile(now, old) {
		return
	}
	// What was written between the last look and the move.
	if !r.more(ctx, t, free, put) {
		return
	}
	f, err := os.Open(t.name)
	if err != nil {
		return // tried again at the next look
	}
	_ = t.file.Close() // only read
	if len(t.rest) > 0 {
		if b := r.take(ctx, t.source, free, t.rest); b != nil {
			b.last = true
			r.give(b, put)
		}
	}
	// Blocks of the old file may still be looked at: they have a source of their own.
	t.source = &source{name: t.name, file: f, r: f, done: func() {}}
	r.sources = append(r.sources, t.source)
	t.at = 0
}
