package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/env"
	"github.com/tlswhy/tlswhy/internal/render"
)

// envFlags are those of env.
type envFlags struct {
	outputFlags
	stack, against string
}

func (a *app) envCommand() *cobra.Command {
	f := new(envFlags)
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Look at this machine as a client: libraries, roots, settings",
		Long: `env shows which programs of this machine speak TLS, with which libraries and
versions, which roots each of them trusts, the security level and the versions
in force and the file and line that say so, the environment, the clock, and what
of that will hurt. It connects to nothing; programs are asked for their version
and settings, and what is not installed is left out.

--for shows one of them in full, with how to add a CA or change versions there.
--against compares with a document that env --json wrote on another machine, and
answers "works there, not here": what decides over connections comes first.

A target is checked from this machine's point of view with --as local, or with
--as local:python and so on: its own hello, limits and roots.

Exit status: 0 whatever was found, 2 wrong usage or unreadable input.`,
		Example: `  tlswhy env
  tlswhy env --for java
  tlswhy env --json -o there.json
  tlswhy env --against there.json
  tlswhy check example.com --as local
  tlswhy check example.com --as local:python`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.env(cmd.Context(), f)
		},
	}
	f.register(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.stack, "for", "", "show `STACK` in full: "+strings.Join(env.StackIDs(), ", "))
	fs.StringVar(&f.against, "against", "", "show what differs from the machine of `FILE`, written by env --json")
	group(fs, groupCompare, "against")
	fs.Lookup("format").Usage = "print as `FORMAT`: term, json, markdown"
	fs.Lookup("verbose").Usage = "show all findings, suites and roots"
	_ = cmd.RegisterFlagCompletionFunc("for", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return env.StackIDs(), cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.RegisterFlagCompletionFunc("against", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
	})
	_ = cmd.RegisterFlagCompletionFunc("format", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{string(render.Term), string(render.JSON), string(render.Markdown)}, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func (a *app) env(ctx context.Context, f *envFlags) error {
	format, explicit, err := f.form()
	if err != nil {
		return err
	}
	switch format {
	case render.Term, render.JSON, render.Markdown:
	default:
		return fmt.Errorf("--format %s: env is shown as term, json or markdown", format)
	}
	if f.stack != "" && f.against != "" {
		return errors.New("--for and --against contradict each other: a comparison is of whole machines")
	}
	if f.stack != "" && !knownStack(f.stack) {
		return fmt.Errorf("--for %q: it is not known%s (there are %s)", f.stack, didYouMean(f.stack, env.StackIDs()), strings.Join(env.StackIDs(), ", "))
	}
	var there *env.Document
	if f.against != "" {
		if there, err = a.readEnv(f.against); err != nil {
			return err
		}
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()
	here := tlswhy.Env(ctx)
	if ctx.Err() != nil {
		return errInterrupted
	}
	if f.stack != "" && here.Stack(f.stack) == nil {
		return fmt.Errorf("--for %s: it is not installed here, as far as PATH tells", f.stack)
	}
	return a.deliverAs(out, a.view(f.verbose, f.noColor), format, explicit, func(w io.Writer, format render.Format, o render.Options) error {
		if there != nil {
			return render.EnvDiff(w, format, env.Compare(there, here, "there", "here"), o)
		}
		return render.Env(w, format, here, f.stack, o)
	})
}

func knownStack(id string) bool {
	for _, s := range env.StackIDs() {
		if s == id {
			return true
		}
	}
	return false
}

// readEnv reads a document of another machine; "-" is standard input.
func (a *app) readEnv(file string) (*env.Document, error) {
	var in io.Reader = a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, plainError(err))
		}
		defer f.Close()
		in = f
	}
	d, err := env.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, plainError(err))
	}
	return d, nil
}
