package render

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/render/safe"
	"github.com/tlswhy/tlswhy/internal/report"
)

var hostileText = rapid.OneOf(
	rapid.SampledFrom([]string{
		"\x1b[2J\x1b[1;1H", "\x1b]0;title\x07", "\u009b31m", "\x9b31m", "a\r\nb", "\u202eevil\u202c", "\u200b", "\x00",
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "]]>", "<!--", "{{.}}", "' onmouseover='x", "</style><script>",
		"|`x`|", "```\n# heading", "![x](http://evil.example/)", "@everyone", "&lt;", "\ufeff", "\U000e0041", strings.Repeat("z\u0335", 99),
	}),
	rapid.String(),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 40), func(b []byte) string { return string(b) }),
)

// poison puts texts of a peer into the texts of a report. The words of our own
// that decide the layout stay now and then.
func poison(v reflect.Value, texts []string, random *rand.Rand) {
	switch v.Kind() {
	case reflect.String:
		if random.IntN(4) > 0 {
			v.SetString(texts[random.IntN(len(texts))])
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), texts, random)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), texts, random)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "Schema" {
				poison(v.Field(i), texts, random)
			}
		}
	}
}

var ownColours = regexp.MustCompile(`\x1b\[(0|1|2|3[1-6]|1;3[1-3])m`)

// No view ever emits a character of a peer that a terminal obeys, that hides
// text or reorders it; XML and JSON stay well formed; no markup gets through.
func TestHostileText(t *testing.T) {
	names := scenarios(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := cloneOf(t, names), cloneOf(t, names)
		texts := rapid.SliceOfN(hostileText, 1, 8).Draw(t, "texts")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		poison(reflect.ValueOf(a).Elem(), texts, random)
		poison(reflect.ValueOf(b).Elem(), texts, random)
		o := Options{
			Width: rapid.IntRange(20, 130).Draw(t, "width"), Color: rapid.Bool().Draw(t, "color"),
			Verbose: rapid.Bool().Draw(t, "verbose"), ASCII: rapid.Bool().Draw(t, "ascii"),
		}
		for _, f := range Formats() {
			var one, two bytes.Buffer
			if err := Reports(&one, f, []*report.Report{a, b}, o); err != nil {
				t.Fatal(err)
			}
			if err := Retests(&two, f, []*report.Retest{report.Compare(a, b)}, o); err != nil {
				t.Fatal(err)
			}
			checkHarmless(t, f, one.String())
			checkHarmless(t, f, two.String())
		}
	})
}

func cloneOf(t *rapid.T, names []string) *report.Report {
	// A copy through JSON, for poison must not reach the next round.
	data, err := json.Marshal(scenario(t, rapid.SampledFrom(names).Draw(t, "scenario")))
	if err != nil {
		t.Fatal(err)
	}
	r := new(report.Report)
	if err := json.Unmarshal(data, r); err != nil {
		t.Fatal(err)
	}
	return r
}

func checkHarmless(t *rapid.T, f Format, out string) {
	if f == Term {
		out = ownColours.ReplaceAllString(out, "")
	}
	for i, r := range out {
		if r != '\n' && safe.Dangerous(r) {
			t.Fatalf("%s emits %q: …%q", f, r, out[max(0, i-40):min(len(out), i+40)])
		}
	}
	switch f {
	case HTML:
		for _, bad := range []string{"<script", "<img", "onerror=alert(1)>", "<!--"} {
			if strings.Contains(out, bad) {
				t.Fatalf("%s lets %q through", f, bad)
			}
		}
	case Markdown:
		for _, bad := range []string{"<script", "<img", "![x]("} {
			if strings.Contains(outsideOfCode(out), bad) {
				t.Fatalf("%s lets %q through:\n%s", f, bad, outsideOfCode(out))
			}
		}
	case JUnit:
		d := xml.NewDecoder(strings.NewReader(out))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
		}
	case JSON, SARIF:
		if !json.Valid([]byte(out)) {
			t.Fatalf("%s is no JSON", f)
		}
	}
}

var codeSpan = regexp.MustCompile("`[^`]+`|`` .*? ``|``` .*? ```|```` .*? ````")

// outsideOfCode drops what is code, in which markup means nothing.
func outsideOfCode(s string) string {
	var b strings.Builder
	fence := ""
	for row := range strings.Lines(s) {
		n := longestRun(row[:len(row)-len(strings.TrimLeft(row, "`"))], '`')
		switch {
		case fence == "" && n >= 3:
			fence = row[:n]
		case fence != "" && strings.TrimSpace(row) == fence:
			fence = ""
		case fence == "":
			b.WriteString(codeSpan.ReplaceAllString(row, ""))
		}
	}
	return b.String()
}

// Escaping more than encoding/json does must not change what is said.
func TestJSONRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := map[string]string{"x": strings.ToValidUTF8(hostileText.Draw(t, "text"), "�")}
		var b bytes.Buffer
		if err := WriteJSON(&b, in); err != nil {
			t.Fatal(err)
		}
		var out map[string]string
		if err := json.Unmarshal(b.Bytes(), &out); err != nil {
			t.Fatalf("%q: %v", b.String(), err)
		}
		if d := cmp.Diff(in, out); d != "" {
			t.Fatal(d)
		}
	})
}

func TestCommandsCanBePasted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		command := rapid.SampledFrom([]string{
			"openssl s_client -connect a.example:443 -servername a.example -cipher 'ALL:@SECLEVEL=0' </dev/null | openssl x509 -noout -enddate",
			`curl -v --header "X: a b  c" https://a.example/ -o /dev/null`,
			`printf '%s\n' it\'s "a \"quoted\" word" | cat`,
			"short",
		}).Draw(t, "command")
		width := rapid.IntRange(10, 120).Draw(t, "width")
		rows := wrapCommand(command, width)
		for i, r := range rows[:len(rows)-1] {
			if !strings.HasSuffix(r, ` \`) {
				t.Fatalf("row %d of %q goes on without saying so", i, rows)
			}
			rows[i] = strings.TrimSuffix(r, ` \`)
		}
		joined := strings.Join(rows, " ")
		squeeze := regexp.MustCompile(` +`)
		if squeeze.ReplaceAllString(joined, " ") != squeeze.ReplaceAllString(command, " ") {
			t.Fatalf("%q became %q", command, joined)
		}
	})
}

func TestParseFormat(t *testing.T) {
	for _, f := range Formats() {
		if got, err := ParseFormat(string(f)); got != f || err != nil {
			t.Errorf("%s: %s, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("pdf"); err == nil || !strings.Contains(err.Error(), "term, json, html, markdown, junit, sarif") {
		t.Errorf("pdf: %v", err)
	}
}
