package cli

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/render"
	"github.com/tlswhy/tlswhy/internal/report"
)

// side is a survey to be made, or one that was saved.
type side struct {
	target  tlswhy.Target
	checker checker
	saved   *tlswhy.SurveyResult
}

func (s side) survey(ctx context.Context) (*tlswhy.SurveyResult, error) {
	if s.saved != nil {
		return s.saved, nil
	}
	r, err := s.checker.Survey(ctx, s.target)
	if r != nil && err != nil && ctx.Err() != nil {
		r.Notes = append(r.Notes, "interrupted before the end: this is what was known by then")
		r.Complete = false
	}
	return r, err
}

func targetsOf(sides []side) []tlswhy.Target {
	targets := make([]tlswhy.Target, len(sides))
	for i, s := range sides {
		targets[i] = s.target
	}
	return targets
}

// sideOf is what a TARGET stands for: a saved survey, or a target to survey.
func (a *app) sideOf(s string, o tlswhy.Options) (side, error) {
	if isFile(s) {
		all, err := a.readSurveys(s)
		switch {
		case err != nil:
			return side{}, err
		case len(all) > 1:
			return side{}, fmt.Errorf("%s holds %d surveys, and one is wanted", s, len(all))
		}
		return side{target: all[0].Target, saved: all[0]}, nil
	}
	c, err := a.newChecker(o)
	if err != nil {
		return side{}, withHint(err)
	}
	t, err := c.ParseTarget(s)
	return side{target: t, checker: c}, err
}

// againstOf is what --against stands for: a saved survey, the first target's
// name at another address, or another target.
func (a *app) againstOf(s string, first side, o tlswhy.Options) (side, error) {
	if isFile(s) {
		all, err := a.readSurveys(s)
		if err != nil {
			return side{}, err
		}
		if len(all) == 1 {
			return side{target: all[0].Target, saved: all[0]}, nil
		}
		for _, x := range all {
			if x.Target.String() == first.target.String() {
				return side{target: x.Target, saved: x}, nil
			}
		}
		return side{}, fmt.Errorf("%s holds %d surveys, none of %s", s, len(all), first.target)
	}
	o.Connect = ""
	name := s
	if isPlace(s) && !first.target.IsAddress() {
		o.Connect, name = s, first.target.String()
	}
	c, err := a.newChecker(o)
	if err != nil {
		return side{}, withHint(err)
	}
	t, err := c.ParseTarget(name)
	if o.Connect != "" { // the path too is the first one's
		t.Path, t.Input = first.target.Path, first.target.Input
	}
	return side{target: t, checker: c}, err
}

// isPlace says of an address or HOST:PORT, without a scheme, that it is a place
// to dial and no name to ask for.
func isPlace(s string) bool {
	if strings.Contains(s, "/") {
		return false
	}
	host, port, err := report.ParseEndpoint(s, 0)
	if err != nil {
		return false
	}
	_, notAddress := netip.ParseAddr(host)
	return port != 0 || notAddress == nil
}

// isFile says of a name that it is a file and no host: by its looks, for people
// have files that are called like their hosts.
func isFile(s string) bool {
	if strings.Contains(s, "://") {
		return false
	}
	for _, prefix := range []string{"/", "./", "../"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return s == "-" || strings.HasSuffix(strings.ToLower(s), ".json")
}

func (a *app) readSurveys(file string) ([]*tlswhy.SurveyResult, error) {
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
	all, err := tlswhy.ReadSurveys(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainError(err))
	}
	return all, nil
}

// compare surveys a target and what it is held against, and prints what differs.
func (a *app) compare(ctx context.Context, f *surveyFlags, arg string) error {
	format, explicit, err := f.form()
	if err != nil {
		return err
	}
	if format == render.JUnit || format == render.SARIF {
		return render.ErrNoDiff
	}
	p := a.newProgress(f.timeout)
	o, err := f.surveyOptions(p)
	if err != nil {
		return err
	}
	first, err := a.sideOf(arg, o)
	if err != nil {
		return err
	}
	second, err := a.againstOf(f.against, first, o)
	if err != nil {
		return fmt.Errorf("--against %w", err)
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()

	p.begin(targetsOf([]side{first}))
	// One after the other: both may be the same machine.
	x, err := first.survey(ctx)
	var y *tlswhy.SurveyResult
	if x != nil && (err == nil || ctx.Err() != nil) {
		y, err = second.survey(ctx)
	}
	p.end()
	interrupted := ctx.Err() != nil
	if err != nil && !interrupted {
		return err
	}
	view := a.view(f.verbose, f.noColor)
	switch {
	case x == nil:
		return verdictExit(nil, interrupted)
	case y == nil: // interrupted: the first is what is known
		err = a.deliverAs(out, view, format, explicit, func(w io.Writer, format render.Format, o render.Options) error {
			return render.Surveys(w, format, []*tlswhy.SurveyResult{x}, o)
		})
		return firstError(err, verdictExit(nil, interrupted))
	}
	// What was saved is what was before.
	if second.saved != nil && first.saved == nil {
		x, y = y, x
	}
	d := tlswhy.CompareSurveys(x, y)
	err = a.deliverAs(out, view, format, explicit, func(w io.Writer, format render.Format, o render.Options) error {
		return render.SurveyDiff(w, format, d, o)
	})
	return firstError(err, verdictExit(found(x, y), interrupted))
}

// firstError is the first error that there is.
func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
