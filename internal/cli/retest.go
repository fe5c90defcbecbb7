package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/render"
	"github.com/tlswhy/tlswhy/internal/report"
)

func (a *app) retestCommand() *cobra.Command {
	f := new(checkFlags)
	cmd := &cobra.Command{
		Use:   "retest REPORT.json|-",
		Short: "Check again and say what changed",
		Long: `retest repeats the check that a report came from, with the same target, client
and options, and says which findings are fixed, new and unchanged. Flags win
over the report's options.

Exit status: 0 no blocking finding is left, 1 one is, 2 wrong usage or an
unreadable report, 3 could not tell, 130 interrupted.`,
		Example: `  tlswhy example.com -o report.json
  tlswhy retest report.json
  tlswhy example.com --json | tlswhy retest -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("retest takes one report, as in: tlswhy retest report.json")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.retest(cmd.Context(), f, cmd.Flags(), args[0])
		},
	}
	f.register(cmd)
	a.completeFlags(cmd)
	return cmd
}

func (a *app) retest(ctx context.Context, f *checkFlags, given *pflag.FlagSet, file string) error {
	before, err := a.readReports(file)
	if err != nil {
		return err
	}
	format, explicit, err := f.form()
	if err != nil {
		return err
	}
	// Everything that can be wrong is found before the first connection.
	p := a.newProgress(f.timeout)
	checkers := make([]checker, len(before))
	targets := make([]tlswhy.Target, len(before))
	for i, r := range before {
		again := *f
		again.again(given, r)
		o, err := again.options(time.Now())
		if err != nil {
			return err
		}
		o.Progress, o.Early = p.attempt, p.early
		if checkers[i], err = a.newChecker(o); err != nil {
			return withHint(err)
		}
		if targets[i], err = sameTarget(checkers[i], r.Target); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()

	p.begin(targets)
	var retests []*tlswhy.Retest
	var verdicts []tlswhy.Verdict
	for i, r := range before {
		after, err := checkAll(ctx, checkers[i], targets[i:i+1], 1, p)
		if err != nil {
			p.end()
			return err
		}
		for _, x := range after {
			retests = append(retests, tlswhy.Compare(r, x))
			verdicts = append(verdicts, retestVerdict(x))
		}
	}
	p.end()
	interrupted := ctx.Err() != nil
	if len(retests) == 0 {
		return verdictExit(nil, interrupted)
	}
	view := a.view(f.verbose, f.noColor)
	both := out.file != "" && !explicit && format != render.Term && a.outTerminal.is
	if err := render.Retests(out, format, retests, view); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	if err := out.commit(); err != nil {
		return err
	}
	if both {
		if err := render.Retests(a.out, render.Term, retests, view); err != nil {
			return err
		}
	}
	return verdictExit(verdicts, interrupted)
}

// retestVerdict is what decides the exit status: whether something still blocks.
func retestVerdict(r *tlswhy.Report) tlswhy.Verdict {
	switch {
	case r.Root() != nil:
		return tlswhy.Fail
	case r.Verdict == tlswhy.Unknown:
		return tlswhy.Unknown
	}
	return tlswhy.OK
}

func (a *app) readReports(file string) ([]*report.Report, error) {
	var in io.Reader = a.in
	name := "standard input"
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, plainError(err))
		}
		defer f.Close()
		in, name = f, file
	}
	reports, err := report.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainError(err))
	}
	return reports, nil
}

// sameTarget is the target of a report, checked like one that is typed: a
// report may have been edited.
func sameTarget(c checker, t tlswhy.Target) (tlswhy.Target, error) {
	fresh, err := c.ParseTarget(t.String())
	if err != nil {
		return fresh, err
	}
	// Whatever stands in the path must not break the request apart.
	path, err := report.ParseTarget("https://example.com/" + strings.TrimPrefix(t.Path, "/"))
	if err != nil {
		return fresh, err
	}
	fresh.Input, fresh.Path = t.Input, path.Path
	if fresh.StartTLS == "" {
		fresh.StartTLS = t.StartTLS
	}
	if t.Service != "" {
		fresh.Service = t.Service
	}
	return fresh, nil
}
