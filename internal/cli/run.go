package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/http/httpproxy"

	"github.com/tlswhy/tlswhy/internal/relay"
	"github.com/tlswhy/tlswhy/internal/render"
	"github.com/tlswhy/tlswhy/internal/report"
)

// settle is how long the relay waits for connections that end with the program.
const settle = 300 * time.Millisecond

// Exit codes of a program that cannot be started, as shells have them.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// runFlags are those of check, and where the client is kept.
type runFlags struct {
	checkFlags
	save string
}

func (a *app) runCommand() *cobra.Command {
	f := new(runFlags)
	cmd := &cobra.Command{
		Use:   "run [flags] -- CMD ARGS…",
		Short: "Run a program and say what its TLS did, and why it failed",
		Long: `run starts CMD behind a relay on loopback that passes its TLS on untouched, and
tells afterwards, on standard error, of each handshake: with whom, which known
client CMD comes closest to, how it ended, who stopped it, and why. A handshake
that failed is diagnosed like "tlswhy TARGET --as CMD": with CMD's own hello, at
the same address. Standard input, output and error are CMD's; so are signals.

CMD is led through the relay by the proxy settings of its environment
(HTTPS_PROXY and the like; Java, npm and git have their own). A program that
heeds none of them is not seen, and run says so. Nothing is decrypted. What a
hello does not show (root store, least key sizes) is assumed from the nearest
known client, or from --as CLIENT; roots that CMD was given by its flags or
environment are found for some programs, otherwise --ca-file names them.

--save FILE keeps the client, for --as @FILE in every command; further clients
within CMD go to FILE-2 and so on. --connect leads all connections to one place.

Exit status: 1 a handshake of CMD failed, otherwise CMD's own; 127 there is no
CMD, 126 it cannot be executed, 2 wrong usage.`,
		Example: `  tlswhy run -- curl https://example.com
  tlswhy run --save app.json -- ./app --once
  tlswhy example.com --as @app.json
  tlswhy run --json -o run.json -- python3 client.py
  tlswhy run --connect 192.0.2.10 --ca-file ca.pem -- wget https://example.com`,
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return errors.New("give a program to run, as in: tlswhy run -- curl https://example.com")
			case f.sni != "" || f.startTLS != "" || f.echConfig != "":
				return errors.New("run changes nothing of what CMD sends: --sni, --starttls and --ech-config are for check")
			}
			return a.runProgram(cmd.Context(), f, args)
		},
	}
	f.register(cmd)
	fs := cmd.Flags()
	fs.SetInterspersed(false) // what follows CMD is CMD's
	fs.StringVar(&f.save, "save", "", "keep the client in `FILE`, for --as @FILE")
	group(fs, groupPoint, "save")
	fs.Lookup("as").Usage = "assume the policy of `CLIENT` (root store, key sizes) instead of that of the\nnearest client"
	fs.Lookup("json").Usage = "write JSON, to --output or to standard error"
	fs.Lookup("output").Usage = "write to `FILE` instead of standard error"
	fs.Lookup("format").Usage = "write as `FORMAT`: term, json; html, markdown, junit and sarif hold the\ndiagnoses alone"
	for _, name := range []string{"sni", "starttls", "ech-config"} {
		_ = fs.MarkHidden(name) // they are there
	}
	a.completeFlags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("save", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
	})
	return cmd
}

// runProgram runs CMD behind a relay and tells what it saw.
func (a *app) runProgram(ctx context.Context, f *runFlags, args []string) error {
	o, err := f.options(time.Now())
	if err != nil {
		return err
	}
	format, _, err := f.form()
	if err != nil {
		return err
	}
	if _, err := a.newChecker(o); err != nil { // what is wrong is said before CMD runs
		return withHint(err)
	}
	out, err := a.openBeside(f.output)
	if err != nil {
		return err
	}
	defer out.abandon()
	var saved *sink
	if f.save != "" { // where it cannot be kept is said before CMD runs, too
		if saved, err = a.openAs("--save", f.save); err != nil {
			return err
		}
		defer saved.abandon()
	}
	upstream, err := upstreamProxy(f.proxy, a.getenv)
	if err != nil {
		return err
	}
	// The relay outlives an interrupt: it is CMD that decides what to do with it.
	r, err := relay.Start(context.WithoutCancel(ctx), relay.Options{
		Connect: f.connect, Proxy: upstream, Resolver: withPort(f.resolver, "53"), Timeout: f.timeout,
	})
	if err != nil {
		return err
	}
	begun := time.Now()
	code, err := a.startProgram(args, relayEnvironment(r.Addr(), a.environ()))
	if err == nil {
		r.Settle(settle)
	}
	if closing := r.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	connections, total := r.Connections()
	s := &runStudy{app: a, f: f, options: o, args: args}
	doc := s.study(ctx, connections, code)
	doc.Time, doc.Connections = begun.UTC().Format(time.RFC3339), total
	unsaved := s.save(saved, doc)
	report.FillLists(doc)
	if err := a.deliverRun(out, format, f, doc); err != nil {
		return err
	}
	if unsaved != nil {
		return unsaved
	}
	if doc.Verdict == report.Fail && ctx.Err() == nil {
		code = exitFail
	}
	if code == exitOK {
		return nil
	}
	return &exitError{code: code}
}

