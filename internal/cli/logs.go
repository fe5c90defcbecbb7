package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/render"
)

// logsFlags are the flags of logs.
type logsFlags struct {
	since, until, by, own, output string
	each, json, follow, fail      bool
	verbose, noColor              bool
}

func (a *app) logsCommand() *cobra.Command {
	f := new(logsFlags)
	cmd := &cobra.Command{
		Use:   "logs FILE…|-",
		Short: "Say which failed handshakes logs tell of, and for whom",
		Long: `logs reads the logs of servers, proxies and CDNs and groups the failed
handshakes by cause: how many, since when, which clients, what to do next.
Scanners, port probes, health checks and our own checks are told apart from
users' failures.

Formats are known by their content and may be mixed: nginx, Apache httpd,
HAProxy, Envoy, Caddy, Traefik, LiteSpeed, IIS and Windows events, stunnel,
Java, Node.js, Go, Postfix, Exim, Dovecot, databases, AWS, Cloudflare,
CloudFront; with syslog, journald (journalctl -o json), Docker or Kubernetes
around them; plain, gzip or zstd. Many servers write of handshakes only at level
info or debug: tlswhy guide logs.

Where a text does not decide, its causes are told in order of likelihood, with
what decides. It opens no connection.

Exit status: 0 the logs are read, 1 with --fail-on-findings and failures that
are no noise, 2 wrong usage or input that cannot be read or breaks midway (what
was read is printed).`,
		Example: `  tlswhy logs /var/log/nginx/error.log*
  journalctl -o json --since today | tlswhy logs -
  tlswhy logs --since 2h --by client haproxy.log
  tlswhy logs -f --each --json error.log | jq .cause`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("give a log, or - to read one from a pipe, as in: tlswhy logs /var/log/nginx/error.log")
			}
			return a.logs(cmd.Context(), f, args)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.since, "since", "", "count from `TIME` on: 2026-11-24, 2026-11-24T10:00, 10:00, today, yesterday, 2h, 3d")
	fs.StringVar(&f.until, "until", "", "count what was before `TIME`")
	fs.StringVar(&f.by, "by", "", "count by `WHAT` too: client, sni or hour")
	fs.BoolVar(&f.each, "each", false, "print each line that tells of a failure; with --json as NDJSON")
	fs.BoolVarP(&f.follow, "follow", "f", false, "wait for more, across rotation; each failure is printed as it comes")
	fs.StringVar(&f.own, "own", "", "connections in the JSON `REPORT` of an earlier check are ours, and noise")
	fs.BoolVar(&f.fail, "fail-on-findings", false, "exit 1 if there are failures that are no noise")
	fs.BoolVar(&f.json, "json", false, "print JSON")
	fs.StringVarP(&f.output, "output", "o", "", "write the answer to `FILE`")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "print every cause with its texts and clients")
	fs.BoolVar(&f.noColor, "no-color", false, "print without color")
	_ = cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{"client", "sni", "hour"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	return cmd
}

// logsMemory is from how much memory on the collector works harder, in bytes: with
// the program itself, less than 64 MB whatever the log.
const logsMemory = 36 << 20

