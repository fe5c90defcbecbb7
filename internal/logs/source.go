package logs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tlswhy/tlswhy/internal/report"
)

// Input is a log to read.
type Input struct {
	Name string // a path, or what stands for Reader in messages
	// Reader is read where it is not nil, and the file of that name otherwise.
	// Lines of it count as soon as they come.
	Reader io.Reader
}

// source is an open input.
type source struct {
	name string
	// head are the lines at the beginning that say what the columns are (W3C).
	head []byte
	file *os.File // nil for a reader
	r    io.Reader
	live bool
	done func()
	line int64  // read so far
	rest []byte // of a file that is followed: the beginning of a line
}

// maxHead is how much of a log's beginning is kept for its columns.
const maxHead = 4 << 10

// reader reads all inputs.
type reader struct {
	o       Options
	sources []*source
	read    int64 // of the files, as they are stored
	total   int64
	damage  []report.LogDamage
}

func newReader(inputs []Input, o Options) (*reader, error) {
	r := &reader{o: o}
	for _, in := range inputs {
		s, err := r.open(in)
		if err != nil {
			r.close()
			return nil, err
		}
		r.sources = append(r.sources, s)
	}
	return r, nil
}

func (r *reader) open(in Input) (*source, error) {
	s := &source{name: in.Name, r: in.Reader, live: in.Reader != nil, done: func() {}}
	if in.Reader == nil {
		f, err := os.Open(in.Name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, withoutPath(err))
		}
		info, err := f.Stat()
		if err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a directory: give its files", in.Name)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if info.Mode().IsRegular() {
			r.total += info.Size()
		} else {
			s.live = true
		}
		s.file, s.r = f, f
	}
	return s, nil
}

// withoutPath is the reason without the path, which the message has already.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (r *reader) close() {
	for _, s := range r.sources {
		s.done()
		if s.file != nil {
			_ = s.file.Close() // only read
		}
	}
}

// unpack looks at the beginning of a source, which may wait for it.
func (r *reader) unpack(s *source) error {
	b := bufio.NewReaderSize(&counted{s.r, &r.read}, 64<<10)
	magic, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.r = b
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
		s.r, s.done = z, func() { _ = z.Close() }
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return fmt.Errorf("zstd: %w", err)
		}
		s.r, s.done = z, z.Close
	}
	return nil
}

type counted struct {
	io.Reader
	n *int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += int64(n)
	return n, err
}

// run cuts all sources into blocks. It ends with the inputs or the context.
func (r *reader) run(ctx context.Context, free <-chan *block, put func(*block)) {
	for _, s := range r.sources {
		r.readSource(ctx, s, free, put)
		if ctx.Err() != nil {
			return
		}
	}
	if r.o.Follow {
		r.follow(ctx, free, put)
	}
}

// take is a free block of a source, with what was read of it already; nil when
// the context is done.
func (r *reader) take(ctx context.Context, s *source, free <-chan *block, rest []byte) *block {
	select {
	case <-ctx.Done():
		return nil
	case b := <-free:
		b.source, b.line = s, s.line+1
		b.text = append(b.text, rest...)
		return b
	}
}

// give hands a block over and keeps count of the lines.
func (r *reader) give(b *block, put func(*block)) {
	s := b.source
	if s.line == 0 && len(s.head) == 0 && bytes.HasPrefix(b.text, []byte("#")) {
		s.head = head(b.text)
	}
	s.line += int64(bytes.Count(b.text, []byte{'\n'}))
	if r.o.Progress != nil {
		r.o.Progress(r.read, r.total)
	}
	put(b)
}

// head are the lines at the beginning of a text that begin with #.
func head(text []byte) []byte {
	n := 0
	for n < len(text) && text[n] == '#' {
		i := bytes.IndexByte(text[n:], '\n')
		if i < 0 || n+i > maxHead {
			break
		}
		n += i + 1
	}
	return bytes.Clone(text[:n])
}

func (r *reader) readSource(ctx context.Context, s *source, free <-chan *block, put func(*block)) {
	if err := r.unpack(s); err != nil {
		r.broken(s, err)
		return
	}
	var rest []byte
	for {
		b := r.take(ctx, s, free, rest)
		if b == nil {
			return
		}
		var err error
		for len(b.text) < cap(b.text) && err == nil {
			var n int
			n, err = s.r.Read(b.text[len(b.text):cap(b.text)])
			b.text = b.text[:len(b.text)+n]
			if s.live && n > 0 && bytes.IndexByte(b.text, '\n') >= 0 {
				break
			}
		}
		if err == nil {
			b.cut(s.live)
			rest = append(rest[:0], b.rest...)
			r.give(b, put)
			continue
		}
		if r.o.Follow && s.file != nil && !s.live {
			b.cut(true)
			s.rest = bytes.Clone(b.rest)
		}
		b.last = true
		r.give(b, put)
		if !errors.Is(err, io.EOF) {
			r.broken(s, err)
		}
		return
	}
}

// broken notes where a source ended before its time.
func (r *reader) broken(s *source, err error) {
	reason := err.Error()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		reason = "the compressed data ends midway"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrCRCMismatch), errors.Is(err, zstd.ErrMagicMismatch):
		reason = "the compressed data is damaged: " + reason
	}
	r.damage = append(r.damage, report.LogDamage{Source: s.name, Line: s.line, Reason: reason})
}

// pollPause is how often a file that is followed is looked at.
const pollPause = 200 * time.Millisecond

// wait pauses, or ends with the context; it reports whether to go on.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
