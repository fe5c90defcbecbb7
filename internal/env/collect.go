package env

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Collect looks at a machine. What cannot be seen is left out; there is no error.
func Collect(ctx context.Context, h *Host) *Document {
	d := &Document{
		Schema: Schema, Version: h.Version, Time: rfc3339(h.Now()),
		Policies: []Policy{}, Stacks: []Stack{}, Stores: []Store{}, Findings: []Finding{},
	}
	h.warm(ctx)
	d.System = h.system()
	d.Settings = h.variables()
	d.Proxy = h.proxy()
	d.Policies = h.policies()
	o := h.openssl(ctx, d)
	h.curl(ctx, d)
	h.wget(ctx, d)
	h.python(ctx, d)
	h.node(ctx, d)
	h.java(ctx, d)
	h.golang(ctx, d)
	h.git(ctx, d)
	for _, x := range simples {
		h.simple(ctx, d, x)
	}
	d.Clock = h.clock(o)
	for i := range d.Stacks {
		s := &d.Stacks[i]
		if st := d.StoreOf(s); st != nil {
			st.UsedBy = append(st.UsedBy, s.ID)
		}
		s.Profile, s.Nearness = nearestProfile(s)
	}
	d.Findings = findings(h, d, o)
	return d
}

// warm starts the slow programs at the same time; their answers are kept. Four at
// once: this may be a small machine, and they are only asked for a line.
func (h *Host) warm(ctx context.Context) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	start := func(bin string, args ...string) {
		if bin == "" {
			return
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, _, _ = h.ask(ctx, bin, args...)
		})
	}
	start(h.lookPath("java"), "-XshowSettings:properties", "-version")
	start(h.lookPath("python3", "python"), "-c", pythonScript)
	start(h.lookPath("node", "nodejs"), "-e", nodeScript)
	start(h.lookPath("openssl"), "version", "-a")
	start(h.lookPath("openssl"), "ciphers", "-s", "-V")
	start(h.lookPath("curl"), "--version")
	start(h.lookPath("git"), "--exec-path")
	start(h.lookPath("go"), "version")
	for _, x := range simples {
		start(h.lookPath(x.programs...), x.args...)
	}
	wg.Wait()
}

// system reads os-release(5).
func (h *Host) system() System {
	s := System{OS: h.OS, Arch: h.Arch}
	for _, file := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		b, err := h.read(file)
		if err != nil {
			continue
		}
		for row := range strings.Lines(string(b)) {
			name, value, _ := strings.Cut(strings.TrimSpace(row), "=")
			value = strings.Trim(value, `"'`)
			switch name {
			case "ID":
				s.ID = value
			case "PRETTY_NAME":
				s.Name = value
			case "VERSION_ID":
				s.Release = value
			}
		}
		break
	}
	if b, err := h.read("/proc/sys/kernel/osrelease"); err == nil {
		s.Kernel = strings.TrimSpace(string(b))
	}
	return s
}

// variables are those of the environment that are set.
func (h *Host) variables() []Variable {
	out := []Variable{}
	for _, v := range variables() {
		value, ok := h.lookupEnv(v.Name)
		if !ok {
			continue
		}
		if v.Kind == "options" {
			value = withoutSecrets(value)
		}
		out = append(out, Variable{Name: v.Name, Value: value, What: v.What, For: v.For, Exists: h.named(v, value)})
	}
	return out
}

// named says whether what a variable names is there.
func (h *Host) named(v variable, value string) transcript.Tri {
	if value == "" || !path.IsAbs(value) {
		return transcript.Unknown // relative to a directory that is another one for every program
	}
	switch v.Kind {
	case "file":
		info, err := h.stat(value)
		return transcript.TriOf(err == nil && !info.IsDir())
	case "dir":
		info, err := h.stat(value)
		return transcript.TriOf(err == nil && info.IsDir())
	case "dirs":
		for dir := range strings.SplitSeq(value, ":") {
			if info, err := h.stat(dir); err == nil && info.IsDir() {
				return transcript.Yes
			}
		}
		return transcript.No
	case "path":
		return transcript.TriOf(h.exists(value))
	}
	return transcript.Unknown
}

