package env

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Ids of findings. They are part of what scripts see.
const (
	FindFileMissing    = "file-missing"         // a variable names what is not there
	FindVerifyOff      = "verification-off"     // nothing is verified
	FindSecretsLogged  = "secrets-logged"       // SSLKEYLOGFILE
	FindConfUnreadable = "configuration-broken" // openssl.cnf is not read as a whole
	FindConfUnreached  = "configuration-unused" // a section that nothing leads to
	FindLevelLowered   = "security-level-lowered"
	FindLevelRaised    = "security-level-raised"
	FindOldVersions    = "old-versions-allowed"
	FindNewVersionsOff = "new-versions-off"
	FindStoreEmpty     = "store-empty"
	FindRootsMissing   = "roots-missing"
	FindRootsOld       = "roots-old"
	FindInterception   = "interception-ca"
	FindTrustDiffers   = "trust-differs"
	FindClockBehind    = "clock-behind"
	FindClockFree      = "clock-not-synchronised"
	FindProxyExempt    = "proxy-exempts-nothing"
	FindProxyTwice     = "proxy-variables-differ"
	FindLibraryOld     = "library-old"
	FindPolicy         = "system-policy"
	FindProblem        = "not-readable"
)

// Bounds of what is worth a word.
const (
	maxNamed        = 3
	rootsOldAfter   = 8 * 365 * 24 * time.Hour // a list without a newer root is no current one
	certifiOldAfter = 2 * 365 * 24 * time.Hour
	clockSlack      = 5 * time.Minute
	maxFindings     = 200
)

type finder struct {
	h   *Host
	d   *Document
	o   *opensslInfo
	all []Finding
}

// findings are what the facts mean, worst first.
func findings(h *Host, d *Document, o *opensslInfo) []Finding {
	f := &finder{h: h, d: d, o: o, all: []Finding{}}
	f.variables()
	f.clock()
	f.openssl()
	f.versions()
	f.stores()
	f.trust()
	f.proxy()
	f.libraries()
	f.policy()
	for i := range d.Stacks {
		for _, p := range d.Stacks[i].Problems {
			f.add(Finding{ID: FindProblem, Severity: cause.SeverityLow, Stack: d.Stacks[i].ID, Title: d.Stacks[i].Name + ": " + p, Detail: "What is said of it below is incomplete."})
		}
	}
	slices.SortStableFunc(f.all, func(a, b Finding) int { return int(b.Severity) - int(a.Severity) })
	return f.all[:min(len(f.all), maxFindings)]
}

func (f *finder) add(x Finding) { f.all = append(f.all, x) }

// variables: what is named and not there, and what turns verification off.
func (f *finder) variables() {
	for _, v := range f.d.Settings {
		i := slices.IndexFunc(variables(), func(x variable) bool { return x.Name == v.Name })
		if i < 0 {
			continue
		}
		known := variables()[i]
		switch {
		case v.Exists == transcript.No:
			what := "does not exist"
			if info, err := f.h.stat(v.Value); err == nil && info.IsDir() {
				what = "is a directory"
			}
			f.add(Finding{
				ID: FindFileMissing, Severity: cause.SeverityHigh, File: v.Value,
				Title:  fmt.Sprintf("%s names %s, which %s", v.Name, v.Value, what),
				Detail: fmt.Sprintf("%s takes it as %s.", v.For, v.What),
				Fix:    "Correct the path, or unset " + v.Name + ".",
			})
		case known.Dangerous != "" && v.Value != "" && (known.Dangerous == "*" || strings.EqualFold(v.Value, known.Dangerous)) && !(known.Dangerous == "*" && (v.Value == "0" || strings.EqualFold(v.Value, "false"))):
			f.verifyOff("", fmt.Sprintf("%s=%s", v.Name, v.Value), v.For, "Unset it, and add the CA that was missing to the store.", Setting{})
		case known.Kind == "new" && v.Value != "":
			f.add(Finding{
				ID: FindSecretsLogged, Severity: cause.SeverityMedium, File: v.Value,
				Title:  v.Name + " is set: the secrets of every connection go to " + v.Value,
				Detail: "Whoever can read that file can decrypt what was recorded.",
				Fix:    "Unset it when the search is over, and delete the file.",
			})
		}
	}
	off := map[string]string{"insecure": "", "http.sslverify": "false", "check_certificate": "off", "check-certificate": "off"}
	for _, s := range f.d.Stacks {
		for _, set := range s.Settings {
			if value, ok := off[strings.ToLower(set.Name)]; ok && (value == "" || strings.EqualFold(set.Value, value) || value == "off" && set.Value == "0") {
				f.verifyOff(s.ID, strings.TrimSpace(set.Name+" "+set.Value), s.Name, "Take it out, and add the CA that was missing to the store.", set)
			}
		}
	}
}

