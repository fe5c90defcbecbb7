package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// The commands that README.md, CONTRIBUTING.md and the examples of --help show
// are ones that the program has, with flags that it knows.
func TestShownCommandsExist(t *testing.T) {
	lines := 0
	check := func(where, line string) {
		line, _, _ = strings.Cut(line, "#")
		for part := range strings.SplitSeq(line, "|") {
			part = strings.TrimPrefix(strings.TrimSpace(part), "$ ")
			if !strings.HasPrefix(part, "tlswhy ") {
				continue
			}
			lines++
			words, err := shellSplit(strings.TrimSpace(part))
			if err != nil {
				t.Errorf("%s: %v", where, err)
				continue
			}
			root := (&app{}).rootCommand()
			root.InitDefaultCompletionCmd()
			cmd, args, err := root.Find(words[1:])
			if err == nil {
				err = cmd.ParseFlags(args)
			}
			if err != nil && !strings.Contains(err.Error(), "help requested") {
				t.Errorf("%s: %s: %v", where, part, err)
			}
		}
	}
	for _, file := range []string{"../../README.md", "../../CONTRIBUTING.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			for row := range strings.SplitSeq(block[1], "\n") {
				check(file, row)
			}
		}
	}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for row := range strings.SplitSeq(c.Example+"\n"+c.Long, "\n") {
			if strings.HasPrefix(row, "  ") {
				head, _, _ := strings.Cut(strings.TrimSpace(row), "   ") // what follows explains
				check(c.CommandPath(), head)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{}).rootCommand())
	if lines < 30 {
		t.Errorf("only %d commands were found", lines)
	}
}
