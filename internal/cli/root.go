package cli

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tlswhy/tlswhy"
)

// rootCommand builds the whole tree: one constructor for each command.
func (a *app) rootCommand() *cobra.Command {
	root := a.trunk()
	root.AddCommand(
		a.checkCommand(), a.surveyCommand(), a.retestCommand(), a.guideCommand(), a.labCommand(), a.clientsCommand(), a.runCommand(), a.envCommand(), a.explainCommand(), a.logsCommand(),
		a.schemaCommand(), a.versionCommand(),
	)
	return root
}

// commandFor is as much of the tree as a command line needs. Where it begins with
// what can be nothing but a target, that is the trunk alone: the rest with its
// flags takes longer to build than a handshake on the same machine.
func (a *app) commandFor(args []string) *cobra.Command {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || !strings.ContainsAny(args[0], ".:/") || slices.ContainsFunc(args, asksForHelp) {
		return a.rootCommand()
	}
	return a.trunk()
}

// asksForHelp also takes -vh, and more than it should: help lists all commands.
func asksForHelp(arg string) bool {
	if strings.HasPrefix(arg, "--") {
		return strings.HasPrefix(arg, "--help")
	}
	return strings.HasPrefix(arg, "-") && strings.Contains(arg, "h")
}

// trunk is the root without its commands. It is check itself, so that a target is
// enough.
func (a *app) trunk() *cobra.Command {
	root := a.checkCommand()
	root.Use = "tlswhy TARGET…"
	root.Short = "Say why a TLS connection fails, and prove it"
	root.Long = `tlswhy says why a TLS connection fails: on which of seven steps, who has to act,
what to do, and the proof. It repeats the handshake with one thing changed and
shows that the outcome flips.

  tlswhy example.com                    as current browsers and libraries
  tlswhy smtp://mx.example.com          mail, with STARTTLS
  tlswhy example.com --as openssl-3.0   from the point of view of one client
  tlswhy lab                            broken endpoints, to learn on`
	root.Example = ""
	root.Version = tlswhy.Version()
	root.SetVersionTemplate(versionLine() + "\n")
	root.Args = cobra.ArbitraryArgs
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(a.help)
	// Usage is shown by --help alone: an error is one line.
	root.SetUsageFunc(func(*cobra.Command) error { return nil })
	return root
}

// flagError adds where to look.
func flagError(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%s (%s --help lists the flags)", strings.TrimSpace(err.Error()), cmd.CommandPath())
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.out, versionLine())
			return err
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("tlswhy %s (%s, %s/%s)", tlswhy.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, and %q is one", cmd.CommandPath(), args[0])
	}
	return nil
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [KIND]",
		Short: "Print the JSON Schema of a kind of document",
		Long: `schema prints the JSON Schema of a kind of document: "report" for those whose
schema member is tlswhy/report/v1. Without KIND it lists the kinds.`,
		Args: atMostOne,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return tlswhy.SchemaKinds(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := fmt.Fprintln(a.out, strings.Join(tlswhy.SchemaKinds(), "\n"))
				return err
			}
			text, ok := tlswhy.Schema(args[0])
			if !ok {
				return fmt.Errorf("no kind of document is called %q, there are %s", args[0], strings.Join(tlswhy.SchemaKinds(), ", "))
			}
			_, err := a.out.Write(text)
			return err
		},
	}
}

func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return errors.New(cmd.CommandPath() + " takes one argument at most")
	}
	return nil
}