func (f *finder) verifyOff(stack, what, who, fix string, at Setting) {
	f.add(Finding{
		ID: FindVerifyOff, Severity: cause.SeverityHigh, Stack: stack, File: at.File, Line: at.Line,
		Title:  what + ": " + who + " verifies no certificate",
		Detail: "It connects to anybody, an attacker included, and hides what is wrong with a server.",
		Fix:    fix,
	})
}

func (f *finder) clock() {
	c := f.d.Clock
	if c.BehindMS > float64(clockSlack.Milliseconds()) {
		f.add(Finding{
			ID: FindClockBehind, Severity: cause.SeverityHigh,
			Title:  fmt.Sprintf("The clock says %s, which is %s too early at least", c.Now, span(c.BehindMS)),
			Detail: c.Evidence + ", " + c.NotBefore + ". Certificates issued since seem not yet valid.",
			Fix:    "Set the clock, and let a time daemon keep it.",
		})
		return
	}
	if c.Synchronised == transcript.No && len(c.Daemons) == 0 {
		f.add(Finding{
			ID: FindClockFree, Severity: cause.SeverityLow,
			Title:  "Nothing keeps the clock, as far as can be seen here",
			Detail: "The kernel says that it is not synchronised, and no time daemon left its files. In a container that is the host's matter.",
			Fix:    "Run chrony or systemd-timesyncd.",
		})
	}
}

func span(ms float64) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d >= 2*365*24*time.Hour:
		return fmt.Sprintf("%d years", int(d.Hours()/24/365))
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	return d.Round(time.Minute).String()
}

// openssl: the configuration file, and what it does to the security level.
func (f *finder) openssl() {
	o := f.o
	if o == nil || o.parsed == nil {
		return
	}
	if len(o.parsed.errors) > 0 {
		e := o.parsed.errors[0]
		f.add(Finding{
			ID: FindConfUnreadable, Severity: cause.SeverityHigh, Stack: "openssl", File: e.File, Line: e.Line,
			Title:  fmt.Sprintf("%s: %s", place(e), e.Name),
			Detail: "A file with an error is not read at all: what it should set is not in force, and programs that insist on it end.",
			Fix:    "Correct the line.",
		})
		return
	}
	if o.broken != nil {
		f.add(Finding{
			ID: FindConfUnreached, Severity: cause.SeverityMedium, Stack: "openssl", File: o.broken.File, Line: o.broken.Line,
			Title:  fmt.Sprintf("%s: %s names a section that is not there", place(*o.broken), o.broken.Name+" = "+o.broken.Value),
			Detail: "The settings for TLS are not reached, and the library's own are in force.",
			Fix:    "Add the section [" + o.broken.Value + "], or correct its name.",
		})
		return
	}
	f.unreached()
	built := o.builtLevel()
	lvl := o.settings.level
	if lvl < 0 || built < 0 || lvl == built {
		return
	}
	at, _ := lastSetting(o.settings.all, "CipherString")
	want := levelOf(lvl)
	if lvl < built {
		f.add(Finding{
			ID: FindLevelLowered, Severity: map[bool]cause.Severity{true: cause.SeverityMedium, false: cause.SeverityLow}[lvl == 0], Stack: "openssl", File: at.File, Line: at.Line,
			Title:  fmt.Sprintf("%s lowers the security level to %d, from %d", place(at), lvl, built),
			Detail: fmt.Sprintf("Keys of %s are taken. A program that works here may refuse the same server elsewhere.", bitsText(want)),
			Fix:    fmt.Sprintf("Take @SECLEVEL=%d out once the servers that needed it are gone; name the file with OPENSSL_CONF for the one program that needs it.", lvl),
		})
		return
	}
	f.add(Finding{
		ID: FindLevelRaised, Severity: cause.SeverityMedium, Stack: "openssl", File: at.File, Line: at.Line,
		Title:  fmt.Sprintf("%s raises the security level to %d, from %d", place(at), lvl, built),
		Detail: fmt.Sprintf("Certificates with RSA keys below %d bits are refused, which are most, and so are DH primes of that size and suites without forward secrecy.", want.rsa),
		Fix:    fmt.Sprintf("Expect failures that others do not have, or go back to @SECLEVEL=%d.", built),
	})
}

