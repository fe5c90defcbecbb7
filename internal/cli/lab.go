package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab"
	"github.com/tlswhy/tlswhy/internal/render"
)

// labSchema names the document of lab --json.
const labSchema = "tlswhy/lab/v1"

type labDocument struct {
	Schema    string        `json:"schema"`
	CAFile    string        `json:"ca_file,omitempty"`
	Endpoints []labEndpoint `json:"endpoints"`
	Skipped   []labSkipped  `json:"skipped,omitempty"`
}

type labEndpoint struct {
	Name    string     `json:"name"`
	Title   string     `json:"title"`
	Cause   cause.ID   `json:"cause"` // "" is healthy
	Step    cause.Step `json:"step"`
	Fails   bool       `json:"fails"` // the client does not get through
	Also    []cause.ID `json:"also,omitempty"`
	Target  string     `json:"target,omitempty"` // none while it is not running
	Address string     `json:"address,omitempty"`
	Args    []string   `json:"args"`
	Command string     `json:"command,omitempty"`
	// Of lab --check only.
	Found     cause.ID       `json:"found,omitempty"`
	Verdict   tlswhy.Verdict `json:"verdict,omitempty"`
	AsClaimed *bool          `json:"as_claimed,omitempty"`
	ElapsedMS float64        `json:"elapsed_ms,omitempty"`
	report    *tlswhy.Report
}

type labSkipped struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

type labFlags struct {
	list, check, json, noColor bool
	dir                        string
	port                       int
	timeout                    time.Duration
}

func (a *app) labCommand() *cobra.Command {
	f := new(labFlags)
	cmd := &cobra.Command{
		Use:   "lab [NAME…]",
		Short: "Serve broken TLS endpoints on this machine, to learn on",
		Long: `lab serves endpoints on 127.0.0.1, each broken in one way, next to healthy ones,
and prints for each a command to try. It runs until Ctrl-C. Nothing outside of
this machine is contacted, and no internet is needed.

--check starts them, checks each and compares what tlswhy finds with what is
wrong there; exit status 1 if one is not as claimed.`,
		Example: `  tlswhy lab
  tlswhy lab expired
  tlswhy lab --check`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return labNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.lab(cmd.Context(), f, args) },
	}
	fs := cmd.Flags()
	fs.BoolVar(&f.check, "check", false, "start them, check each and compare")
	fs.BoolVar(&f.list, "list", false, "list them without starting any")
	fs.StringVar(&f.dir, "dir", "", "write the CA file and client certificates to `DIR`; default a temporary one")
	fs.IntVar(&f.port, "port", 0, "use ports from `N` on, the same in each run; default any free ones")
	fs.DurationVar(&f.timeout, "timeout", 30*time.Second, "with --check, give one connection `DUR` at most")
	fs.BoolVar(&f.json, "json", false, "print JSON")
	fs.BoolVar(&f.noColor, "no-color", false, "no colours; the environment's NO_COLOR does the same")
	return cmd
}

func (a *app) lab(ctx context.Context, f *labFlags, names []string) error {
	if err := knownEndpoints(names); err != nil {
		return err
	}
	switch {
	case f.list && f.check:
		return errors.New("--list and --check contradict each other")
	case f.port < 0 || f.port > 65535:
		return fmt.Errorf("--port %d is out of range, ports are 1 to 65535", f.port)
	case f.timeout <= 0:
		return fmt.Errorf("--timeout %s: it has to be longer than nothing", f.timeout)
	case f.list:
		return a.labList(f, names)
	}
	l, err := lab.Start(ctx, lab.Options{BasePort: f.port, Dir: f.dir, Only: names})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // nothing of it outlives the program
	if f.check {
		return a.labCheck(ctx, f, l)
	}
	if err := a.labTable(f, l); err != nil {
		return err
	}
	<-ctx.Done() // the way to end it, and no interruption
	return nil
}

func knownEndpoints(names []string) error {
	var known []string
	for _, s := range lab.Catalogue() {
		known = append(known, s.Name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return fmt.Errorf("no endpoint of the lab is called %q%s (tlswhy lab --list shows all)", n, didYouMean(n, known))
		}
	}
	return nil
}