func (a *app) logs(ctx context.Context, f *logsFlags, args []string) error {
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	if f.own != "" {
		reports, err := a.readReports(f.own)
		if err != nil {
			return fmt.Errorf("--own %w", err)
		}
		o.Own = tlswhy.OwnProbes(reports)
	}
	var inputs []tlswhy.LogInput
	for _, name := range args {
		in := tlswhy.LogInput{Name: name}
		if name == "-" {
			in = tlswhy.LogInput{Name: "standard input", Reader: a.in}
		}
		inputs = append(inputs, in)
	}
	out, err := a.open(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()
	view := a.view(f.verbose, f.noColor)
	if out.file != "" {
		view.Color, view.ASCII = false, false
	}
	w := bufio.NewWriter(out)
	if f.each || f.follow {
		o.Each = f.printer(w, view)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(logsMemory)
	}
	p := a.newReading()
	o.Progress = p.at
	d, err := tlswhy.ReadLogs(ctx, inputs, o)
	p.end()
	interrupted := ctx.Err() != nil
	if d == nil {
		return err
	}
	if err != nil && !interrupted {
		return fmt.Errorf("writing failures: %w", err)
	}
	if err := f.write(w, d, view); err != nil {
		return fmt.Errorf("writing what the logs tell: %w", err)
	}
	if err := out.commit(); err != nil {
		return err
	}
	return f.exit(d, interrupted)
}

// options are the flags as what they mean now.
func (f *logsFlags) options(now time.Time) (tlswhy.LogsOptions, error) {
	o := tlswhy.LogsOptions{Follow: f.follow, Zone: time.Local, Now: time.Now}
	var err error
	if o.Since, err = moment("--since", f.since, now); err != nil {
		return o, err
	}
	if o.Until, err = moment("--until", f.until, now); err != nil {
		return o, err
	}
	if !o.Since.IsZero() && !o.Until.IsZero() && !o.Since.Before(o.Until) {
		return o, errors.New("--since is not before --until")
	}
	switch f.by {
	case "", "client", "hour":
		o.By = f.by
	case "sni", "name":
		o.By = "name"
	default:
		return o, fmt.Errorf("--by %q: it is client, sni or hour", f.by)
	}
	return o, nil
}

// printer prints each failure as it is found.
func (f *logsFlags) printer(w *bufio.Writer, view render.Options) func(tlswhy.LogFailure) error {
	flush := func(err error) error {
		if err == nil && f.follow {
			err = w.Flush()
		}
		return err
	}
	if f.json {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return func(x tlswhy.LogFailure) error { return flush(e.Encode(x)) }
	}
	return func(x tlswhy.LogFailure) error { return flush(render.LogFailure(w, &x, view)) }
}

// write ends the output: of lines of JSON nothing follows.
func (f *logsFlags) write(w *bufio.Writer, d *tlswhy.Logs, view render.Options) error {
	var err error
	switch {
	case f.json && (f.each || f.follow):
	case f.json:
		err = render.WriteJSON(w, d)
	case f.each:
	default:
		err = render.Logs(w, d, view)
	}
	return errors.Join(err, w.Flush())
}

func (f *logsFlags) exit(d *tlswhy.Logs, interrupted bool) error {
	var broken []string
	for _, x := range d.Damage {
		broken = append(broken, fmt.Sprintf("%s, after line %d: %s", x.Source, x.Line, x.Reason))
	}
	switch {
	case len(broken) > 0:
		return &exitError{code: exitUsage, err: errors.New(strings.Join(broken, "; "))}
	case interrupted && !f.follow: // who follows ends it so
		return &exitError{code: exitInterrupted}
	case f.fail && d.Failures > d.Noise:
		return &exitError{code: exitFail}
	}
	return nil
}

// moment reads a point in time: absolute, of today, or ago.
func moment(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch s {
	case "now":
		return now, nil
	case "today":
		return day, nil
	case "yesterday":
		return day.AddDate(0, 0, -1), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return day.Add(t.Sub(t.Truncate(24 * time.Hour))), nil
		}
	}
	if n, ok := strings.CutSuffix(s, "d"); ok {
		var days float64
		if _, err := fmt.Sscanf(n, "%g", &days); err == nil && days >= 0 && days < 36500 {
			return now.Add(-time.Duration(days * 24 * float64(time.Hour))), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%s %q is no time: give one like 2026-11-24T10:00, 10:00, today or 2h (ago)", flag, s)
}

// reading is the progress of reading files, on stderr.
type reading struct {
	w     io.Writer
	start time.Time
	last  time.Time
	shown bool
}

func (a *app) newReading() *reading {
	r := &reading{start: time.Now()}
	if a.errTerminal.is {
		r.w = a.err
	}
	return r
}

// at is told how much was read of how much.
func (r *reading) at(read, total int64) {
	now := time.Now()
	if r.w == nil || now.Sub(r.start) < patience || now.Sub(r.last) < interval {
		return
	}
	r.last, r.shown = now, true
	s := fmt.Sprintf("%.0f MB", float64(read)/1e6)
	if total > 0 {
		left := ""
		if read > 0 && read < total {
			left = fmt.Sprintf(", %s left", time.Duration(float64(now.Sub(r.start))*float64(total-read)/float64(read)).Round(time.Second))
		}
		s = fmt.Sprintf("%.0f of %.0f MB%s", float64(min(read, total))/1e6, float64(total)/1e6, left)
	}
	fmt.Fprint(r.w, "\r\x1b[2K  reading · "+s)
}

func (r *reading) end() {
	if r.shown {
		fmt.Fprint(r.w, "\r\x1b[2K")
	}
}
