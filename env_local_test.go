package tlswhy

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const localName = "local.example.test"

// localServers are servers that a configuration of the client decides about.
var localServers = []struct {
	name string
	cert string // "rsa2048", "rsa1024", "sha1", "ec"
	args []string
}{
	{"current", "rsa2048", nil},
	{"TLS 1.2 alone", "rsa2048", []string{"-tls1_2"}},
	{"TLS 1.3 alone", "ec", []string{"-tls1_3"}},
	{"RSA key of 1024 bits", "rsa1024", nil},
	{"signed with SHA-1", "sha1", nil},
	{"P-384 alone", "ec", []string{"-groups", "P-384"}},
	{"TLS 1.0 alone", "rsa2048", []string{"-tls1", "-cipher", "ALL:@SECLEVEL=0"}},
	{"DHE of 1024 bits", "rsa2048", []string{"-tls1_2", "-cipher", "DHE:@SECLEVEL=0", "-dhparam", "dh1024.pem"}},
	{"a foreign CA", "foreign", nil},
}

var localConfs = [][]string{
	{""},
	{"MinProtocol = TLSv1.3"},
	{"CipherString = DEFAULT@SECLEVEL=0"},
	{"CipherString = DEFAULT@SECLEVEL=1"},
	{"CipherString = DEFAULT@SECLEVEL=3"},
	{"Groups = P-256"},
	{"MaxProtocol = TLSv1.2"},
}

// What tlswhy says as "local" is what this machine's own openssl does, for each
// configuration against each server.
func TestAsLocalIsWhatOpenSSLDoes(t *testing.T) {
	bin, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	localPKI(t, bin, dir)
	addresses := make([]string, len(localServers))
	for i, s := range localServers {
		addresses[i] = localServer(t, bin, dir, s.cert, s.args)
	}
	t.Setenv("SSL_CERT_FILE", filepath.Join(dir, "ca.pem"))
	t.Setenv("SSL_CERT_DIR", filepath.Join(dir, "none"))
	fits, connects := 0, 0
	for _, conf := range localConfs {
		file := filepath.Join(t.TempDir(), "openssl.cnf")
		text := "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\n" + strings.Join(conf, "\n") + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("OPENSSL_CONF", file)
		for i, s := range localServers {
			t.Run(strings.Join(conf, ",")+" to "+s.name, func(t *testing.T) {
				cmd := exec.Command(bin, "s_client", "-connect", addresses[i], "-servername", localName, "-verify_hostname", localName, "-verify_return_error")
				out, err := cmd.CombinedOutput()
				c, checkErr := New(Options{Client: "local:openssl", Connect: addresses[i], Timeout: 5 * time.Second, NoAIA: true, Budget: 30})
				if checkErr != nil {
					t.Fatal(checkErr)
				}
				target, checkErr := c.ParseTarget(localName)
				if checkErr != nil {
					t.Fatal(checkErr)
				}
				r, checkErr := c.Check(context.Background(), target)
				if checkErr != nil {
					t.Fatal(checkErr)
				}
				says := r.Verdict == OK || r.Verdict == Warn
				does := err == nil
				if says != does {
					t.Errorf("verdict %s, openssl connects: %v\n%s\n%+v", r.Verdict, does, lastLines(out), r.Findings)
					return
				}
				fits++
				if does {
					connects++
				}
			})
		}
	}
	if pairs := len(localConfs) * len(localServers); fits == pairs && (connects < pairs/4 || connects > pairs*3/4) {
		t.Errorf("%d of %d pairs connect: the servers tell little", connects, pairs)
	}
	t.Logf("%d of %d pairs as predicted, %d of them connect", fits, len(localConfs)*len(localServers), connects)
}

func lastLines(b []byte) []byte {
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return bytes.Join(lines[:min(len(lines), 12)], []byte("\n"))
}

func localPKI(t *testing.T, bin, dir string) {
	t.Helper()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	for _, ca := range []string{"ca", "other"} {
		run("req", "-x509", "-newkey", "rsa:4096", "-nodes", "-keyout", ca+".key", "-out", ca+".pem", "-days", "30", "-subj", "/CN=Root of a test "+ca, "-sha256")
	}
	if err := os.WriteFile(filepath.Join(dir, "ext"), []byte("subjectAltName=DNS:"+localName+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, alg, hash, ca string }{
		{"rsa2048", "rsa:2048", "-sha256", "ca"}, {"rsa1024", "rsa:1024", "-sha256", "ca"}, {"sha1", "rsa:3072", "-sha1", "ca"}, {"foreign", "rsa:3072", "-sha256", "other"},
	} {
		run("req", "-newkey", c.alg, "-nodes", "-keyout", c.name+".key", "-out", c.name+".csr", "-subj", "/CN="+localName)
		run("x509", "-req", "-in", c.name+".csr", "-CA", c.ca+".pem", "-CAkey", c.ca+".key", "-CAcreateserial", "-days", "20", "-extfile", "ext", "-out", c.name+".pem", c.hash)
	}
	run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.key")
	run("req", "-new", "-key", "ec.key", "-out", "ec.csr", "-subj", "/CN="+localName)
	run("x509", "-req", "-in", "ec.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "20", "-extfile", "ext", "-out", "ec.pem", "-sha256")
	run("dhparam", "-dsaparam", "-out", "dh1024.pem", "1024")
}

// localServer starts openssl s_server with settings of its own alone.
func localServer(t *testing.T, bin, dir, cert string, args []string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	all := append([]string{"s_server", "-accept", address, "-cert", cert + ".pem", "-key", cert + ".key", "-www", "-quiet"}, args...)
	if cert == "rsa1024" || cert == "sha1" {
		all = append(all, "-cipher", "DEFAULT:@SECLEVEL=0")
	}
	cmd := exec.Command(bin, all...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "OPENSSL_CONF=/dev/null")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(fmt.Errorf("openssl s_server does not listen: %s", log.String()))
	return ""
}
