package textdiag

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
)

// Filter finds in blocks of a log the lines that may hold one of the texts that
// tell of a failure, and passes over all others as fast as memory is read. It
// looks at every second place for five bytes that occur in the window of a
// literal (see aim), and where they do, for that window.
//
// It knows the literals of signatures with causes, the word alert, OpenSSL's
// packed codes, and what texts that are not in the catalogue are likely to have.
// Letters count in either case. What stands on several lines it
// does not find.
type Filter struct {
	factor uint64                      // of the hash
	grams  [1 << (gramBits - 6)]uint64 // by hash, as bits
	// windows is an open table of the windows, folded and packed into 64 bits with
	// their length on top.
	windows []uint64
	mask    int
	short   []uint64 // the few windows of shortestWindow
}

const (
	gramBits = 18 // 64 KiB: stays in a core's second cache
	folding  = 0x2020202020202020
	gramLen  = 5
	// stride is from one place looked at to the next: a window has a place among its
	// first two wherever it begins.
	stride = window - gramLen + 1
	// shortestWindow may begin a byte before a place; then the end of what is looked at
	// is beyond it, and every byte that may follow is taken as its last.
	shortestWindow = window - 1
)

// suspects are windows of words that those use who speak of handshakes and
// certificates.
var suspects = []string{"ndshak", "ertifi", "ssl er", "tls er", "ssl_er", "tls_er", "x509: ", "ssl: e", "tls: e", "ssl fa", "tls fa"}

var filter struct {
	once sync.Once
	f    *Filter
}

// NewFilter returns the filter of the catalogue's signatures. It is shared and
// may be used by several at once.
func NewFilter() *Filter {
	filter.once.Do(func() { filter.f = newFilter(load()) })
	return filter.f
}

func newFilter(c *catalogue) *Filter {
	f := &Filter{}
	var all []string
	for i := range c.patterns {
		switch e := c.entries[i]; e.kind {
		case matches:
			if len(c.signatures[e.signature].Causes) == 0 {
				continue
			}
		case alertWord, codePrefix:
		default:
			continue
		}
		p := &c.patterns[i]
		part := p.parts[p.part]
		all = append(all, part[p.offset:min(len(part), p.offset+window)])
	}
	all = append(all, suspects...)
	f.mask = 1<<bits.Len(uint(len(all)*4)) - 1
	f.windows = make([]uint64, f.mask+1)
	for _, w := range all {
		if len(w) < shortestWindow {
			continue // see TestFilterFindsEverySample
		}
		var b [8]byte
		copy(b[:], w)
		key := packed(binary.LittleEndian.Uint64(b[:]), len(w))
		if len(w) == window {
			f.insert(key)
		} else if !slices.Contains(f.short, key) {
			f.short = append(f.short, key)
		}
	}
	f.fill(slices.DeleteFunc(all, func(w string) bool { return len(w) < shortestWindow }))
	return f
}

// factors are what the hash may multiply with; of these, the one counts with which
// the fewest ordinary places are taken for grams: such a place is in every line.
var factors = []uint64{
	0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53, 0x87c37b91114253d5, 0x4cf5ad432745937f, 0xa0761d6478bd642f,
	0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3, 0x1d8e4e27c47d124f, 0xd6e8feb86659fd93, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 0x85ebca77c2b2ae63,
}

func (f *Filter) fill(windows []string) {
	best, least := *f, 1<<30
	for _, m := range factors {
		f.factor, f.grams = m, best.grams
		clear(f.grams[:])
		for _, w := range windows {
			f.grow(w)
		}
		n := 0
		for i := 0; i+8 <= len(ordinaryText); i++ {
			h := gramHash(binary.LittleEndian.Uint64([]byte(ordinaryText[i:i+8]))|folding, f.factor)
			n += int(f.grams[h>>6] >> (h & 63) & 1)
		}
		if n < least {
			best, least = *f, n
		}
	}
	*f = best
}

// grow adds the grams at which a window is met.
func (f *Filter) grow(w string) {
	if len(w) == shortestWindow {
		for c := range 256 {
			f.grow(w + string([]byte{byte(c)}))
		}
		return
	}
	for o := range stride {
		var b [8]byte
		copy(b[:], w[o:o+gramLen])
		h := gramHash(binary.LittleEndian.Uint64(b[:])|folding, f.factor)
		f.grams[h>>6] |= 1 << (h & 63)
	}
}

// gramHash is of the first five of eight bytes, folded.
func gramHash(x, factor uint64) uint64 { return x << 24 * factor >> (64 - gramBits) }

// packed is a window of n bytes, the first of x, as a key that is not zero.
func packed(x uint64, n int) uint64 {
	return (x|folding)&(1<<(8*n)-1) | uint64(n)<<56
}

func slot(key uint64) int { return int(key * 0x9e3779b97f4a7c15 >> 33) }

func (f *Filter) insert(key uint64) {
	i := slot(key) & f.mask
	for f.windows[i] != 0 && f.windows[i] != key {
		i = (i + 1) & f.mask
	}
	f.windows[i] = key
}

func (f *Filter) has(key uint64) bool {
	for i := slot(key) & f.mask; f.windows[i] != 0; i = (i + 1) & f.mask {
		if f.windows[i] == key {
			return true
		}
	}
	return false
}

// Next returns the first place from which on text holds a window of a literal,
// or -1 for none.
func (f *Filter) Next(text []byte, from int) int {
	i := max(from, 0)
	const step = 4 * stride
	factor, grams := f.factor, &f.grams
	for ; i+2*step <= len(text); i += step {
		t := text[i : i+2*step : i+2*step]
		x, y := binary.LittleEndian.Uint64(t)|folding, binary.LittleEndian.Uint64(t[8:])|folding
		a, b, c, d := gramHash(x, factor), gramHash(x>>16, factor), gramHash(x>>32|y<<32, factor), gramHash(x>>48|y<<16, factor)
		hit := grams[a>>6]>>(a&63)&1 | grams[b>>6]>>(b&63)&1<<1 | grams[c>>6]>>(c&63)&1<<2 | grams[d>>6]>>(d&63)&1<<3
		if hit == 0 {
			continue
		}
		for k := range step / stride {
			if hit>>k&1 == 0 {
				continue
			}
			place := i + stride*k
			for at := max(from, place-stride+1); at <= place; at++ {
				if f.at(text, at) {
					return at
				}
			}
		}
	}
	for i = max(from, i-stride+1); i < len(text); i++ {
		if f.at(text, i) {
			return i
		}
	}
	return -1
}

// at says whether a window stands at a place.
func (f *Filter) at(text []byte, i int) bool {
	var x uint64
	if i+8 <= len(text) {
		x = binary.LittleEndian.Uint64(text[i:])
	} else {
		var b [8]byte
		copy(b[:], text[i:])
		x = binary.LittleEndian.Uint64(b[:])
	}
	if i+window <= len(text) && f.has(packed(x, window)) {
		return true
	}
	if i+shortestWindow <= len(text) {
		key := packed(x, shortestWindow)
		for _, k := range f.short {
			if k == key {
				return true
			}
		}
	}
	return false
}

// Line returns the bounds of the line that has the place at, without its end.
func Line(text []byte, at int) (from, to int) {
	from = bytes.LastIndexByte(text[:at], '\n') + 1
	to = len(text)
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		to = at + i
	}
	return from, to
}
