package env

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// tool is a program of this machine. CI has all that the tests need.
func tool(t *testing.T, name string) string {
	t.Helper()
	bin, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return bin
}

// confWith is a configuration of OpenSSL with settings for TLS.
func confWith(t *testing.T, settings ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "openssl.cnf")
	text := "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\n" + strings.Join(settings, "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func hostWith(environ ...string) *Host {
	h := ThisHost("test", time.Time{})
	h.Environ = append(slices.Clone(h.Environ), environ...)
	return h
}

// sentBy is the hello that openssl s_client sends, caught on a socket of a file.
func sentBy(t *testing.T, bin, conf string) *wire.ClientHello {
	t.Helper()
	dir, err := os.MkdirTemp("", "env") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cmd := exec.Command(bin, "s_client", "-unix", filepath.Join(dir, "s"), "-servername", probeName)
	cmd.Env = append(os.Environ(), "OPENSSL_CONF="+conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	_ = l.(*net.UnixListener).SetDeadline(time.Now().Add(10 * time.Second))
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	record := make([]byte, 5)
	if _, err := io.ReadFull(c, record); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, int(record[3])<<8|int(record[4]))
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	hello := helloOf(append(record, body...))
	if hello == nil {
		t.Fatal("no ClientHello")
	}
	return hello
}

// helloText is what of a hello is no accident of one connection.
func helloText(h *wire.ClientHello) string {
	var b strings.Builder
	fmt.Fprintf(&b, "legacy version %v\nversions %v\nsuites %v\ngroups %v\nschemes %v\n", h.LegacyVersion, h.SupportedVersions(), h.CipherSuites, h.SupportedGroups(), h.SignatureAlgorithms())
	for _, s := range h.KeyShares() {
		fmt.Fprintf(&b, "share %v\n", s.Group)
	}
	for _, e := range h.Extensions {
		fmt.Fprintf(&b, "extension %v\n", e.Type)
	}
	return b.String()
}

// The hello of "local" is the one that this machine's openssl sends under the
// same configuration, byte for byte but for what is random.
func TestLocalHelloIsTheReal(t *testing.T) {
	bin := tool(t, "openssl")
	for _, settings := range [][]string{
		{""},
		{"CipherString = DEFAULT@SECLEVEL=0"},
		{"CipherString = DEFAULT@SECLEVEL=1"},
		{"CipherString = DEFAULT@SECLEVEL=3"},
		{"CipherString = DEFAULT@SECLEVEL=4"},
		{"CipherString = DEFAULT@SECLEVEL=5"},
		{"CipherString = ECDHE+AESGCM:!ECDSA"},
		{"MinProtocol = TLSv1.2"},
		{"MinProtocol = TLSv1.3"},
		{"MinProtocol = TLSv1.3", "CipherString = DEFAULT@SECLEVEL=3"},
		{"MaxProtocol = TLSv1.2"},
		{"MaxProtocol = TLSv1.1", "CipherString = DEFAULT@SECLEVEL=0"},
		{"Protocol = -TLSv1.3"},
		{"Groups = P-256"},
		{"Groups = P-384:X25519"},
		{"Curves = X448"},
		{"SignatureAlgorithms = RSA-PSS+SHA256:ECDSA+SHA384"},
		{"Ciphersuites = TLS_CHACHA20_POLY1305_SHA256"},
		{"Options = -SessionTicket"},
		{"this line is an error"},
	} {
		t.Run(strings.Join(settings, ","), func(t *testing.T) {
			conf := confWith(t, settings...)
			p, err := Local(t.Context(), hostWith("OPENSSL_CONF="+conf), "local:openssl")
			if err != nil {
				t.Fatal(err)
			}
			got := p.BuildHello(client.HelloOptions{ServerName: probeName})
			if d := cmp.Diff(helloText(sentBy(t, bin, conf)), helloText(got)); d != "" {
				t.Errorf("-openssl +local:\n%s", d)
			}
		})
	}
}
