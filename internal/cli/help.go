package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is what help is wrapped to: it is read in terminals of any width,
// and goes to pagers and files.
const helpWidth = 80

// help prints the help of a command.
func (a *app) help(cmd *cobra.Command, _ []string) {
	_, _ = io.WriteString(a.out, helpText(cmd)) // a reader that went away misses nothing
}

func helpText(cmd *cobra.Command) string {
	var b strings.Builder
	long := cmd.Long
	if long == "" {
		long = cmd.Short + "."
	}
	fmt.Fprintf(&b, "%s\n\nUsage:\n  %s\n", strings.TrimSpace(long), useLine(cmd))
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.TrimRight(cmd.Example, "\n"))
	}
	if commands := visible(cmd); len(commands) > 0 {
		b.WriteString("\nCommands:\n")
		for _, c := range commands {
			fmt.Fprintf(&b, "  %-12s %s\n", c.Name(), c.Short)
		}
	}
	for _, g := range flagGroups(cmd) {
		fmt.Fprintf(&b, "\n%s:\n", g.name)
		for _, f := range g.flags {
			writeFlag(&b, f)
		}
	}
	if !cmd.HasParent() {
		b.WriteString("\nA command's name wins over a host of that name: tlswhy check lab.\n")
	}
	return b.String()
}

func useLine(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return "tlswhy [flags] TARGET…\n  tlswhy COMMAND [flags]"
	}
	line := cmd.Parent().CommandPath() + " " + cmd.Use
	if cmd.HasAvailableLocalFlags() && !strings.Contains(cmd.Use, "--") {
		line += " [flags]"
	}
	return line
}

// commandOrder is how commands are listed: by how often they are wanted.
const commandOrder = "check survey run retest guide lab clients env schema version completion"

func visible(cmd *cobra.Command) []*cobra.Command {
	all := slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return !c.IsAvailableCommand() })
	slices.SortStableFunc(all, func(a, b *cobra.Command) int {
		return strings.Index(commandOrder, a.Name()) - strings.Index(commandOrder, b.Name())
	})
	return all
}

type flagGroup struct {
	name  string
	flags []*pflag.Flag
}

// flagGroups are the flags by group; those of none come last.
func flagGroups(cmd *cobra.Command) []flagGroup {
	groups := []flagGroup{{name: groupCompare}, {name: groupPoint}, {name: groupTarget}, {name: groupVerify}, {name: groupPace}, {name: groupOutput}, {name: "Other"}}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		i := len(groups) - 1
		if g := f.Annotations[groupOf]; len(g) > 0 {
			i = slices.IndexFunc(groups, func(x flagGroup) bool { return x.name == g[0] })
		}
		groups[i].flags = append(groups[i].flags, f)
	})
	return slices.DeleteFunc(groups, func(g flagGroup) bool { return len(g.flags) == 0 })
}

// writeFlag writes "  --ca-file PEM   what it does", wrapped.
func writeFlag(b *strings.Builder, f *pflag.Flag) {
	const column = 26
	value, usage := pflag.UnquoteUsage(f)
	head := "      --" + f.Name
	if f.Shorthand != "" {
		head = "  -" + f.Shorthand + ", --" + f.Name
	}
	if f.Value.Type() != "bool" {
		head += " " + value
	}
	if f.Value.Type() == "duration" {
		usage += " (default " + f.DefValue + ")"
	}
	if len(head)+2 > column {
		fmt.Fprintf(b, "%s\n%s", head, strings.Repeat(" ", column))
	} else {
		fmt.Fprintf(b, "%-*s", column, head)
	}
	used := column
	for i, w := range strings.Fields(usage) {
		n := len([]rune(w))
		switch {
		case i == 0:
		case used+1+n > helpWidth:
			fmt.Fprintf(b, "\n%s", strings.Repeat(" ", column))
			used = column
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(w)
		used += n
	}
	b.WriteByte('\n')
}
