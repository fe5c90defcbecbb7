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
	"golang.org/x/term"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/render"
)

// maxExplained is how much of stdin is read: what follows would not change the
// answer to "what is this message", and is work for the logs command.
const maxExplained = 16<<20 + 1

func (a *app) explainCommand() *cobra.Command {
	f := new(checkFlags)
	var target, software string
	cmd := &cobra.Command{
		Use:   "explain [TEXT…|-]",
		Short: "Say what an error text comes from, and what to do",
		Long: `explain reads an error text (a line, a stack trace, the text of a browser's
page, the paste of a log) and says who wrote it, which side refused, at which of
the seven steps, which causes it may come from, what decides between them, and
the fix for that software. Without TEXT, or with -, it reads stdin.

It opens no connection, unless --target says which server the text is about:
then that is checked too. The flags of check are for this.

Exit status: 0 the text is known, 1 it is not (what was recognised is printed),
2 wrong usage. With --target, that of the check.`,
		Example: `  tlswhy explain "SSL routines::unsafe legacy renegotiation disabled"
  curl https://example.com 2>&1 | tlswhy explain
  tlswhy explain --for java-17 "Received fatal alert: handshake_failure"
  tlswhy explain --target example.com "remote error: tls: handshake failure"`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if software != "" {
				if _, ok := cause.LookupSoftware(software); !ok {
					return fmt.Errorf("--for %q: no fixes are written for that; there are some for %s", software, strings.Join(softwareIDs(), ", "))
				}
			}
			text, err := a.explained(args)
			if err != nil {
				return err
			}
			return a.explain(cmd.Context(), f, text, tlswhy.ExplainOptions{Software: software, Target: target})
		},
	}
	cmd.Flags().StringVar(&target, "target", "", "check `HOST`, which the text is about, from the point of view of who wrote it")
	cmd.Flags().StringVar(&software, "for", "", "show the fixes for `SOFTWARE`: nginx, java-8u51, …; default who wrote the text")
	f.register(cmd)
	a.completeFlags(cmd)
	return cmd
}

// explained is the text: the arguments, or what comes through stdin.
func (a *app) explained(args []string) ([]byte, error) {
	if len(args) > 0 && (len(args) > 1 || args[0] != "-") {
		return []byte(strings.Join(args, " ")), nil
	}
	if len(args) == 0 && isTerminal(a.in) {
		return nil, errors.New("give a text, or pipe one: tlswhy explain \"TEXT\" (tlswhy explain --help tells more)")
	}
	text, err := io.ReadAll(io.LimitReader(a.in, maxExplained))
	if err != nil && len(text) == 0 {
		return nil, fmt.Errorf("reading the text: %w", err)
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil, errors.New("the text is empty")
	}
	return text, nil
}

func (a *app) explain(ctx context.Context, f *checkFlags, text []byte, o tlswhy.ExplainOptions) error {
	format, _, err := f.form()
	if err != nil {
		return err
	}
	if format != render.Term && format != render.JSON {
		return fmt.Errorf("explain prints term and json, not %s", format)
	}
	e := tlswhy.Explain(text, o)
	var exit error
	if len(e.Matches) == 0 {
		exit = &exitError{code: exitFail}
	}
	if o.Target != "" {
		if e.Report, err = a.explainTarget(ctx, f, e, o); err != nil {
			return err
		}
		exit = verdictExit([]tlswhy.Verdict{e.Report.Verdict}, ctx.Err() != nil)
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()
	view := a.view(f.verbose, f.noColor)
	if format == render.JSON {
		err = render.WriteJSON(out, e)
	} else {
		if out.file != "" {
			view.Color, view.ASCII = false, false
		}
		err = render.Explanation(out, e, view)
	}
	if err != nil {
		return fmt.Errorf("writing the explanation: %w", err)
	}
	if err := out.commit(); err != nil {
		return err
	}
	return exit
}

// explainTarget checks the target as who wrote the text, unless --as says who.
func (a *app) explainTarget(ctx context.Context, f *checkFlags, e *tlswhy.Explanation, o tlswhy.ExplainOptions) (*tlswhy.Report, error) {
	if f.as == "" {
		f.as = e.Client
	}
	options, err := f.options(time.Now())
	if err != nil {
		return nil, err
	}
	p := a.newProgress(options.Timeout)
	options.Progress, options.Early = p.attempt, p.early
	c, err := a.newChecker(options)
	if err != nil {
		return nil, withHint(err)
	}
	t, err := c.ParseTarget(o.Target)
	if err != nil {
		return nil, err
	}
	p.begin([]tlswhy.Target{t})
	reports, err := checkAll(ctx, c, []tlswhy.Target{t}, 1, p)
	p.end()
	if err != nil {
		return nil, err
	}
	if len(reports) == 0 {
		return nil, &exitError{code: exitInterrupted}
	}
	return reports[0], nil
}

// isTerminal says that nothing is piped in.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) // G115: a descriptor is a small number
}
