package safe

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLine(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "CN=example.com, O=Example Ltd", "CN=example.com, O=Example Ltd"},
		{"scripts stay", "株式会社 Bücher Łódź ру́сский עִבְרִית", "株式会社 Bücher Łódź ру́сский עִבְרִית"},
		{"escape sequence", "\x1b[2Jgone\x1b]0;title\x07", `\x1b[2Jgone\x1b]0;title\x07`},
		{"C1 as UTF-8", "a\u009b31mred", `a\u009b31mred`},
		{"C1 as a bare byte", "a\x9b31mred", `a\x9b31mred`},
		{"line ends", "a\r\nb\tc", `a\r\nb\tc`},
		{"separators", "a\u2028b\u2029c\u0085d", `a\u2028b\u2029c\u0085d`},
		{"override", "moc.elpmaxe\u202eevil", `moc.elpmaxe\u202eevil`},
		{"isolates", "\u2066a\u2069", `\u2066a\u2069`},
		{"zero width", "exam\u200bple", `exam\u200bple`},
		{"tags", "a\U000e0041b", `a\U000e0041b`},
		{"NUL", "good.example\x00.evil.example", `good.example\x00.evil.example`},
		{"broken UTF-8", "\xff\xfea\xc3", `\xff\xfea\xc3`},
		{"marks pile up", "z" + strings.Repeat("\u0335", 40) + "x", "z\u0335\u0335\u0335\u0335x"},
		{"too long", strings.Repeat("a", 100), strings.Repeat("a", 60) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Line(tt.in, 60); got != tt.want {
				t.Errorf("%q became %q, want %q", tt.in, got, tt.want)
			}
		})
	}
	if got := Text("a\nb\tc\x1b", 60); got != "a\nb c\\x1b" {
		t.Errorf("Text: %q", got)
	}
	if Plain("a\x1b") || Plain("\u202e") || !Plain("株") {
		t.Error("Plain is wrong")
	}
}

// Whatever comes in, nothing dangerous goes out, it is UTF-8, bounded, and
// cleaning it again changes nothing.
func TestLineIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		limit := rapid.IntRange(0, 50).Draw(t, "limit")
		out := Line(in, limit)
		for _, r := range out {
			if Dangerous(r) {
				t.Fatalf("%q became %q", in, out)
			}
		}
		if !utf8.ValidString(out) {
			t.Fatalf("%q became %q: not UTF-8", in, out)
		}
		// The longest escape, \U00012345, stands for one character.
		if n := utf8.RuneCountInString(out); n > limit*10+1 {
			t.Fatalf("%q became %d characters, limit %d", in, n, limit)
		}
		if again := Line(out, len(out)); again != out {
			t.Fatalf("%q became %q, then %q", in, out, again)
		}
	})
}

func FuzzLine(f *testing.F) {
	f.Add("\x1b[2J\u202e\x9b")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Line(s, MaxLine) {
			if Dangerous(r) {
				t.Fatalf("%q lets %q through", s, r)
			}
		}
	})
}