// proxyVariables are read in small letters first; HTTP_PROXY in capitals is not
// read by curl, because a CGI program's environment has it from a request.
var proxyVariables = []string{"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}

func (h *Host) proxy() Proxy {
	p := Proxy{Variables: []Variable{}, Exempt: []string{}}
	for _, name := range proxyVariables {
		value := h.getenv(name)
		if value == "" {
			continue
		}
		if strings.EqualFold(name, "no_proxy") {
			for entry := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' }) {
				if !slices.Contains(p.Exempt, entry) {
					p.Exempt = append(p.Exempt, entry)
				}
			}
		}
		p.Variables = append(p.Variables, Variable{
			Name: name, Value: withoutPassword(value), For: "curl, git, Python, Go and others", What: map[bool]string{true: "what is reached without the proxy", false: "the proxy"}[strings.EqualFold(name, "no_proxy")],
		})
	}
	return p
}

// withoutPassword is a text with a URL fit to be shown.
func withoutPassword(s string) string {
	i := strings.Index(s, "://")
	at := strings.LastIndexByte(s, '@')
	if at < 0 || at < i {
		return s
	}
	start := 0
	if i >= 0 {
		start = i + 3
	}
	user, _, secret := strings.Cut(s[start:at], ":")
	if !secret {
		return s
	}
	if u, err := url.PathUnescape(user); err == nil && !strings.ContainsAny(u, ":/@") {
		return s[:start] + user + ":…" + s[at:]
	}
	return s[:start] + "…" + s[at:]
}

// withoutSecrets hides values of options that hold a password.
func withoutSecrets(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if name, _, ok := strings.Cut(w, "="); ok && strings.Contains(strings.ToLower(name), "password") {
			words[i] = name + "=…"
		}
	}
	return strings.Join(words, " ")
}

// timeDaemons are daemons that keep a clock, by files that they leave.
var timeDaemons = []struct{ name, file string }{
	{"chrony", "/run/chrony/chronyd.pid"},
	{"chrony", "/var/run/chrony/chronyd.pid"},
	{"systemd-timesyncd", "/run/systemd/timesync/synchronized"},
	{"ntpd", "/run/ntpd.pid"},
	{"ntpd", "/var/run/ntpd.pid"},
	{"OpenNTPD", "/run/ntpd.sock"},
	{"VMware or Hyper-V guest tools", "/run/vmtoolsd.pid"},
}

// recentFiles are ones that a running or updated system wrote lately.
var recentFiles = []string{
	"/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite", "/lib/apk/db/installed", "/var/log/wtmp", "/var/lib/systemd/timesync/clock",
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
}

// clock is what can be told without asking anybody: what the kernel says, and
// what is certainly past.
func (h *Host) clock(o *opensslInfo) Clock {
	now := h.Now()
	c := Clock{Now: rfc3339(now), Daemons: []string{}}
	if k := h.Kernel(); k.Known {
		c.Synchronised = transcript.TriOf(k.Synchronised)
		if k.Synchronised {
			c.MaxErrorMS = float64(k.MaxError.Microseconds()) / 1000
		}
	}
	for _, x := range timeDaemons {
		if h.exists(x.file) && !slices.Contains(c.Daemons, x.name) {
			c.Daemons = append(c.Daemons, x.name)
		}
	}
	latest, why := h.Built, "the sources of tlswhy are of then"
	if o != nil {
		if t, err := time.Parse("Mon Jan _2 15:04:05 2006 MST", o.built); err == nil && t.After(latest) {
			latest, why = t, "OpenSSL was built then"
		}
	}
	for _, f := range recentFiles {
		// A clock that was wrong writes wrong times; the future is no evidence of
		// the past by itself, but the two disagree, and that is worth a word.
		if info, err := h.stat(f); err == nil && info.ModTime().After(latest) {
			latest, why = info.ModTime(), f+" was written then"
		}
	}
	if !latest.IsZero() {
		c.NotBefore, c.Evidence = rfc3339(latest), why
		if behind := latest.Sub(now); behind > 0 {
			c.BehindMS = float64(behind.Milliseconds())
		}
	}
	return c
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// goVersions are the bounds of crypto/tls's client: TLS 1.3 came with Go 1.12
// (by default with 1.13), TLS 1.0 and 1.1 went with Go 1.18.
func goVersions(v string) (lo, hi wire.Version) {
	lo, hi = wire.VersionTLS12, wire.VersionTLS13
	if versionLess(v, "1.18") {
		lo = wire.VersionTLS10
	}
	if versionLess(v, "1.13") {
		hi = wire.VersionTLS12
	}
	return lo, cmp.Or(hi, wire.VersionTLS13)
}
