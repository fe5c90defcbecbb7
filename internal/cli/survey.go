package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/render"
)

// maxSurveysAtOnce is how many targets are surveyed at the same time. Each has
// at most 24 connections of its own, or as many as --concurrency says.
const maxSurveysAtOnce = 4

// surveyFlags are those of check, and what a survey has besides.
type surveyFlags struct {
	checkFlags
	concurrency int
	against     string
}

func (a *app) surveyCommand() *cobra.Command {
	f := new(surveyFlags)
	cmd := &cobra.Command{
		Use:   "survey TARGET…",
		Short: "Find out what a server accepts, and whom that keeps out",
		Long: `survey lists what one address of each target accepts: versions, suites and whose
order decides, key-exchange groups, signature algorithms, ALPN, certificates for
this name and others, sessions, 0-RTT, and what it says over HTTP and in DNS.
Each setting that keeps known clients out names them; what will hurt comes with
a fix, and the distance to Mozilla's recommendations as a list of changes.

--against compares with a second survey and shows what differs. It takes

  192.0.2.7              an address or HOST:PORT: the same name, dialled there
  www.example.net        a name or URL: another target
  before.json            a file that survey --json wrote, also in TARGET's place

Exit status: 0 the survey is finished, whatever it found, 2 wrong usage or
unreadable input, 3 no TLS was found, 130 interrupted.`,
		Example: `  tlswhy survey example.com
  tlswhy survey example.com -v
  tlswhy survey example.com --json -o before.json
  tlswhy survey example.com --against before.json
  tlswhy survey www.example.com --against 192.0.2.7
  tlswhy survey smtp://mx1.example.com --against smtp://mx2.example.com`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeTargets,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return errors.New("give a target, as in: tlswhy survey example.com")
			case f.against != "" && len(args) > 1:
				return fmt.Errorf("--against compares one target, and there are %d", len(args))
			case f.echConfig != "":
				return errors.New("survey encrypts no hello: --ech-config is for check")
			case f.concurrency < 0:
				return fmt.Errorf("--concurrency %d: it cannot be negative", f.concurrency)
			}
			if f.against != "" {
				return a.compare(cmd.Context(), f, args[0])
			}
			return a.survey(cmd.Context(), f, args)
		},
	}
	f.register(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.against, "against", "", "show what differs at `PLACE`: an address for the same name,\nanother target, or a file of survey --json")
	group(fs, groupCompare, "against")
	fs.IntVar(&f.concurrency, "concurrency", 0, "hold `N` connections to one address at once; default 24")
	group(fs, groupPace, "concurrency")
	fs.Lookup("budget").Usage = "open `N` connections at most to each target; default 600"
	fs.Lookup("verbose").Usage = "show everything: suites by name, answers, chains, tolerance"
	_ = fs.MarkHidden("ech-config") // it is there
	a.completeFlags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("concurrency", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("against", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
	})
	return cmd
}

// surveyOptions are the flags as options.
func (f *surveyFlags) surveyOptions(p *progress) (tlswhy.Options, error) {
	o, err := f.options(time.Now())
	o.Concurrency = f.concurrency
	o.Progress = p.attempt
	return o, err
}

// survey surveys targets and prints what they accept.
func (a *app) survey(ctx context.Context, f *surveyFlags, args []string) error {
	format, explicit, err := f.form()
	if err != nil {
		return err
	}
	p := a.newProgress(f.timeout)
	o, err := f.surveyOptions(p)
	if err != nil {
		return err
	}
	sides := make([]side, len(args))
	for i, s := range args {
		if sides[i], err = a.sideOf(s, o); err != nil {
			return err
		}
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()
	p.begin(targetsOf(sides))
	surveys, err := surveyAll(ctx, sides, f.surveysAtOnce(), p)
	p.end()
	if err != nil {
		return err
	}
	interrupted := ctx.Err() != nil
	if len(surveys) == 0 {
		return verdictExit(nil, interrupted)
	}
	view := a.view(f.verbose, f.noColor)
	view.Several = len(sides) > 1
	err = a.deliverAs(out, view, format, explicit, func(w io.Writer, format render.Format, o render.Options) error {
		return render.Surveys(w, format, surveys, o)
	})
	if err != nil {
		return err
	}
	return verdictExit(found(surveys...), interrupted)
}

func (f *surveyFlags) surveysAtOnce() int { return min(f.atOnce(), maxSurveysAtOnce) }

// found is the verdict of a survey: it is finished, or there was nothing.
func found(surveys ...*tlswhy.SurveyResult) []tlswhy.Verdict {
	var all []tlswhy.Verdict
	for _, s := range surveys {
		v := tlswhy.OK
		if len(s.Versions) == 0 {
			v = tlswhy.Unknown
		}
		all = append(all, v)
	}
	return all
}

// surveyAll surveys targets, several at once, and returns what they accept in
// the order of the targets. Once ctx has ended, those not begun are left out.
func surveyAll(ctx context.Context, sides []side, atOnce int, p *progress) ([]*tlswhy.SurveyResult, error) {
	surveys := make([]*tlswhy.SurveyResult, len(sides))
	errs := make([]error, len(sides))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, s := range sides {
		if ctx.Err() != nil && i > 0 {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			surveys[i], errs[i] = s.survey(ctx)
			p.finished()
		})
	}
	wg.Wait()
	var done []*tlswhy.SurveyResult
	for i, s := range surveys {
		switch {
		case s != nil:
			done = append(done, s)
		case errs[i] != nil && ctx.Err() == nil:
			return nil, errs[i]
		}
	}
	return done, nil
}

// deliverAs writes an answer to where it was asked to go. A file whose format is
// told by its name comes in addition to what a person sees on the terminal.
func (a *app) deliverAs(out *sink, view render.Options, format render.Format, explicit bool, write func(io.Writer, render.Format, render.Options) error) error {
	inFile := view
	if out.file != "" && format == render.Term {
		inFile.Color, inFile.ASCII = false, false
	}
	if err := write(out, format, inFile); err != nil {
		return fmt.Errorf("writing the survey: %w", err)
	}
	if err := out.commit(); err != nil {
		return err
	}
	if out.file != "" && !explicit && format != render.Term && a.outTerminal.is {
		return write(a.out, render.Term, view)
	}
	return nil
}