func bitsText(l level) string {
	if l.rsa == 0 {
		return "any size"
	}
	return strconv.Itoa(l.rsa) + " bits"
}

// unreached: the file has settings for TLS in a section that nothing leads to.
func (f *finder) unreached() {
	c := f.o.parsed
	if len(f.o.settings.all) > 0 {
		return
	}
	for _, name := range sortedKeys(c.sections) {
		for _, s := range c.sections[name] {
			switch strings.ToLower(s.Name) {
			case "minprotocol", "maxprotocol", "cipherstring", "ciphersuites":
				f.add(Finding{
					ID: FindConfUnreached, Severity: cause.SeverityMedium, Stack: "openssl", File: s.File, Line: s.Line,
					Title:  fmt.Sprintf("%s: %s = %s is not in force", place(s), s.Name, s.Value),
					Detail: "Nothing leads to its section [" + name + "]: openssl_conf at the top of the file, ssl_conf in the section that it names, system_default in the one that this names.",
					Fix:    "Connect the sections, or take them out.",
				})
				return
			}
		}
	}
}

func lastSetting(all []Setting, name string) (Setting, bool) {
	for i := len(all) - 1; i >= 0; i-- {
		if strings.EqualFold(all[i].Name, name) {
			return all[i], true
		}
	}
	return Setting{}, false
}

func place(s Setting) string {
	if s.Line == 0 {
		return s.File
	}
	return s.File + ":" + strconv.Itoa(s.Line)
}

// versions: old ones that are allowed, new ones that are not.
func (f *finder) versions() {
	if f.o != nil {
		t := f.o.settings
		if at, ok := lastSetting(t.all, "MinProtocol"); ok && t.min != 0 && t.min < wire.VersionTLS12 {
			f.add(Finding{
				ID: FindOldVersions, Severity: cause.SeverityLow, Stack: "openssl", File: at.File, Line: at.Line,
				Title:  fmt.Sprintf("%s allows %s", place(at), t.min),
				Detail: "Programs here connect to servers that others refuse.",
				Fix:    "MinProtocol = TLSv1.2",
			})
		}
	}
	for _, s := range f.d.Stacks {
		switch {
		case s.MinVersion >= wire.VersionTLS13:
			f.add(Finding{
				ID: FindNewVersionsOff, Severity: cause.SeverityMedium, Stack: s.ID, File: whereOf(s, "MinProtocol").File, Line: whereOf(s, "MinProtocol").Line,
				Title:  s.Name + " insists on TLS 1.3",
				Detail: "It cannot connect to servers of TLS 1.2, which are many.", Fix: "Allow TLS 1.2.",
			})
		case s.MaxVersion != 0 && s.MaxVersion < wire.VersionTLS12:
			f.add(Finding{
				ID: FindNewVersionsOff, Severity: cause.SeverityHigh, Stack: s.ID,
				Title:  s.Name + " speaks no TLS 1.2",
				Detail: "Most servers refuse anything older.", Fix: "Upgrade it, or lift the setting that holds it back.",
			})
		case s.MaxVersion == wire.VersionTLS12:
			at := whereOf(s, "MaxProtocol")
			f.add(Finding{
				ID: FindNewVersionsOff, Severity: cause.SeverityLow, Stack: s.ID, File: at.File, Line: at.Line,
				Title:  s.Name + " speaks no TLS 1.3",
				Detail: "Servers that offer nothing else are out of its reach.", Fix: "Upgrade it, or lift the setting that holds it back.",
			})
		}
	}
}

