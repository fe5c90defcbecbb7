package cause_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// TestEveryCauseIsComplete holds each entry to what a reader on call needs.
func TestEveryCauseIsComplete(t *testing.T) {
	for _, c := range cause.All() {
		t.Run(string(c.ID), func(t *testing.T) {
			if c.Title == "" || c.Summary == "" || c.What == "" || c.Retest == "" {
				t.Error("title, summary, what or retest is missing")
			}
			if len(c.Shows) < 2 || len(c.Confirm) == 0 || len(c.Reproduce) == 0 || len(c.References) == 0 {
				t.Error("shows, confirm, reproduce or references are too few")
			}
			if len(c.Near) == 0 {
				t.Error("no neighbour: nothing shares its symptoms?")
			}
			for i, n := range c.Near {
				if n == c.ID || !n.Valid() {
					t.Errorf("near %q", n)
				}
				if c.Decides[i].From != n || c.Decides[i].How == "" {
					t.Errorf("decides[%d] is %+v, want what tells it from %s", i, c.Decides[i], n)
				}
			}
			if len(c.FixesFor("", "")) == 0 {
				t.Error("no generic fix")
			}
			if len(c.FixesFor("", c.Side)) == 0 {
				t.Errorf("no generic fix for the side that usually acts, %s", c.Side)
			}
			for _, f := range c.Fixes {
				if !f.Side.Valid() || f.Text == "" {
					t.Errorf("fix for %s: side %q, text %q", f.For, f.Side, f.Text)
				}
			}
			if needsNetwork(c.ID) && !slices.ContainsFunc(c.Reproduce, func(cmd string) bool {
				return strings.Contains(cmd, "openssl s_client") || strings.Contains(cmd, "curl ")
			}) {
				t.Error("no openssl or curl command reproduces it")
			}
		})
	}
}

// needsNetwork excepts the causes that show before there is anything to connect to.
func needsNetwork(id cause.ID) bool { return id != cause.DNSFailure }

// TestTwinsNameEachOther: whoever reads one of two causes that are easily
// confused has to find the other one.
func TestTwinsNameEachOther(t *testing.T) {
	for _, pair := range [][2]cause.ID{
		{cause.NoSharedVersion, cause.NoSharedCipher},
		{cause.NoSharedVersion, cause.ClientTooOld},
		{cause.HostnameMismatch, cause.WrongCertificate},
		{cause.IncompleteChain, cause.UntrustedRoot},
		{cause.Expired, cause.ClientClockSkew},
		{cause.MTLSRequired, cause.MTLSCertRejected},
		{cause.SNIFiltered, cause.ResetAfterHello},
		{cause.SilentAfterHello, cause.LargeHelloDropped},
		{cause.NotTLS, cause.STARTTLSRequired},
		{cause.OriginHandshakeFailed, cause.OriginCertInvalid},
	} {
		for range 2 {
			c, _ := cause.Get(pair[0])
			if !slices.Contains(c.Near, pair[1]) {
				t.Errorf("%s does not name %s as near", pair[0], pair[1])
			}
			pair[0], pair[1] = pair[1], pair[0]
		}
	}
}

