package env

import (
	"cmp"
	"context"
	"encoding/hex"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// opensslInfo is what the openssl program says of its library.
type opensslInfo struct {
	dir      string // OPENSSLDIR
	built    string
	level    int // compiled in; -1: not said
	version  string
	conf     string // the configuration file in force
	settings tlsSettings
	parsed   *opensslConf
	broken   *Setting
}

var (
	opensslDir   = pattern(`(?m)^OPENSSLDIR: "(.*)"`)
	opensslBuilt = pattern(`(?m)^built on: (.*)$`)
	opensslLevel = pattern(`-DOPENSSL_TLS_SECURITY_LEVEL=([0-9])`)
	// opensslLib is the version of the library: the program's own may be another.
	opensslLib = pattern(`\(Library: ((?:OpenSSL|LibreSSL) [0-9][0-9a-zA-Z.\-]*)`)
	opensslVer = pattern(`^((?:OpenSSL|LibreSSL) [0-9][0-9a-zA-Z.\-]*)`)
)

// openssl looks at the program openssl and its library.
func (h *Host) openssl(ctx context.Context, d *Document) *opensslInfo {
	bin := h.lookPath("openssl")
	if bin == "" {
		return nil
	}
	s := newStack("openssl", "OpenSSL", bin)
	out, _, err := h.ask(ctx, bin, "version", "-a")
	o := &opensslInfo{level: -1, settings: tlsSettings{level: -1}}
	if err != nil && out == "" {
		s.Problems = append(s.Problems, "openssl version -a: "+err.Error())
		d.Stacks = append(d.Stacks, s)
		return nil
	}
	if m := opensslVer().FindStringSubmatch(out); m != nil {
		s.Library = m[1]
		s.Version = strings.TrimPrefix(strings.TrimPrefix(m[1], "OpenSSL "), "LibreSSL ")
	}
	if m := opensslLib().FindStringSubmatch(out); m != nil {
		s.Library = m[1]
	}
	o.version = s.Library
	if m := opensslDir().FindStringSubmatch(out); m != nil {
		o.dir = m[1]
	}
	if m := opensslBuilt().FindStringSubmatch(out); m != nil {
		o.built = strings.TrimSpace(m[1])
	}
	if m := opensslLevel().FindStringSubmatch(out); m != nil {
		o.level, _ = strconv.Atoi(m[1])
	}
	h.readConf(o)
	h.applyConf(&s, o)
	if list, _, err := h.ask(ctx, bin, "ciphers", "-s", "-V"); err == nil {
		s.Suites = opensslSuites(list)
	}
	s.Store = h.opensslStore(d, o.dir)
	d.Stacks = append(d.Stacks, s)
	return o
}

// readConf finds and reads the configuration file that libssl reads by itself.
func (h *Host) readConf(o *opensslInfo) {
	o.conf = h.getenv("OPENSSL_CONF")
	if o.conf == "" && o.dir != "" {
		o.conf = path.Join(o.dir, "openssl.cnf")
	}
	if strings.HasPrefix(o.version, "LibreSSL") || o.conf == "" {
		return // LibreSSL has no ssl_conf
	}
	if h.getenv("OPENSSL_CONF") == "" && !h.exists(o.conf) {
		return
	}
	o.parsed = parseOpenSSLConf(h.confReader(), o.conf)
	if len(o.parsed.errors) > 0 {
		return // a file with an error counts for nothing as a whole
	}
	var all []Setting
	all, o.broken = o.parsed.systemDefault()
	o.settings = readTLSSettings(all)
}

func (h *Host) confReader() confReader {
	return confReader{
		read: h.read, getenv: h.getenv,
		list: func(dir string) []string {
			entries, err := fs.ReadDir(h.FS, h.inFS(dir))
			if err != nil {
				return nil
			}
			files := []string{}
			for _, e := range entries {
				files = append(files, path.Join(dir, e.Name()))
			}
			return files
		},
	}
}

// builtLevel is the security level that a library has without being told. Up to
// 3.1 it is 1 as OpenSSL ships it, since 3.2 it is 2.
func (o *opensslInfo) builtLevel() int {
	if o.level >= 0 {
		return o.level
	}
	switch v := strings.TrimPrefix(o.version, "OpenSSL "); {
	case strings.HasPrefix(o.version, "LibreSSL"):
		return 1
	case versionLess(v, "1.1.0"):
		return -1
	case versionLess(v, "3.2"):
		return 1
	}
	return 2
}

// applyConf puts what is in force into the stack, with the file that says so.
func (h *Host) applyConf(s *Stack, o *opensslInfo) {
	t := o.settings
	s.SecurityLevel = o.builtLevel()
	if s.SecurityLevel >= 0 {
		s.Settings = append(s.Settings, Setting{Name: "security level, compiled in", Value: strconv.Itoa(s.SecurityLevel)})
	}
	s.Settings = append(s.Settings, t.all...)
	if o.parsed != nil && t.level >= 0 && s.SecurityLevel >= 0 {
		s.SecurityLevel = t.level
	}
	s.MinVersion, s.MaxVersion = versionBounds(o.version, t, s.SecurityLevel)
	s.Groups, s.SignatureSchemes = t.groups, t.schemes
}

// versionBounds are the versions that a library completes under settings.
func versionBounds(library string, t tlsSettings, lvl int) (lo, hi wire.Version) {
	oldest := wire.VersionTLS10 // builds with SSL 3.0 have become rare
	if lvl >= 0 {
		oldest = max(oldest, levelOf(lvl).oldestVersion)
	}
	newest := wire.VersionTLS13
	switch v := strings.TrimPrefix(library, "OpenSSL "); {
	case strings.HasPrefix(library, "LibreSSL"):
	case versionLess(v, "1.0.1"):
		newest = wire.VersionTLS10
	case versionLess(v, "1.1.1"):
		newest = wire.VersionTLS12
	}
	for _, v := range allVersions {
		if v < oldest || v > newest || !t.allows(v) {
			continue
		}
		if lo == 0 {
			lo = v
		}
		hi = v
	}
	return lo, hi
}

// opensslSuites reads "0x13,0x02 - TLS_AES_256_GCM_SHA384 …".
func opensslSuites(out string) []wire.CipherSuite {
	var suites []wire.CipherSuite
	for row := range strings.Lines(out) {
		code, _, ok := strings.Cut(strings.TrimSpace(row), " - ")
		if !ok || len(suites) > 512 {
			continue
		}
		b, err := hex.DecodeString(strings.NewReplacer("0x", "", "0X", "", ",", "").Replace(strings.TrimSpace(code)))
		if err == nil && len(b) == 2 {
			suites = append(suites, wire.CipherSuite(uint16(b[0])<<8|uint16(b[1])))
		}
	}
	return suites
}

// opensslStore is the store that a program gets which asks libssl for its
// default paths: a file and a directory, each of which the environment can move.
func (h *Host) opensslStore(d *Document, dir string) string {
	file := h.getenv("SSL_CERT_FILE")
	if file == "" && dir != "" {
		file = path.Join(dir, "cert.pem")
	}
	if file != "" {
		if s := h.pemStore(d, file); s.Roots > 0 {
			return s.ID
		}
	}
	certs := h.getenv("SSL_CERT_DIR")
	if certs == "" && dir != "" {
		certs = path.Join(dir, "certs")
	}
	certs, _, _ = strings.Cut(certs, ":")
	if certs != "" {
		if s := h.dirStore(d, certs); s.Roots > 0 {
			return s.ID
		}
	}
	if file == "" {
		return ""
	}
	return h.pemStore(d, cmp.Or(file, certs)).ID
}

// versionLess compares versions such as 1.1.1w and 3.0.22 by their numbers;
// letters come after.
func versionLess(a, b string) bool {
	for a != "" || b != "" {
		var x, y int
		x, a = leadingNumber(a)
		y, b = leadingNumber(b)
		if x != y {
			return x < y
		}
		if a == "" || b == "" {
			return a == "" && b != "" && strings.Trim(b, ".0") != ""
		}
		if a[0] != b[0] {
			return a[0] < b[0]
		}
		a, b = a[1:], b[1:]
	}
	return false
}

func leadingNumber(s string) (int, string) {
	n := 0
	for n < len(s) && n < 9 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	v, _ := strconv.Atoi(s[:n])
	return v, s[n:]
}
