package env

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"path"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// probeName is the name in hellos that a program is asked for.
const probeName = "a.example.com"

// pythonScript has Python describe its ssl module. The hello comes out of a
// buffer in memory: nothing is connected.
const pythonScript = `
import sys, json
r = {"version": sys.version.split()[0], "path": sys.executable}
try:
    import ssl
    r["library"] = ssl.OPENSSL_VERSION
    p = ssl.get_default_verify_paths()
    r["file"], r["dir"] = p.cafile or "", p.capath or ""
    r["compiled_file"] = p.openssl_cafile
    c = ssl.create_default_context()
    try: r["min"], r["max"] = int(c.minimum_version), int(c.maximum_version)
    except Exception: pass
    r["level"] = getattr(c, "security_level", -1)
    try: r["suites"] = [x["id"] & 0xffff for x in c.get_ciphers()]
    except Exception: pass
    try:
        o = ssl.MemoryBIO()
        b = c.wrap_bio(ssl.MemoryBIO(), o, server_hostname="` + probeName + `")
        try: b.do_handshake()
        except ssl.SSLError: pass
        r["hello"] = "".join("%02x" % x for x in bytearray(o.read()))
    except Exception: pass
except Exception as e:
    r["error"] = str(e)
for m in ("certifi", "requests", "urllib3", "httpx", "aiohttp", "truststore", "pip", "OpenSSL"):
    try:
        try:
            from importlib import metadata
            r.setdefault("packages", {})[m] = metadata.version("pyOpenSSL" if m == "OpenSSL" else m)
        except ImportError:
            r.setdefault("packages", {})[m] = __import__(m).__version__
    except Exception: pass
try:
    import certifi
    r["certifi"] = certifi.where()
except Exception: pass
print(json.dumps(r))
`

type pythonSays struct {
	Version      string            `json:"version"`
	Path         string            `json:"path"`
	Library      string            `json:"library"`
	File         string            `json:"file"`
	Dir          string            `json:"dir"`
	CompiledFile string            `json:"compiled_file"`
	Min          int               `json:"min"`
	Max          int               `json:"max"`
	Level        int               `json:"level"`
	Suites       []uint16          `json:"suites"`
	Hello        string            `json:"hello"`
	Error        string            `json:"error"`
	Packages     map[string]string `json:"packages"`
	Certifi      string            `json:"certifi"`
}

// python looks at Python: its ssl module, and certifi, which requests and pip use.
func (h *Host) python(ctx context.Context, d *Document) {
	bin := h.lookPath("python3", "python")
	if bin == "" {
		return
	}
	s := newStack("python", "Python", bin)
	out, stderr, err := h.ask(ctx, bin, "-c", pythonScript)
	var says pythonSays
	if json.Unmarshal([]byte(out), &says) != nil {
		s.Problems = append(s.Problems, whyNot("it does not say what it has", err, stderr))
		d.Stacks = append(d.Stacks, s)
		return
	}
	s.Version, s.Library = says.Version, libraryOf(says.Library)
	if path.IsAbs(says.Path) {
		s.Path = says.Path
	}
	if says.Error != "" {
		s.Problems = append(s.Problems, "no ssl module: "+says.Error)
	}
	s.SecurityLevel = says.Level
	s.MinVersion, s.MaxVersion = bound(says.Min), bound(says.Max)
	for _, c := range says.Suites {
		s.Suites = append(s.Suites, wire.CipherSuite(c))
	}
	s.takeHello(says.Hello)
	switch {
	case says.File != "" && h.exists(says.File):
		s.Store = h.pemStore(d, says.File).ID
	case says.Dir != "" && h.exists(says.Dir):
		s.Store = h.dirStore(d, says.Dir).ID
	case says.CompiledFile != "":
		s.Problems = append(s.Problems, "there is no file of roots where it looks for one: "+says.CompiledFile)
	}
	s.addPackages(says.Packages)
	d.Stacks = append(d.Stacks, s)
	if says.Packages["requests"] != "" || says.Packages["pip"] != "" {
		h.requests(d, s, says)
	}
}

// requests is the library and what is built on it: the same handshake, but other
// roots.
func (h *Host) requests(d *Document, python Stack, says pythonSays) {
	s := python
	s.ID, s.Name, s.Version = "python-requests", "Python requests", says.Packages["requests"]
	if s.Version == "" {
		s.Name, s.Version = "Python pip", says.Packages["pip"]
	}
	s.Advice = advice()["python"]
	s.Packages, s.Problems = python.Packages, []string{}
	s.Hello, s.JA4, s.Suites = nil, "", nil // urllib3 sets suites and ALPN of its own
	file := says.Certifi
	for _, name := range []string{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} {
		if v := h.getenv(name); v != "" {
			file = v
			s.Settings = append(s.Settings, Setting{Name: name, Value: v})
			break
		}
	}
	if file == "" {
		return
	}
	s.Store = h.fileOrDir(d, file).ID
	d.Stacks = append(d.Stacks, s)
	if says.Certifi != "" && says.Certifi != file {
		h.pemStore(d, says.Certifi)
	}
}

func (h *Host) fileOrDir(d *Document, name string) *Store {
	if info, err := h.stat(name); err == nil && info.IsDir() {
		return h.dirStore(d, name)
	}
	return h.pemStore(d, name)
}

