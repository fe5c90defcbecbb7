package env

import (
	"cmp"
	"context"
	"debug/elf"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

func newStack(id, name, bin string) Stack {
	s := Stack{
		ID: id, Name: name, Path: bin, SecurityLevel: -1, Settings: []Setting{},
		Packages: []Setting{}, Advice: []Advice{}, Problems: []string{},
	}
	if a := advice()[id]; a != nil {
		s.Advice = a
	}
	return s
}

// needed are the shared libraries that an ELF program asks for by name.
func (h *Host) needed(bin string) []string {
	if info, err := h.stat(bin); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := h.FS.Open(h.inFS(bin))
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	r, ok := f.(io.ReaderAt)
	if !ok {
		return nil
	}
	e, err := elf.NewFile(r)
	if err != nil {
		return nil // a script, or another system's format
	}
	libs, _ := e.ImportedLibraries()
	return libs
}

// libraryDirs are where shared libraries lie, for the architectures that are common.
var libraryDirs = []string{
	"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib/arm-linux-gnueabihf", "/usr/lib/i386-linux-gnu",
	"/usr/lib64", "/usr/lib", "/lib64", "/lib", "/usr/local/lib",
}

// sharedLibrary is the file of a library; "" if it is none of the usual places.
func (h *Host) sharedLibrary(name string) string {
	for _, dir := range libraryDirs {
		if f := path.Join(dir, name); h.exists(f) {
			return f
		}
	}
	return ""
}

// libraryFrom names the TLS library of a program by what it is linked to.
func (h *Host) libraryFrom(ctx context.Context, d *Document, bin string) string {
	for _, lib := range h.needed(bin) {
		switch {
		case strings.HasPrefix(lib, "libssl.so"):
			// The same file as the openssl program's where the number is the same.
			if o := d.Stack("openssl"); o != nil && strings.HasPrefix(lib, "libssl.so."+firstPart(o)) {
				return o.Library
			}
			return "OpenSSL (" + lib + ")"
		case strings.Contains(lib, "gnutls"):
			return h.gnutlsVersion(ctx)
		case strings.HasPrefix(lib, "libnss3") || strings.HasPrefix(lib, "libssl3"):
			return "NSS"
		case strings.HasPrefix(lib, "libmbedtls"):
			return "mbedTLS"
		}
	}
	return ""
}

// firstPart is the number in the name of OpenSSL's library: 3, 1.1.
func firstPart(o *Stack) string {
	v := strings.TrimPrefix(o.Library, "OpenSSL ")
	if strings.HasPrefix(v, "1.1.") {
		return "1.1"
	}
	major, _, _ := strings.Cut(v, ".")
	return major
}

var gnutlsVersion = pattern(`(?m)^gnutls-cli ([0-9.]+)`)

func (h *Host) gnutlsVersion(ctx context.Context) string {
	if bin := h.lookPath("gnutls-cli"); bin != "" {
		out, _, _ := h.ask(ctx, bin, "--version")
		if m := gnutlsVersion().FindStringSubmatch(out); m != nil {
			return "GnuTLS " + m[1]
		}
	}
	return "GnuTLS"
}

var curlBackend = pattern(`\((?:[^()]*)\)|\b(OpenSSL|LibreSSL|BoringSSL|quictls|GnuTLS|NSS|wolfSSL|mbedTLS|BearSSL|Schannel|SecureTransport|rustls-ffi|AWS-LC)/([0-9][0-9A-Za-z.\-+]*)?`)

func (h *Host) curl(ctx context.Context, d *Document) {
	bin := h.lookPath("curl")
	if bin == "" {
		return
	}
	s := newStack("curl", "curl", bin)
	out, stderr, err := h.ask(ctx, bin, "--version")
	words := strings.Fields(out)
	if len(words) < 2 {
		s.Problems = append(s.Problems, whyNot("it does not say its version", err, stderr))
		d.Stacks = append(d.Stacks, s)
		return
	}
	s.Version = words[1]
	// Libraries in parentheses are there and not in use.
	head, _, _ := strings.Cut(out, "\n")
	for _, m := range curlBackend().FindAllStringSubmatch(head, -1) {
		if m[1] != "" {
			s.Library = strings.TrimSpace(m[1] + " " + m[2])
			break
		}
	}
	h.followOpenSSL(d, &s)
	file := h.getenv("CURL_CA_BUNDLE")
	if file == "" && strings.HasPrefix(s.Library, "OpenSSL") {
		file = h.getenv("SSL_CERT_FILE")
	}
	if rc := h.configFiles("CURL_HOME", ".curlrc", "/etc/curlrc"); len(rc) > 0 {
		for _, set := range h.curlConfig(rc[0]) { // only the first is read
			switch set.Name {
			case "cacert":
				file = set.Value
				fallthrough
			case "insecure", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "tls-max", "ciphers", "tls13-ciphers", "curves", "proxy", "proxy-insecure", "capath":
				s.Settings = append(s.Settings, set)
			}
		}
	}
	if file != "" {
		s.Store = h.fileOrDir(d, file).ID
	} else {
		s.Store = h.systemStore(d)
	}
	d.Stacks = append(d.Stacks, s)
}

// configFiles are a user's configuration file and the system's, as far as they
// exist.
func (h *Host) configFiles(variable, name, system string) []string {
	var out []string
	for _, dir := range []string{h.getenv(variable), h.getenv("XDG_CONFIG_HOME"), h.getenv("HOME")} {
		if f := path.Join(dir, name); dir != "" && h.exists(f) {
			out = append(out, f)
			break
		}
	}
	if system != "" && h.exists(system) {
		out = append(out, system)
	}
	return out
}

// curlConfig reads "option value" lines of curl and wget.
func (h *Host) curlConfig(file string) []Setting {
	b, err := h.read(file)
	if err != nil {
		return nil
	}
	var out []Setting
	n := 0
	for row := range strings.SplitSeq(string(b), "\n") {
		n++
		row = strings.TrimSpace(row)
		if row == "" || row[0] == '#' || len(out) > 1000 {
			continue
		}
		name, value := row, ""
		if i := strings.IndexAny(row, " \t=:"); i >= 0 {
			name, value = row[:i], strings.Trim(row[i:], " \t=:")
		}
		out = append(out, Setting{
			Name: strings.ToLower(strings.TrimLeft(name, "-")), Value: withoutPassword(strings.Trim(value, `"`)), File: file, Line: n,
		})
	}
	return out
}

var (
	wgetVersion = pattern(`^GNU Wget2? ([0-9.]+)`)
	wgetSSL     = pattern(`\+ssl/(\w+)`)
)

func (h *Host) wget(ctx context.Context, d *Document) {
	bin := h.lookPath("wget")
	if bin == "" {
		return
	}
	s := newStack("wget", "wget", bin)
	out, stderr, err := h.ask(ctx, bin, "--version")
	m := wgetVersion().FindStringSubmatch(out)
	switch {
	case m != nil:
		s.Version = m[1]
	case strings.Contains(stderr+out, "BusyBox"):
		s.Name = "wget of BusyBox"
	default:
		s.Problems = append(s.Problems, whyNot("it does not say its version", err, stderr))
	}
	if m := wgetSSL().FindStringSubmatch(out); m != nil {
		switch m[1] {
		case "gnutls":
			s.Library = h.gnutlsVersion(ctx)
		case "openssl":
			s.Library = "OpenSSL"
		}
	}
	s.Library = cmp.Or(h.libraryFrom(ctx, d, bin), s.Library)
	h.followOpenSSL(d, &s)
	store := ""
	for _, rc := range append([]string{"/etc/wgetrc"}, h.configFiles("", ".wgetrc", "")...) {
		for _, set := range h.curlConfig(rc) {
			switch strings.ReplaceAll(set.Name, "-", "_") {
			case "ca_certificate":
				store = set.Value
				fallthrough
			case "check_certificate", "secure_protocol", "ciphers", "https_proxy":
				s.Settings = append(s.Settings, set)
			}
		}
	}
	if store != "" {
		s.Store = h.pemStore(d, store).ID
	} else {
		s.Store = h.systemStore(d)
	}
	d.Stacks = append(d.Stacks, s)
}

// followOpenSSL gives a program that is linked to the same libssl its bounds.
func (h *Host) followOpenSSL(d *Document, s *Stack) {
	o := d.Stack("openssl")
	if o == nil || o.Library != s.Library {
		return
	}
	s.MinVersion, s.MaxVersion, s.SecurityLevel = o.MinVersion, o.MaxVersion, o.SecurityLevel
	s.Settings = slices.Clone(o.Settings)
}

func (h *Host) git(ctx context.Context, d *Document) {
	bin := h.lookPath("git")
	if bin == "" {
		return
	}
	s := newStack("git", "git", bin)
	out, stderr, err := h.ask(ctx, bin, "--version")
	if words := strings.Fields(out); len(words) >= 3 {
		s.Version = words[2]
	} else {
		s.Problems = append(s.Problems, whyNot("it does not say its version", err, stderr))
	}
	if dir, _, err := h.ask(ctx, bin, "--exec-path"); err == nil {
		for _, lib := range h.needed(path.Join(strings.TrimSpace(dir), "git-remote-http")) {
			switch {
			case strings.HasPrefix(lib, "libcurl-gnutls"):
				s.Library = h.gnutlsVersion(ctx)
			case strings.HasPrefix(lib, "libcurl-nss"):
				s.Library = "NSS"
			case strings.HasPrefix(lib, "libcurl.so"):
				if c := d.Stack("curl"); c != nil {
					s.Library = c.Library
				}
			}
		}
	}
	h.followOpenSSL(d, &s)
	file := ""
	if out, _, err := h.ask(ctx, bin, "config", "--get-regexp", `^http\.`); err == nil {
		for row := range strings.Lines(out) {
			name, value, _ := strings.Cut(strings.TrimSpace(row), " ")
			if l := strings.ToLower(name); strings.Contains(l, "ssl") || strings.Contains(l, "proxy") {
				s.Settings = append(s.Settings, Setting{Name: name, Value: withoutPassword(value)})
				if l == "http.sslcainfo" {
					file = value
				}
			}
		}
	}
	if v := h.getenv("GIT_SSL_CAINFO"); v != "" {
		file = v
		s.Settings = append(s.Settings, Setting{Name: "GIT_SSL_CAINFO", Value: v})
	}
	if file != "" {
		s.Store = h.pemStore(d, file).ID
	} else {
		s.Store = h.systemStore(d)
	}
	d.Stacks = append(d.Stacks, s)
}

func (h *Host) golang(ctx context.Context, d *Document) {
	bin := h.lookPath("go")
	if bin == "" {
		return
	}
	s := newStack("go", "Go", bin)
	out, stderr, err := h.ask(ctx, bin, "version")
	if words := strings.Fields(out); len(words) >= 3 {
		s.Version = strings.TrimPrefix(words[2], "go")
		s.Library = "crypto/tls " + s.Version
	} else {
		s.Problems = append(s.Problems, whyNot("it does not say its version", err, stderr))
	}
	if v := h.getenv("GODEBUG"); v != "" {
		s.Settings = append(s.Settings, Setting{Name: "GODEBUG", Value: v})
	}
	s.MinVersion, s.MaxVersion = goVersions(s.Version)
	s.Store = h.goStore(d)
	d.Stacks = append(d.Stacks, s)
}

// goStore: crypto/x509 reads a file, the variable's or the first usual one, and
// directories besides, which matter where the file gives nothing.
func (h *Host) goStore(d *Document) string {
	f := h.getenv("SSL_CERT_FILE")
	if f == "" {
		return h.systemStore(d)
	}
	s := h.pemStore(d, f)
	if s.Roots > 0 {
		return s.ID
	}
	dir, _, _ := strings.Cut(cmp.Or(h.getenv("SSL_CERT_DIR"), "/etc/ssl/certs"), ":")
	if x := h.dirStore(d, dir); x.Roots > 0 {
		return x.ID
	}
	return f
}

// simple is a program that is asked for its version alone.
type simple struct {
	id, name string
	programs []string
	args     []string
	version  func() *regexp.Regexp
	// library is what is found in its output; "" asks the file.
	library func() *regexp.Regexp
	store   bool // it uses the system's store
}

var simples = []simple{
	{"gnutls", "gnutls-cli", []string{"gnutls-cli"}, []string{"--version"}, gnutlsVersion, nil, true},
	{"php", "PHP", []string{"php"}, []string{"-r", `echo "PHP ", PHP_VERSION, "\n", defined("OPENSSL_VERSION_TEXT") ? OPENSSL_VERSION_TEXT : "", "\n";`}, pattern(`PHP ([0-9.]+)`), pattern(`((?:OpenSSL|LibreSSL) [0-9][0-9a-z.]*)`), true},
	{"ruby", "Ruby", []string{"ruby"}, []string{"-ropenssl", "-e", `puts "ruby " + RUBY_VERSION, OpenSSL::OPENSSL_LIBRARY_VERSION`}, pattern(`ruby ([0-9.]+)`), pattern(`((?:OpenSSL|LibreSSL) [0-9][0-9a-z.]*)`), true},
	{"perl", "Perl Net::SSLeay", []string{"perl"}, []string{"-MNet::SSLeay", "-e", `print "perl $^V\n", Net::SSLeay::SSLeay_version(0), "\n"`}, pattern(`perl v([0-9.]+)`), pattern(`((?:OpenSSL|LibreSSL) [0-9][0-9a-z.]*)`), true},
	{"dotnet", ".NET", []string{"dotnet"}, []string{"--version"}, pattern(`^([0-9][0-9.]*)`), nil, true},
	{"psql", "psql", []string{"psql"}, []string{"--version"}, pattern(`PostgreSQL\) ([0-9.]+)`), nil, false},
	{"mysql", "mysql", []string{"mysql", "mariadb"}, []string{"--version"}, pattern(`(?:Distrib|Ver) ([0-9][0-9.]+)[,-]?`), nil, false},
}

func (h *Host) simple(ctx context.Context, d *Document, x simple) {
	bin := h.lookPath(x.programs...)
	if bin == "" {
		return
	}
	out, stderr, err := h.ask(ctx, bin, x.args...)
	m := x.version().FindStringSubmatch(out)
	if m == nil && x.library != nil {
		return // an interpreter without its TLS module is no TLS client
	}
	s := newStack(x.id, x.name, bin)
	if m != nil {
		s.Version = m[1]
	} else {
		s.Problems = append(s.Problems, whyNot("it does not say its version", err, stderr))
	}
	switch {
	case x.id == "gnutls":
		s.Library = strings.TrimSpace("GnuTLS " + s.Version)
	case x.id == "psql":
		// psql speaks through libpq; on Debian the program in PATH is a script.
		if lib := h.sharedLibrary("libpq.so.5"); lib != "" {
			s.Library = h.libraryFrom(ctx, d, lib)
		}
	case x.library != nil:
		if m := x.library().FindStringSubmatch(out); m != nil {
			s.Library = m[1]
		}
	default:
		s.Library = h.libraryFrom(ctx, d, bin)
	}
	h.followOpenSSL(d, &s)
	if x.store {
		s.Store = h.systemStore(d)
	}
	d.Stacks = append(d.Stacks, s)
}