func (a *app) labList(f *labFlags, names []string) error {
	doc := labDocument{Schema: labSchema, Endpoints: []labEndpoint{}}
	rows := [][]string{{"endpoint", "cause", "what is wrong"}}
	for _, s := range lab.Catalogue() {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		doc.Endpoints = append(doc.Endpoints, endpointOf(lab.Endpoint{Spec: s}))
		rows = append(rows, []string{s.Name, healthyOr(s.Cause), s.Title})
	}
	if f.json {
		return render.WriteJSON(a.out, doc)
	}
	return render.Table(a.out, rows, a.view(false, f.noColor))
}

func healthyOr(id cause.ID) string {
	if id == "" {
		return "healthy"
	}
	return string(id)
}

func endpointOf(e lab.Endpoint) labEndpoint {
	args := e.Args
	if args == nil {
		args = []string{}
	}
	return labEndpoint{
		Name: e.Name, Title: e.Title, Cause: e.Cause, Step: e.Step, Fails: e.Fails, Also: e.Also,
		Target: e.Target, Address: e.Addr, Args: args, Command: e.Command,
	}
}

// labTable prints what runs. The commands are long, so each has a line of its
// own that can be copied whole.
func (a *app) labTable(f *labFlags, l *lab.Lab) error {
	if f.json {
		return render.WriteJSON(a.out, a.labDocument(l, nil))
	}
	var b strings.Builder
	for _, e := range l.Endpoints() {
		fmt.Fprintf(&b, "%s (%s): %s\n", e.Name, healthyOr(e.Cause), e.Title)
		fmt.Fprintf(&b, "  %s\n", e.Command)
	}
	for _, s := range l.Skipped() {
		fmt.Fprintf(&b, "%s: not on this machine: %s\n", s.Name, s.Why)
	}
	n, plural, ends := len(l.Endpoints()), "s", "them"
	if n == 1 {
		plural, ends = "", "it"
	}
	fmt.Fprintf(&b, "\n%d endpoint%s on 127.0.0.1, roots in %s. Ctrl-C ends %s.\n", n, plural, l.CAFile(), ends)
	_, err := io.WriteString(a.out, b.String())
	return err
}

func (a *app) labDocument(l *lab.Lab, checked []labEndpoint) labDocument {
	doc := labDocument{Schema: labSchema, CAFile: l.CAFile(), Endpoints: checked}
	if checked == nil {
		doc.Endpoints = []labEndpoint{}
		for _, e := range l.Endpoints() {
			doc.Endpoints = append(doc.Endpoints, endpointOf(e))
		}
	}
	for _, s := range l.Skipped() {
		doc.Skipped = append(doc.Skipped, labSkipped{s.Name, s.Why})
	}
	return doc
}

// labCheck checks every endpoint that runs. They are all on this machine, and
// most of the time goes into waiting for those that stay silent: so they are
// checked many at once.
func (a *app) labCheck(ctx context.Context, f *labFlags, l *lab.Lab) error {
	const atOnce = 16
	endpoints := l.Endpoints()
	results := make([]labEndpoint, len(endpoints))
	errs := make([]error, len(endpoints))
	p := a.newProgress(f.timeout)
	p.begin(make([]tlswhy.Target, len(endpoints)))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i], errs[i] = a.checkEndpoint(ctx, e, f.timeout, p)
			p.finished()
		})
	}
	wg.Wait()
	p.end()
	if ctx.Err() == nil {
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	results = slices.DeleteFunc(results, func(e labEndpoint) bool { return e.report == nil })
	if err := a.labVerdicts(f, l, results); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return &exitError{code: exitInterrupted}
	case slices.ContainsFunc(results, func(e labEndpoint) bool { return !*e.AsClaimed }):
		return &exitError{code: exitFail}
	}
	return nil
}