// nodeScript has Node.js describe itself. The socket of the connection is a
// stream in memory: the first thing written to it is the hello.
const nodeScript = `
const tls = require('tls'), stream = require('stream');
const r = {versions: process.versions, path: process.execPath, min: tls.DEFAULT_MIN_VERSION, max: tls.DEFAULT_MAX_VERSION};
try { r.defaultStore = !!process.config.variables.node_use_openssl && !!process.config.variables.openssl_use_def_ca_store; } catch (e) {}
try { r.roots = tls.getCACertificates ? tls.getCACertificates('default') : tls.rootCertificates; r.all = !!tls.getCACertificates; } catch (e) {}
let done = false;
function end(hello) { if (!done) { done = true; r.hello = hello; process.stdout.write(JSON.stringify(r), function () { process.exit(0); }); } }
setTimeout(function () { end(''); }, 1500);
try {
  const d = new stream.Duplex({read: function () {}, write: function (c, e, f) { end(c.toString('hex')); f(); }});
  tls.connect({socket: d, servername: '` + probeName + `'}).on('error', function () { end(''); });
} catch (e) { end(''); }
`

type nodeSays struct {
	Versions     map[string]string `json:"versions"`
	Path         string            `json:"path"`
	Min          string            `json:"min"`
	Max          string            `json:"max"`
	DefaultStore bool              `json:"defaultStore"`
	Roots        []string          `json:"roots"`
	All          bool              `json:"all"`
	Hello        string            `json:"hello"`
}

func (h *Host) node(ctx context.Context, d *Document) {
	bin := h.lookPath("node", "nodejs")
	if bin == "" {
		return
	}
	s := newStack("node", "Node.js", bin)
	out, stderr, err := h.ask(ctx, bin, "-e", nodeScript)
	var says nodeSays
	if json.Unmarshal([]byte(out), &says) != nil || says.Versions == nil {
		s.Problems = append(s.Problems, whyNot("it does not say what it has", err, stderr))
		d.Stacks = append(d.Stacks, s)
		return
	}
	s.Version = says.Versions["node"]
	if v := says.Versions["openssl"]; v != "" {
		s.Library = "OpenSSL " + strings.TrimSuffix(v, "+quic")
	}
	s.MinVersion, _ = wire.ParseVersion(says.Min)
	s.MaxVersion, _ = wire.ParseVersion(says.Max)
	s.takeHello(says.Hello)
	for _, name := range []string{"NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NODE_USE_SYSTEM_CA"} {
		if v := h.getenv(name); v != "" {
			s.Settings = append(s.Settings, Setting{Name: name, Value: v})
		}
	}
	options := strings.Fields(h.getenv("NODE_OPTIONS"))
	if has(options, "--use-openssl-ca") || says.DefaultStore && !has(options, "--use-bundled-ca") {
		s.Store = h.systemStore(d)
	} else {
		s.Store = h.nodeStore(d, says, s.Version).ID
	}
	d.Stacks = append(d.Stacks, s)
}

// nodeStore are its own roots and those that the environment adds.
func (h *Host) nodeStore(d *Document, says nodeSays, version string) *Store {
	extra := h.getenv("NODE_EXTRA_CA_CERTS")
	id := "built into Node.js " + version
	if extra != "" {
		id += " and " + extra
	}
	return h.store(d, id, "built in", func() ([][]byte, error) {
		ders := pemCertificates([]byte(strings.Join(says.Roots, "\n")))
		if extra != "" && !says.All {
			// Node.js goes on without a file that it cannot read.
			if b, err := h.read(extra); err == nil {
				ders = append(ders, pemCertificates(b)...)
			}
		}
		return ders, nil
	})
}

func has(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// takeHello keeps the hello of a record in hexadecimal.
func (s *Stack) takeHello(text string) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return
	}
	if hello := helloOf(b); hello != nil {
		s.Hello, s.JA4 = b, client.JA4(hello)
	}
}

// helloOf reads a record that begins with a whole ClientHello; nil if it does not.
func helloOf(record []byte) *wire.ClientHello {
	const headers = 5 + 4
	if len(record) < headers || record[0] != 22 || record[5] != 1 {
		return nil
	}
	n := int(record[6])<<16 | int(record[7])<<8 | int(record[8])
	if len(record) < headers+n {
		return nil
	}
	hello, err := wire.ParseClientHello(record[headers : headers+n])
	if err != nil {
		return nil
	}
	return hello
}

// bound is a version as Python has them: negative numbers are no bound.
func bound(n int) wire.Version {
	if n < int(wire.VersionSSL30) || n > int(wire.VersionTLS13) {
		return 0
	}
	return wire.Version(n)
}

// libraryOf is the name and number of a library's full version text.
func libraryOf(s string) string {
	words := strings.Fields(s)
	return strings.Join(words[:min(len(words), 2)], " ")
}

func (s *Stack) addPackages(all map[string]string) {
	for _, name := range sortedKeys(all) {
		s.Packages = append(s.Packages, Setting{Name: name, Value: all[name]})
	}
}

func whyNot(what string, err error, stderr string) string {
	if line, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n"); line != "" {
		return what + ": " + clip(line)
	}
	if err != nil {
		return what + ": " + err.Error()
	}
	return what
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
