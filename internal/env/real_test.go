package env

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
)

// What is said of this machine is what its own programs say, asked in another way.
func TestThisMachine(t *testing.T) {
	d := Collect(t.Context(), ThisHost("test", time.Time{}))
	say := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.Command(tool(t, name), args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		return string(out)
	}
	stack := func(id string) *Stack {
		t.Helper()
		s := d.Stack(id)
		if s == nil {
			t.Fatalf("%s was not found", id)
		}
		if len(s.Problems) > 0 {
			t.Errorf("%s: %v", id, s.Problems)
		}
		return s
	}
	roots := func(s *Stack) int {
		t.Helper()
		st := d.StoreOf(s)
		if st == nil {
			t.Fatalf("%s has no store", s.ID)
		}
		return st.Roots
	}
	t.Run("openssl", func(t *testing.T) {
		s := stack("openssl")
		if v := say("openssl", "version"); !strings.Contains(v, s.Library) {
			t.Errorf("%q, openssl says %q", s.Library, v)
		}
		if list := strings.Split(strings.TrimSpace(say("openssl", "ciphers", "-s")), ":"); len(list) != len(s.Suites) || s.Suites[0].String() != list[0] {
			t.Errorf("%v, openssl says %v", s.Suites, list)
		}
	})
	t.Run("curl", func(t *testing.T) {
		s := stack("curl")
		if v := say("curl", "--version"); !strings.Contains(v, strings.Replace(s.Library, " ", "/", 1)) || !strings.HasPrefix(v, "curl "+s.Version+" ") {
			t.Errorf("%q %q, curl says %q", s.Version, s.Library, v)
		}
	})
	t.Run("python", func(t *testing.T) {
		s := stack("python")
		script := `import ssl, sys; c = ssl.create_default_context(); print(sys.version.split()[0], "|", ssl.OPENSSL_VERSION, "|", c.cert_store_stats()["x509"], "|", len(c.get_ciphers()))`
		want := strings.Split(strings.TrimSpace(say(s.Path, "-c", script)), " | ")
		if s.Version != want[0] || !strings.HasPrefix(want[1], s.Library) {
			t.Errorf("%s with %s, python says %v", s.Version, s.Library, want)
		}
		if n := roots(s); fmt.Sprint(n) != want[2] {
			t.Errorf("%d roots, python loads %s", n, want[2])
		}
		if fmt.Sprint(len(s.Suites)) != want[3] || helloOf(s.Hello) == nil {
			t.Errorf("%d suites, python says %s; a hello of %d bytes", len(s.Suites), want[3], len(s.Hello))
		}
	})
	t.Run("node", func(t *testing.T) {
		s := stack("node")
		var versions map[string]string
		if err := json.Unmarshal([]byte(say("node", "-p", "JSON.stringify(process.versions)")), &versions); err != nil {
			t.Fatal(err)
		}
		if s.Version != versions["node"] || !strings.HasPrefix("OpenSSL "+versions["openssl"], s.Library) || helloOf(s.Hello) == nil {
			t.Errorf("%s with %s, node says %v", s.Version, s.Library, versions)
		}
	})
	t.Run("java", func(t *testing.T) {
		s := stack("java")
		settings := say("java", "-XshowSettings:all", "-version")
		if m := regexp.MustCompile(`java\.version = (.*)`).FindStringSubmatch(settings); m == nil || m[1] != s.Version {
			t.Errorf("%s, java says %v", s.Version, m)
		}
		list := say("keytool", "-list", "-cacerts", "-storepass", "changeit")
		if n := strings.Count(list, "trustedCertEntry"); n != roots(s) {
			t.Errorf("%d roots, keytool lists %d", roots(s), n)
		}
	})
	t.Run("go", func(t *testing.T) {
		s := stack("go")
		if v := say("go", "version"); !strings.Contains(v, "go"+s.Version+" ") {
			t.Errorf("%s, go says %q", s.Version, v)
		}
	})
	for _, s := range d.Stacks {
		if s.Profile != "" {
			if _, err := client.Get(s.Profile); err != nil {
				t.Errorf("%s: %v", s.ID, err)
			}
		}
	}
}

// A machine whose programs hang or flood is looked at in bounded time and memory.
func TestHostilePrograms(t *testing.T) {
	dir := t.TempDir()
	for name, script := range map[string]string{
		"openssl": "exec /bin/sleep 60", "curl": "exec /usr/bin/yes curl", "python3": "echo '{\"version\": 7'", "java": "exit 1", "git": "kill -9 $$",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h := ThisHost("test", time.Time{})
	h.Environ = []string{"PATH=" + dir, "HOME=" + dir}
	h.limit = time.Second
	begun := time.Now()
	d := Collect(t.Context(), h)
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if s := d.Stack("openssl"); s == nil || !strings.Contains(fmt.Sprint(s.Problems), "no answer within") {
		t.Errorf("openssl: %+v", s)
	}
	for _, id := range []string{"python", "java", "git"} {
		if s := d.Stack(id); s == nil || len(s.Problems) == 0 {
			t.Errorf("%s: %+v", id, s)
		}
	}
	if b, err := json.Marshal(d); err != nil || len(b) > 1<<20 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// A stack that is not there, and one that nobody knows.
func TestLocalErrors(t *testing.T) {
	h := &Host{FS: os.DirFS(t.TempDir()), Now: time.Now}
	for id, want := range map[string]string{"local": "no TLS client", "local:python": "not installed", "local:cobol": "unknown client", "local:": "unknown client"} {
		if _, err := Local(t.Context(), h, id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// Every stack of this machine makes a profile that can be used.
func TestLocalOfEveryStack(t *testing.T) {
	h := ThisHost("test", time.Time{})
	d := Collect(t.Context(), h)
	made := 0
	for _, s := range d.Stacks {
		p, err := Local(t.Context(), h, LocalID+":"+s.ID)
		if err != nil {
			if s.Profile != "" {
				t.Errorf("%s: %v", s.ID, err)
			}
			continue
		}
		made++
		if p.ID != LocalID+":"+s.ID || p.Hello == nil || len(p.BuildHello(client.HelloOptions{ServerName: probeName, HTTP: true}).CipherSuites) == 0 {
			t.Errorf("%s: %+v", s.ID, p)
		}
		if store, err := p.Store(); err != nil || s.Store != "" && store.Len() == 0 {
			t.Errorf("%s: store %v, %v", s.ID, store, err)
		}
		if s.ID == "python" && !slices.Equal(p.Hello.CipherSuites[:len(s.Suites)], s.Suites) {
			t.Errorf("python's suites: %v, its hello has %v", s.Suites, p.Hello.CipherSuites)
		}
	}
	if made < 3 {
		t.Errorf("%d profiles", made)
	}
}
