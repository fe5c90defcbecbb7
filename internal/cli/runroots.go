package cli

import (
	"slices"
	"strings"
)

// givenRoots is what a program was told about certificates, where that can be
// seen from outside.
type givenRoots struct {
	files    []rootFile // the likeliest first
	insecure string     // the setting that turns verification off, or ""
	// Client certificate and key, PEM files, and the flag that names the first.
	cert, key, certSource string
}

// rootFile is a PEM file of roots and the setting that names it.
type rootFile struct {
	name, source string
	extra        bool // in addition to the client's own roots
}

// rootSetting is where a program looks for its roots.
type rootSetting struct {
	programs []string // by the beginning of their names; none: any program
	flags    []string // whose value is a file
	env      []string
	extra    bool
	off      []string // flags that turn verification off
	offEnv   []string // NAME=VALUE that do
	// Flags of the client certificate and its key.
	cert, key []string
}

// rootSettings: the first that is set counts, for each program its own first.
var rootSettings = []rootSetting{
	{programs: []string{"curl"}, flags: []string{"--cacert"}, env: []string{"CURL_CA_BUNDLE"}, off: []string{"-k", "--insecure"}, cert: []string{"--cert", "-E"}, key: []string{"--key"}},
	{programs: []string{"wget"}, flags: []string{"--ca-certificate"}, off: []string{"--no-check-certificate"}, cert: []string{"--certificate"}, key: []string{"--private-key"}},
	{programs: []string{"git"}, env: []string{"GIT_SSL_CAINFO"}, offEnv: []string{"GIT_SSL_NO_VERIFY=1", "GIT_SSL_NO_VERIFY=true"}},
	{programs: []string{"pip"}, flags: []string{"--cert"}, env: []string{"PIP_CERT"}},
	{programs: []string{"pip", "python", "http", "poetry"}, env: []string{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}},
	{programs: []string{"npm", "npx"}, flags: []string{"--cafile"}, env: []string{"npm_config_cafile"}, offEnv: []string{"npm_config_strict_ssl=false"}},
	{programs: []string{"node", "npm", "npx", "yarn", "pnpm"}, env: []string{"NODE_EXTRA_CA_CERTS"}, extra: true, offEnv: []string{"NODE_TLS_REJECT_UNAUTHORIZED=0"}},
	{programs: []string{"cargo"}, env: []string{"CARGO_HTTP_CAINFO"}},
	{programs: []string{"aws"}, flags: []string{"--ca-bundle"}, env: []string{"AWS_CA_BUNDLE"}, off: []string{"--no-verify-ssl"}},
	{programs: []string{"deno"}, flags: []string{"--cert"}, env: []string{"DENO_CERT"}, extra: true},
	{programs: []string{"java", "node", "deno", "firefox", "chrom"}}, // SSL_CERT_FILE is nothing to them
	{env: []string{"SSL_CERT_FILE"}},
}

// rootsGiven looks for the settings of a program.
func rootsGiven(args []string, getenv func(string) string) givenRoots {
	var g givenRoots
	name := programName(args[0])
	own := false
	for _, s := range rootSettings {
		matches := false
		for _, p := range s.programs {
			matches = matches || strings.HasPrefix(name, p)
		}
		if !matches && (len(s.programs) > 0 || own) {
			continue
		}
		if len(s.flags)+len(s.env)+len(s.off)+len(s.offEnv) == 0 {
			own = true
			continue
		}
		s.look(args[1:], getenv, &g)
	}
	return g
}

func (s rootSetting) look(args []string, getenv func(string) string, g *givenRoots) {
	found := func(file, source string) {
		same := func(f rootFile) bool { return f.name == file }
		if file != "" && !slices.ContainsFunc(g.files, same) {
			g.files = append(g.files, rootFile{file, source, s.extra})
		}
	}
	value := func(i int, flags []string) (string, string) {
		for _, flag := range flags {
			if v, ok := strings.CutPrefix(args[i], flag+"="); ok {
				return v, flag
			} else if args[i] == flag && i+1 < len(args) {
				return args[i+1], flag
			}
		}
		return "", ""
	}
	for i, a := range args {
		found(value(i, s.flags))
		if v, flag := value(i, s.cert); v != "" {
			g.cert, g.certSource = v, flag
		}
		if v, _ := value(i, s.key); v != "" {
			g.key = v
		}
		for _, off := range s.off {
			short := len(off) == 2 && len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.Contains(a, off[1:]) && strings.Trim(a[1:], "abcdefgijklnpqsvLSINOZ#0123456") == ""
			if a == off || short {
				g.insecure = off
			}
		}
	}
	for _, e := range s.env {
		found(getenv(e), e)
	}
	for _, e := range s.offEnv {
		if name, value, _ := strings.Cut(e, "="); getenv(name) == value {
			g.insecure = e
		}
	}
}
