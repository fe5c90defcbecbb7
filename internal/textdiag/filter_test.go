package textdiag

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// No line that a signature knows is passed over, wherever it stands in a block,
// but the few whose literals are of less than five bytes.
func TestFilterFindsEverySample(t *testing.T) {
	f := NewFilter()
	missed := 0
	for _, s := range cause.Signatures() {
		if len(s.Causes) == 0 {
			continue
		}
		for l := range strings.Lines(s.Sample) {
			l = strings.TrimSuffix(l, "\n")
			d := Explain([]byte(l))
			if d.Top == nil {
				continue
			}
			for shift := range 6 {
				block := append(bytes.Repeat([]byte("-"), shift), l...)
				if f.Next(block, 0) < 0 {
					missed++
					t.Logf("%s, moved by %d: passed over: %q", s.ID, shift, l)
					break
				}
			}
		}
	}
	if missed > 0 {
		t.Errorf("%d lines of samples are passed over", missed)
	}
}

// Next is the first place of a window, as a search byte by byte finds it.
func TestFilterAgainstPlainSearch(t *testing.T) {
	f := NewFilter()
	r := rand.New(rand.NewPCG(1, 2))
	var samples []string
	for _, s := range cause.Signatures() {
		samples = append(samples, s.Sample)
	}
	for range 300 {
		var text []byte
		for range 3 {
			for range r.IntN(40) {
				text = append(text, byte(r.IntN(256)))
			}
			s := samples[r.IntN(len(samples))]
			text = append(text, s[:r.IntN(len(s)+1)]...)
		}
		from := r.IntN(len(text) + 1)
		want := -1
		for i := from; i < len(text) && want < 0; i++ {
			if f.at(text, i) {
				want = i
			}
		}
		if got := f.Next(text, from); got != want {
			t.Fatalf("from %d of %q: %d, want %d", from, text, got, want)
		}
	}
}

func BenchmarkFilter(b *testing.B) {
	line := "2026/11/24 10:11:12 [error] 1234#1234: *56789 open() \"/usr/share/nginx/html/images/logo-2.png\" failed (2: No such file or directory), client: 198.51.100.23, server: www.example.com, request: \"GET /images/logo-2.png HTTP/1.1\", host: \"www.example.com\"\n"
	text := bytes.Repeat([]byte(line), 4000)
	f := NewFilter()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if at := f.Next(text, 0); at >= 0 {
			from, to := Line(text, at)
			b.Fatalf("a hit at %q in %q", text[at:at+6], text[from:to])
		}
	}
}
