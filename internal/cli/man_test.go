package cli

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// The manual page tells of every command and every flag, and holds no line that
// troff would take for a request of its own.
func TestManPage(t *testing.T) {
	page := ManPage()
	plain := strings.ReplaceAll(page, `\-`, "-")
	root := (&app{}).rootCommand()
	for _, c := range root.Commands() {
		if c.Hidden || !c.IsAvailableCommand() {
			continue
		}
		if !strings.Contains(plain, "\n.SS "+c.Name()) {
			t.Errorf("no section for %s", c.Name())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !strings.Contains(plain, `\fB--`+f.Name+`\fR`) {
				t.Errorf("%s --%s is missing", c.Name(), f.Name)
			}
		})
	}
	request := regexp.MustCompile(`^\.(TH|SH|SS|PP|TP|B|BR|nf|fi|br)( |$)`)
	for row := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(row, ".") && !request.MatchString(row) {
			t.Errorf("unknown request: %q", row)
		}
		if strings.HasPrefix(row, "'") {
			t.Errorf("a request in disguise: %q", row)
		}
	}
}

// Help fits 80 columns.
func TestHelpIsNarrow(t *testing.T) {
	root := (&app{}).rootCommand()
	for _, c := range append(root.Commands(), root) {
		for row := range strings.SplitSeq(helpText(c), "\n") {
			if n := len([]rune(row)); n > helpWidth {
				t.Errorf("%s: %d columns: %s", c.CommandPath(), n, row)
			}
		}
	}
}
