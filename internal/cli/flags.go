package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/render"
	"github.com/tlswhy/tlswhy/internal/report"
)

// checkFlags are the flags of every command that checks.
type checkFlags struct {
	as, caFile, cert, key         string
	connect, sni, startTLS, proxy string
	resolver, at, expectAddress   string
	echConfig                     string
	timeout                       time.Duration
	budget                        int
	rate                          float64
	gentle, publicRoots, noAIA    bool
	outputFlags
}

// outputFlags say where an answer goes, and in what form.
type outputFlags struct {
	json, verbose, noColor bool
	format, output         string
}

// Groups of flags in the help, in this order.
const (
	groupCompare = "Comparison"
	groupPoint   = "Point of view"
	groupTarget  = "Connection"
	groupVerify  = "Certificates"
	groupPace    = "Pace"
	groupOutput  = "Output"
)

// groupOf is an annotation of a flag.
const groupOf = "tlswhy/group"

func (f *checkFlags) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.as, "as", "", "check from the point of view of `CLIENT`; default modern, what current\nbrowsers and libraries have in common (tlswhy clients --list); @FILE is one that\nrun --save wrote, or a bare ClientHello")
	fs.StringVar(&f.cert, "cert", "", "show the client certificate of this `PEM` file when asked for one")
	fs.StringVar(&f.key, "key", "", "its private key, a `PEM` file; not needed if the certificate's file holds it")
	group(fs, groupPoint, "as", "cert", "key")

	fs.StringVar(&f.connect, "connect", "", "dial `HOST[:PORT]` and keep the name: nothing is looked up for it")
	fs.StringVar(&f.sni, "sni", "", "send the server name `NAME`, or none; verified is still the target's name")
	fs.StringVar(&f.startTLS, "starttls", "", "begin with the plaintext dialogue of `PROTO`: "+strings.Join(tlswhy.StartTLSProtocols(), ", "))
	fs.StringVar(&f.proxy, "proxy", "", "go through the HTTP CONNECT proxy at `URL`")
	fs.StringVar(&f.resolver, "resolver", "", "ask the DNS server at `ADDR[:PORT]`")
	fs.StringVar(&f.expectAddress, "expect-address", "", "the name should resolve to `IP`, or into a prefix such as 192.0.2.0/24")
	fs.StringVar(&f.echConfig, "ech-config", "", "encrypt the hello with the ECHConfigList in `FILE|BASE64`; browsers do so with\nwhat the target's HTTPS record holds")
	group(fs, groupTarget, "connect", "sni", "starttls", "proxy", "resolver", "expect-address", "ech-config")

	fs.StringVar(&f.caFile, "ca-file", "", "trust the roots of this `PEM` file instead of the client's own")
	fs.BoolVar(&f.publicRoots, "public-roots", false, "the roots of --ca-file are public CAs: hold them to the rules for those")
	fs.StringVar(&f.at, "at", "", "verify as of `TIME`: 2026-11-24, 2026-11-24T06:00:00Z, +30d, -12h")
	fs.BoolVar(&f.noAIA, "no-aia", false, "do not fetch missing intermediate certificates")
	group(fs, groupVerify, "ca-file", "public-roots", "at", "no-aia")

	fs.DurationVar(&f.timeout, "timeout", 30*time.Second, "give one connection `DUR` at most")
	fs.IntVar(&f.budget, "budget", 0, "open `N` connections at most; default 40 to each address")
	fs.Float64Var(&f.rate, "rate", 0, "open `N` connections a second at most")
	fs.BoolVar(&f.gentle, "gentle", false, "open one connection at a time")
	group(fs, groupPace, "timeout", "budget", "rate", "gentle")
	f.outputFlags.register(cmd)
}

func (f *outputFlags) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.BoolVar(&f.json, "json", false, "print JSON: short for --format json")
	fs.StringVar(&f.format, "format", "", "print as `FORMAT`: term, json, html, markdown, junit, sarif")
	fs.StringVarP(&f.output, "output", "o", "", "write to `FILE`; without --format, its name tells the format")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "show all findings, fixes, handshakes and certificates")
	fs.BoolVar(&f.noColor, "no-color", false, "no colours; the environment's NO_COLOR does the same")
	group(fs, groupOutput, "json", "format", "output", "verbose", "no-color")
}

