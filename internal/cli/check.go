package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/render"
)

// maxAtOnce is how many targets are checked at the same time. Each has at most
// 16 connections of its own.
const maxAtOnce = 8

func (a *app) checkCommand() *cobra.Command {
	f := new(checkFlags)
	cmd := &cobra.Command{
		Use:   "check TARGET…",
		Short: "Find out where a TLS connection fails, why, and how to fix it",
		Long: `check connects to each target as a client would and says where on seven steps
that client stops (connect, version, cipher, certificate, verify, keys, secure),
why, who has to act, what to do, and the proof. "check" can be left out, unless
the target is called like a command.

A target is a name, an address or a URL: example.com, example.com:8443,
https://example.com/path, [2001:db8::1]:443, smtp://mx.example.com (STARTTLS),
imaps://mx.example.com (TLS from the first byte).

Exit status: 0 the client connects, 1 it does not, 2 wrong usage or unreadable
input, 3 could not tell, 130 interrupted.`,
		Example: `  tlswhy example.com
  tlswhy example.com --as java-17 -v
  tlswhy api.example.com --connect 192.0.2.10 --ca-file ca.pem
  tlswhy smtp://mx.example.com imaps://mx.example.com --json`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeTargets,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("give a target, as in: tlswhy example.com (tlswhy --help tells more)")
			}
			return a.check(cmd.Context(), f, args)
		},
	}
	f.register(cmd)
	a.completeFlags(cmd)
	return cmd
}

// check checks targets and prints their reports.
func (a *app) check(ctx context.Context, f *checkFlags, args []string) error {
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	format, explicit, err := f.form()
	if err != nil {
		return err
	}
	p := a.newProgress(o.Timeout)
	o.Progress, o.Early = p.attempt, p.early
	c, err := a.newChecker(o)
	if err != nil {
		return withHint(err)
	}
	targets := make([]tlswhy.Target, len(args))
	for i, s := range args {
		if targets[i], err = c.ParseTarget(s); err != nil {
			return err
		}
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()

	p.begin(targets)
	reports, err := checkAll(ctx, c, targets, f.atOnce(), p)
	p.end()
	if err != nil {
		return err
	}
	interrupted := ctx.Err() != nil
	if len(reports) == 0 && interrupted {
		return &exitError{code: exitInterrupted}
	}
	view := a.view(f.verbose, f.noColor)
	view.Several = len(targets) > 1
	if err := a.deliver(out, view, format, explicit, interrupted, reports); err != nil {
		return err
	}
	verdicts := make([]tlswhy.Verdict, len(reports))
	for i, r := range reports {
		verdicts[i] = r.Verdict
	}
	return verdictExit(verdicts, interrupted)
}

// atOnce is how many targets may be checked at the same time: the pace that the
// flags ask for is one for all targets.
func (f *checkFlags) atOnce() int {
	if f.gentle || f.rate > 0 {
		return 1
	}
	return maxAtOnce
}

// checkAll checks targets, several at once, and returns their reports in the
// order of the targets. Once ctx has ended, those not begun are left out.
func checkAll(ctx context.Context, c checker, targets []tlswhy.Target, atOnce int, p *progress) ([]*tlswhy.Report, error) {
	reports := make([]*tlswhy.Report, len(targets))
	errs := make([]error, len(targets))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, t := range targets {
		if ctx.Err() != nil && i > 0 { // the first one says at least that it was interrupted
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			reports[i], errs[i] = c.Check(ctx, t)
			p.finished()
		})
	}
	wg.Wait()
	var done []*tlswhy.Report
	for i, r := range reports {
		switch {
		case r != nil:
			if ctx.Err() != nil && errs[i] != nil {
				r.Notes = append(r.Notes, "interrupted before the end: this is what was known by then")
			}
			done = append(done, r)
		case errs[i] != nil && ctx.Err() == nil:
			return nil, errs[i]
		}
	}
	return done, nil
}

// deliver writes reports to where they were asked to go. A file whose format is
// told by its name comes in addition to what a person sees on the terminal.
func (a *app) deliver(out *sink, view render.Options, format render.Format, explicit, interrupted bool, reports []*tlswhy.Report) error {
	if out.file != "" && format == render.JSON {
		view.Saved = out.file
	}
	if out.file != "" && format == render.Term {
		view.Color, view.ASCII = false, false
	}
	both := out.file != "" && !explicit && format != render.Term && a.outTerminal.is
	if (format == render.Term || both) && view.Saved == "" && !interrupted {
		view.Saved = saveOpenQuestion(reports)
	}
	if err := render.Reports(out, format, reports, view); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if err := out.commit(); err != nil {
		return err
	}
	if both {
		return render.Reports(a.out, render.Term, reports, view)
	}
	return nil
}

// saveOpenQuestion writes what can be attached to a bug report, where no verdict
// came out. It is a courtesy: if it cannot be written, nothing is said of it.
func saveOpenQuestion(reports []*tlswhy.Report) string {
	var open []*tlswhy.Report
	for _, r := range reports {
		if r.Verdict == tlswhy.Unknown {
			open = append(open, r)
		}
	}
	if len(open) == 0 {
		return ""
	}
	f, err := os.CreateTemp("", "tlswhy-unknown-*.json")
	if err != nil {
		return ""
	}
	err = errors.Join(render.Reports(f, render.JSON, open, render.Options{}), f.Close())
	if err != nil {
		_ = os.Remove(f.Name())
		return ""
	}
	return f.Name()
}

// withHint adds where to look to errors that have a place for it.
func withHint(err error) error {
	var unknown *client.UnknownError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w (tlswhy clients --list shows all)", err)
	}
	var family *tlswhy.UnknownFamilyError
	if errors.As(err, &family) {
		near := ""
		if len(family.Families) == 1 {
			var names []string
			for _, n := range tlswhy.Families() {
				names = append(names, strings.ToLower(n)) // case does not matter
			}
			near = didYouMean(strings.ToLower(family.Families[0]), names)
		}
		return fmt.Errorf("%w%s (tlswhy clients --list shows all)", err, near)
	}
	return err
}