// checkEndpoint checks one endpoint with the command line that the lab gives
// for it.
func (a *app) checkEndpoint(ctx context.Context, e lab.Endpoint, timeout time.Duration, p *progress) (labEndpoint, error) {
	out := endpointOf(e)
	f, targets, err := parseCheckLine(e.Command)
	if err != nil {
		return out, fmt.Errorf("endpoint %s: %w", e.Name, err)
	}
	f.timeout = timeout
	o, err := f.options(time.Now())
	if err != nil {
		return out, fmt.Errorf("endpoint %s: %w", e.Name, err)
	}
	o.Progress = p.attempt
	c, err := a.newChecker(o)
	if err != nil {
		return out, fmt.Errorf("endpoint %s: %w", e.Name, err)
	}
	t, err := c.ParseTarget(targets[0])
	if err != nil {
		return out, fmt.Errorf("endpoint %s: %w", e.Name, err)
	}
	r, err := c.Check(ctx, t)
	if r == nil {
		return out, fmt.Errorf("endpoint %s: %w", e.Name, err)
	}
	out.report, out.Verdict, out.ElapsedMS = r, r.Verdict, r.ElapsedMS
	claimed := asClaimed(e, r)
	out.AsClaimed = &claimed
	if len(r.Findings) > 0 {
		out.Found = r.Findings[0].Cause
	}
	return out, nil
}

// asClaimed compares what was found with what is wrong.
func asClaimed(e lab.Endpoint, r *tlswhy.Report) bool {
	root := r.Root()
	switch {
	case r.Verdict == tlswhy.Unknown:
		return false
	case e.Fails:
		return root != nil && (root.Cause == e.Cause && root.Step == e.Step || slices.Contains(e.Also, root.Cause))
	case root != nil:
		return false
	case e.Cause == "":
		return true
	}
	return slices.ContainsFunc(r.Findings, func(f tlswhy.Finding) bool {
		return f.Cause == e.Cause || slices.Contains(e.Also, f.Cause)
	})
}

// parseCheckLine reads a command line of check, quotes and all.
func parseCheckLine(command string) (*checkFlags, []string, error) {
	words, err := shellSplit(command)
	if err != nil {
		return nil, nil, err
	}
	f := new(checkFlags)
	cmd := &cobra.Command{}
	f.register(cmd)
	fs := cmd.Flags()
	fs.SetOutput(io.Discard)
	fs.Init("check", pflag.ContinueOnError)
	if err := fs.Parse(words[1:]); err != nil {
		return nil, nil, err
	}
	if fs.NArg() == 0 {
		return nil, nil, fmt.Errorf("no target in %q", command)
	}
	return f, fs.Args(), nil
}

// shellSplit splits a line as a POSIX shell does, as far as single quotes and
// backslashes go: that is how the lab quotes.
func shellSplit(s string) ([]string, error) {
	var words []string
	var cur strings.Builder
	inWord, inQuotes := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case inQuotes && c == '\'':
			inQuotes = false
		case inQuotes:
			cur.WriteByte(c)
		case c == '\'':
			inQuotes, inWord = true, true
		case c == '\\' && i+1 < len(s):
			i++
			cur.WriteByte(s[i])
			inWord = true
		case c == ' ':
			if inWord {
				words = append(words, cur.String())
				cur.Reset()
				inWord = false
			}
		default:
			cur.WriteByte(c)
			inWord = true
		}
	}
	if inQuotes {
		return nil, fmt.Errorf("a quote is not closed in %q", s)
	}
	if inWord {
		words = append(words, cur.String())
	}
	return words, nil
}

func (a *app) labVerdicts(f *labFlags, l *lab.Lab, results []labEndpoint) error {
	if f.json {
		return render.WriteJSON(a.out, a.labDocument(l, results))
	}
	lines := make([]render.LabLine, 0, len(results))
	for _, e := range results {
		lines = append(lines, render.LabLine{Name: e.Name, Cause: e.Cause, Report: e.report, AsClaimed: *e.AsClaimed})
	}
	for _, s := range l.Skipped() {
		lines = append(lines, render.LabLine{Name: s.Name, Skipped: s.Why})
	}
	return render.LabLines(a.out, lines, a.view(false, f.noColor))
}