func group(fs *pflag.FlagSet, name string, flags ...string) {
	for _, f := range flags {
		fs.Lookup(f).Annotations = map[string][]string{groupOf: {name}}
	}
}

// options are the flags as options of a check.
func (f *checkFlags) options(now time.Time) (tlswhy.Options, error) {
	o := tlswhy.Options{
		Client: f.as, CAFile: f.caFile, PublicRoots: f.publicRoots, CertFile: f.cert, KeyFile: f.key,
		Connect: f.connect, SNI: f.sni, StartTLS: f.startTLS, Proxy: f.proxy, Resolver: f.resolver,
		ExpectAddress: f.expectAddress, NoAIA: f.noAIA, ECHConfig: f.echConfig,
		Timeout: f.timeout, Budget: f.budget, Rate: f.rate, Gentle: f.gentle,
	}
	var err error
	if f.at != "" {
		if o.At, err = parseTime(f.at, now); err != nil {
			return o, fmt.Errorf("--at %q: %w", f.at, err)
		}
	}
	switch {
	case f.timeout <= 0:
		return o, fmt.Errorf("--timeout %s: it has to be longer than nothing", f.timeout)
	case f.budget < 0:
		return o, fmt.Errorf("--budget %d: it cannot be negative", f.budget)
	case !(f.rate >= 0): // NaN is not
		return o, fmt.Errorf("--rate %v: it cannot be negative", f.rate)
	}
	return o, nil
}

// again fills what was not given with what a report was made with.
func (f *checkFlags) again(fs *pflag.FlagSet, r *report.Report) {
	for _, x := range []struct {
		flag  string
		value *string
		was   string
	}{
		{"as", &f.as, r.Client},
		{"ca-file", &f.caFile, r.Options.CAFile},
		{"cert", &f.cert, r.Options.Cert},
		{"key", &f.key, r.Options.Key},
		{"connect", &f.connect, r.Options.Connect},
		{"sni", &f.sni, r.Options.SNI},
		{"starttls", &f.startTLS, r.Options.StartTLS},
		{"proxy", &f.proxy, r.Options.Proxy},
		{"resolver", &f.resolver, r.Options.Resolver},
		{"at", &f.at, r.Options.At},
		{"ech-config", &f.echConfig, r.Options.ECHConfig},
	} {
		if !fs.Changed(x.flag) {
			*x.value = x.was
		}
	}
	if !fs.Changed("public-roots") {
		f.publicRoots = r.Options.PublicRoots
	}
	if !fs.Changed("no-aia") {
		f.noAIA = r.Options.NoAIA
	}
}

// parseTime reads a point in time: RFC 3339, a date, or a distance from now.
func parseTime(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	if sign, rest := s[:1], s[1:]; sign == "+" || sign == "-" {
		d, err := parseDistance(rest)
		if sign == "-" {
			d = -d
		}
		if err == nil {
			return now.Add(d), nil
		}
	}
	return time.Time{}, errors.New("this is no time; write 2026-11-24, 2026-11-24T06:00:00Z, or +30d for a distance from now")
}

// parseDistance is time.ParseDuration with days, weeks and years (of 365 days).
func parseDistance(s string) (time.Duration, error) {
	for suffix, hours := range map[string]float64{"d": 24, "w": 7 * 24, "y": 365 * 24} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			n, err := strconv.ParseFloat(number, 64)
			if err != nil || !(n >= 0 && n*hours <= 200*365*24) { // a Duration holds 292 years
				return 0, errors.New("not a distance in time")
			}
			return time.Duration(n * hours * float64(time.Hour)), nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errors.New("not a duration")
	}
	return d, nil
}

// form is the format of the answer; it is explicit if a flag says so.
func (f *outputFlags) form() (format render.Format, explicit bool, err error) {
	switch {
	case f.json && f.format != "" && f.format != string(render.JSON):
		return "", false, fmt.Errorf("--json and --format %s contradict each other", f.format)
	case f.json:
		return render.JSON, true, nil
	case f.format != "":
		format, err = render.ParseFormat(f.format)
		return format, true, err
	}
	switch strings.ToLower(filepath.Ext(f.output)) {
	case ".json":
		return render.JSON, false, nil
	case ".html", ".htm":
		return render.HTML, false, nil
	case ".md", ".markdown":
		return render.Markdown, false, nil
	case ".xml":
		return render.JUnit, false, nil
	case ".sarif":
		return render.SARIF, false, nil
	}
	return render.Term, false, nil
}