// everyText visits all prose and all templates of causes and topics.
func everyText(visit func(where, kind, text string)) {
	for _, c := range cause.All() {
		w := string(c.ID)
		visit(w, "title", c.Title)
		visit(w, "prose", c.Summary)
		visit(w, "prose", c.What)
		visit(w, "prose", c.Retest)
		for _, s := range c.Shows {
			visit(w+" shows in "+s.In, "quote", s.Text)
		}
		for _, s := range c.Confirm {
			visit(w+" confirm", "prose", s)
		}
		for _, d := range c.Decides {
			visit(w+" decides "+string(d.From), "prose", d.How)
		}
		for _, f := range c.Fixes {
			visit(w+" fix for "+f.For, "prose", f.Text)
			visit(w+" fix for "+f.For, "config", f.Config)
			for _, r := range f.Run {
				visit(w+" fix for "+f.For, "command", r)
			}
		}
		for _, r := range c.Reproduce {
			visit(w+" reproduce", "command", r)
		}
	}
	for _, topic := range cause.Topics() {
		w := "topic " + topic.ID
		visit(w, "title", topic.Title)
		visit(w, "prose", topic.Summary)
		visit(w, "prose", topic.Outro)
		for _, p := range topic.Text {
			visit(w, "prose", p)
		}
		for _, i := range topic.Items {
			visit(w+" "+i.ID, "title", i.Title)
			visit(w+" "+i.ID, "prose", i.Text)
			visit(w+" "+i.ID, "prose", i.Next)
			for _, r := range i.Commands {
				visit(w+" "+i.ID, "command", r)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{\{?[a-z_][a-z0-9_]*\}\}?`)

func TestOnlyKnownPlaceholders(t *testing.T) {
	known, used := map[string]bool{}, map[string]bool{}
	for _, p := range cause.Placeholders() {
		known[p.Name] = true
	}
	everyText(func(where, _, text string) {
		for _, m := range placeholder.FindAllString(text, -1) {
			name := strings.Trim(m, "{}")
			if strings.HasPrefix(m, "{{") {
				if known[name] {
					t.Errorf("%s: %s escapes a name that is a placeholder", where, m)
				}
				continue
			}
			if !known[name] {
				t.Errorf("%s: %s is no placeholder in %q", where, m, text)
			}
			used[name] = true
		}
	})
	// {servername} and {version_option} are made of these.
	used["sni"], used["version"] = true, true
	for name := range known {
		if !used[name] {
			t.Errorf("no text uses {%s}", name)
		}
	}
}

// TestPlaceholdersAreDocumented keeps data/README.md and the table the same.
func TestPlaceholdersAreDocumented(t *testing.T) {
	text, err := os.ReadFile("data/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Placeholders")
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("`{([a-z_]+)}`").FindAllStringSubmatch(table, -1) {
		documented[m[1]] = true
	}
	for _, p := range cause.Placeholders() {
		if !documented[p.Name] {
			t.Errorf("data/README.md does not tell of {%s}", p.Name)
		}
		delete(documented, p.Name)
	}
	delete(documented, "name") // the example of the escape
	for name := range documented {
		t.Errorf("data/README.md tells of {%s}, which is none", name)
	}
}

// TestTemplatesDegrade expands everything with nothing known: what a reader of
// `tlswhy guide` sees.
func TestTemplatesDegrade(t *testing.T) {
	spaces := regexp.MustCompile(`\S  +\S| $|^ `)
	everyText(func(where, kind, text string) {
		got := cause.Expand(text, nil)
		if kind == "command" {
			got = cause.ExpandCommand(text, nil)
		}
		for _, m := range placeholder.FindAllString(got, -1) {
			if !strings.Contains(text, "{"+m+"}") {
				t.Errorf("%s: %s is left in %q", where, m, got)
			}
		}
		if kind != "config" && kind != "quote" && spaces.MatchString(got) {
			t.Errorf("%s: stray spaces in %q", where, got)
		}
	})
}

// TestCommandPlaceholdersAreWords: a value is quoted as one word of the shell,
// which only works outside of quotes.
func TestCommandPlaceholdersAreWords(t *testing.T) {
	everyText(func(where, kind, text string) {
		if kind != "command" {
			return
		}
		quote := byte(0)
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case quote == 0 && (c == '\'' || c == '"'):
				quote = c
			case c == quote:
				quote = 0
			case c == '{' && quote != 0:
				m := placeholder.FindString(text[i:])
				switch {
				case m == "" || !strings.HasPrefix(text[i:], m):
				case strings.HasPrefix(m, "{{"):
					i += len(m) - 1
				default:
					t.Errorf("%s: %s stands inside quotes in %q", where, m, text)
				}
			}
		}
		if quote != 0 {
			t.Errorf("%s: open quote in %q", where, text)
		}
	})
}

func TestProse(t *testing.T) {
	banned := regexp.MustCompile(`(?i)\b(simply|just click|obviously|please|utilize|leverage|robust|seamless|ensure that)\b`)
	everyText(func(where, kind, text string) {
		if text == "" {
			return
		}
		if len(text) > 600 && kind != "config" {
			t.Errorf("%s: %d characters, at most 600: %q…", where, len(text), text[:60])
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.TrimRight(line, " \t") != line {
				t.Errorf("%s: trailing space in %q", where, line)
			}
		}
		if kind == "prose" && strings.Contains(text, "\n") {
			t.Errorf("%s: prose breaks the line: %q", where, text)
		}
		if kind == "prose" && strings.Count(text, "`")%2 != 0 {
			t.Errorf("%s: open backquote in %q", where, text)
		}
		if kind == "title" && strings.HasSuffix(text, ".") {
			t.Errorf("%s: a title has no full stop: %q", where, text)
		}
		if m := banned.FindString(text); m != "" && kind == "prose" {
			t.Errorf("%s: %q says nothing", where, m)
		}
		if strings.Contains(text, "/home/") || strings.Contains(text, "/root/") || strings.Contains(text, "/tmp/") {
			t.Errorf("%s: speaks of somebody's own machine: %q", where, text)
		}
	})
}