func whereOf(s Stack, name string) Setting {
	x, _ := lastSetting(s.Settings, name)
	return x
}

func (f *finder) proxy() {
	get := func(name string) string {
		for _, v := range f.d.Proxy.Variables {
			if v.Name == name {
				return v.Value
			}
		}
		return ""
	}
	for _, name := range []string{"https_proxy", "all_proxy", "no_proxy"} {
		lower, upper := get(name), get(strings.ToUpper(name))
		if lower != "" && upper != "" && lower != upper {
			f.add(Finding{
				ID: FindProxyTwice, Severity: cause.SeverityMedium,
				Title:  fmt.Sprintf("%s and %s differ", name, strings.ToUpper(name)),
				Detail: "Programs disagree about which of them counts: curl takes the small letters, Go the capitals.",
				Fix:    "Set both to the same value.",
			})
		}
	}
	if get("https_proxy") == "" && get("HTTPS_PROXY") == "" && get("all_proxy") == "" && get("ALL_PROXY") == "" {
		return
	}
	var lacks []string
	for _, want := range []string{"localhost", "127.0.0.1"} {
		if !slices.ContainsFunc(f.d.Proxy.Exempt, func(e string) bool {
			return e == "*" || e == want || want == "127.0.0.1" && strings.HasPrefix(e, "127.")
		}) {
			lacks = append(lacks, want)
		}
	}
	if len(lacks) > 0 {
		f.add(Finding{
			ID: FindProxyExempt, Severity: cause.SeverityLow,
			Title:  "A proxy is set, and NO_PROXY lacks " + strings.Join(lacks, " and "),
			Detail: "Programs that have no exception of their own ask the proxy for what runs on this machine.",
			Fix:    "NO_PROXY=localhost,127.0.0.1,::1 and the names of the internal network.",
		})
	}
}

func (f *finder) libraries() {
	for _, s := range f.d.Stacks {
		family, version, _ := strings.Cut(s.Library, " ")
		for _, e := range ends() {
			if family == e.Library && version != "" && version[0] >= '0' && version[0] <= '9' && versionLess(version, e.Before) {
				f.add(Finding{
					ID: FindLibraryOld, Severity: cause.SeverityLow, Stack: s.ID,
					Title:  fmt.Sprintf("%s uses %s, whose makers stopped fixing it on %s", s.Name, s.Library, e.End),
					Detail: "A distribution may still; servers that are set up for current clients may not.", Fix: "Upgrade it.",
				})
				break
			}
		}
	}
}

func (f *finder) policy() {
	for _, p := range f.d.Policies {
		name, _, _ := strings.Cut(p.Name, ":")
		if p.ID != "crypto-policies" || name == "DEFAULT" {
			continue
		}
		f.add(Finding{
			ID: FindPolicy, Severity: map[string]cause.Severity{"FUTURE": cause.SeverityMedium, "FIPS": cause.SeverityMedium}[name], File: p.Path,
			Title:  "The system's crypto policy is " + p.Name,
			Detail: "It decides for OpenSSL, GnuTLS, NSS and Java at once; machines with DEFAULT behave otherwise.",
			Fix:    "update-crypto-policies --show tells it, --set DEFAULT changes it.",
		})
		if f.all[len(f.all)-1].Severity == cause.SeverityUnknown {
			f.all[len(f.all)-1].Severity = cause.SeverityLow
		}
	}
}
