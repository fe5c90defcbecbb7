package logs

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/logline"
)

// blockSize is how much of a log is looked at at once. Some of them are in
// memory at a time; of a longer line the beginning counts.
const blockSize = 256 << 10

// block is a part of a log that ends where a line ends.
type block struct {
	source  *source
	text    []byte
	rest    []byte // bytes of the next block that were read with this one
	line    int64  // number of the first line
	last    bool   // nothing follows: the end of the text ends a line
	lines   int64  // how many; filled in by the worker
	records []record
	ready   chan struct{}
}

// record is a line that tells of a failure.
type record struct {
	line    int64 // from the first of the block
	from    int   // where it stands in the block
	to      int
	at      logline.Line
	head    int64 // line that it belongs to, itself for most
	verdict *verdict
}

func newBlock() *block {
	return &block{text: make([]byte, 0, blockSize), ready: make(chan struct{}, 1)}
}

func (b *block) reset() {
	clear(b.records)
	b.records, b.text, b.rest = b.records[:0], b.text[:0], b.rest[:0]
	b.source, b.lines, b.last = nil, 0, false
}

// cut leaves whole lines in the block and puts the beginning of one in rest.
// Lines that belong to the one before them (stack traces) stay with it where it is
// near; for that the last line waits too, unless the log is live.
func (b *block) cut(live bool) {
	end := bytes.LastIndexByte(b.text, '\n') + 1
	if end == 0 {
		return // a piece of a very long line
	}
	at := end
	for n := 0; n < maxTrace && at > 0 && !live; n++ {
		if next := b.text[at:]; len(next) > 0 && !continues(next) {
			break
		}
		at = bytes.LastIndexByte(b.text[:at-1], '\n') + 1
	}
	if at > len(b.text)/2 {
		end = at
	}
	b.rest = append(b.rest[:0], b.text[end:]...)
	b.text = b.text[:end]
}

// maxTrace is how many lines a record may go on for.
const maxTrace = 64

// continues guesses by its beginning that a line belongs to the one before.
func continues(line []byte) bool {
	return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') || bytes.HasPrefix(line, []byte("Caused by:"))
}