// openBeside is open for a command whose program owns stdout.
func (a *app) openBeside(path string) (*sink, error) {
	if path == "" || path == "-" {
		return &sink{Writer: a.err}, nil
	}
	return a.open(path)
}

func (a *app) deliverRun(out *sink, format render.Format, f *runFlags, doc *report.Run) error {
	view := a.view(f.verbose, f.noColor)
	view.Width, view.Height = a.errTerminal.width, a.errTerminal.height
	view.Color = out.file == "" && a.errTerminal.is && !f.noColor && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
	view.ASCII = out.file == "" && a.errTerminal.is && !a.utf8()
	var err error
	switch format {
	case render.JSON:
		err = render.WriteJSON(out, doc)
	case render.Term:
		err = render.Run(out, doc, view)
	default:
		err = render.Reports(out, format, doc.Reports, view)
	}
	if err != nil {
		return fmt.Errorf("writing what was seen: %w", err)
	}
	return out.commit()
}

// upstreamProxy is the user's own proxy: that of --proxy, or what the environment
// says, exceptions included.
func upstreamProxy(flag string, getenv func(string) string) (func(string) *url.URL, error) {
	either := func(a, b string) string {
		if v := getenv(a); v != "" {
			return v
		}
		return getenv(b)
	}
	if flag != "" && !strings.Contains(flag, "://") {
		flag = "http://" + flag
	}
	c := httpproxy.Config{HTTPSProxy: flag}
	if flag == "" {
		c = httpproxy.Config{HTTPSProxy: either("HTTPS_PROXY", "https_proxy"), NoProxy: either("NO_PROXY", "no_proxy")}
		if c.HTTPSProxy == "" {
			c.HTTPSProxy = either("ALL_PROXY", "all_proxy")
		}
	}
	if c.HTTPSProxy == "" {
		return nil, nil
	}
	if flag != "" {
		u, err := url.Parse(flag)
		if err != nil {
			return nil, errors.New("the proxy is not a URL such as http://proxy.example.net:3128")
		}
		return func(string) *url.URL { return u }, nil
	}
	choose := c.ProxyFunc()
	// Of no host that is an exception: what it would choose for others.
	if u, err := url.Parse(c.HTTPSProxy); err == nil && u.Host != "" && u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the environment's proxy is of scheme %q, and run passes http and https on: give another with --proxy, or run it without the variable", u.Scheme)
	}
	return func(hostPort string) *url.URL {
		u, err := choose(&url.URL{Scheme: "https", Host: hostPort})
		if err != nil {
			return nil
		}
		return u
	}, nil
}

// withPort adds a port to an address that has none.
func withPort(s, port string) string {
	if s == "" {
		return ""
	}
	host, n, err := report.ParseEndpoint(s, 0)
	if err != nil {
		return s // New has said so
	}
	if n != 0 {
		port = fmt.Sprint(n)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// relayEnvironment is the environment in which a program finds the relay.
func relayEnvironment(relay string, env []string) []string {
	proxy := "http://" + relay
	host, port, _ := strings.Cut(relay, ":")
	has := func(names ...string) bool {
		return slices.ContainsFunc(env, func(e string) bool {
			name, value, _ := strings.Cut(e, "=")
			return slices.Contains(names, name) && value != ""
		})
	}
	java := fmt.Sprintf("-Dhttps.proxyHost=%s -Dhttps.proxyPort=%s -Dhttp.nonProxyHosts=", host, port)
	set := map[string]string{}
	for _, name := range []string{"HTTPS_PROXY", "ALL_PROXY", "WSS_PROXY"} {
		set[name], set[strings.ToLower(name)] = proxy, proxy
	}
	if !has("HTTP_PROXY", "http_proxy") {
		// Ruby's net/http knows no other, and what is not TLS passes too.
		set["http_proxy"] = proxy
		set["npm_config_proxy"] = proxy
		java += fmt.Sprintf(" -Dhttp.proxyHost=%s -Dhttp.proxyPort=%s", host, port)
	}
	// Those that have settings of their own, which win over HTTPS_PROXY or stand for it.
	set["npm_config_https_proxy"], set["npm_config_noproxy"] = proxy, ""
	set["YARN_HTTPS_PROXY"] = proxy
	set["CARGO_HTTP_PROXY"] = proxy
	set["PIP_PROXY"] = proxy
	set["NODE_USE_ENV_PROXY"] = "1" // Node.js from 22.21 and 24.5 on
	set["GLOBAL_AGENT_HTTP_PROXY"], set["GLOBAL_AGENT_HTTPS_PROXY"] = proxy, proxy
	if !has("GIT_CONFIG_COUNT") {
		set["GIT_CONFIG_COUNT"], set["GIT_CONFIG_KEY_0"], set["GIT_CONFIG_VALUE_0"] = "1", "http.proxy", proxy
	}
	out := make([]string, 0, len(env)+len(set))
	options := ""
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		switch _, ours := set[name]; {
		case name == "JAVA_TOOL_OPTIONS":
			options = value + " "
		case ours, strings.EqualFold(name, "NO_PROXY"): // exceptions are for the relay
		default:
			out = append(out, e)
		}
	}
	for name, value := range set {
		out = append(out, name+"="+value)
	}
	out = append(out, "JAVA_TOOL_OPTIONS="+options+java)
	slices.Sort(out)
	return out
}
