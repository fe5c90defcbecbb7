package cause_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// testServer is something for client tools to connect to.
func testServer(t *testing.T, files map[string]string) (port string) {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(files["chain_file"], files["key_file"])
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, _ = strings.Cut(server.Listener.Addr().String(), ":")
	return port
}

// TestCurlSnippets: an unknown option, or a value that curl cannot use, ends it
// with 2, 43 or 59 before it connects.
func TestCurlSnippets(t *testing.T) {
	curl := tool(t, "curl")
	files := pki(t)
	port := testServer(t, files)
	snippets(t, "curl", files, func(t *testing.T, place, config string) {
		if place == "environment" {
			return
		}
		args := strings.Fields(config)
		for i, a := range args {
			args[i] = strings.ReplaceAll(a, "proxy.example.net:3128", "127.0.0.1:"+port)
		}
		cmd := exec.Command(curl, append(args, "-sS", "--max-time", "10", "https://127.0.0.1:"+port)...)
		cmd.Env = append(os.Environ(), "no_proxy=", "https_proxy=")
		out, _ := cmd.CombinedOutput()
		switch code := cmd.ProcessState.ExitCode(); code {
		case 2, 4, 43, 59:
			t.Errorf("curl %s: exit %d: %s", config, code, out)
		}
	})
}

func TestOpenSSLSnippets(t *testing.T) {
	openssl := tool(t, "openssl")
	files := pki(t)
	port := testServer(t, files)
	snippets(t, "openssl", files, func(t *testing.T, place, config string) {
		args := []string{"s_client", "-connect", "127.0.0.1:" + port}
		cmd := exec.Command(openssl)
		switch place {
		case "options":
			args = append(args, strings.Fields(config)...)
		case "openssl.cnf":
			// Without config_diagnostics OpenSSL passes over what it cannot read.
			conf := "config_diagnostics = 1\nopenssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\n" + config + "\n"
			cmd.Env = append(os.Environ(), "OPENSSL_CONF="+write(t, filepath.Join(t.TempDir(), "openssl.cnf"), conf))
		default:
			t.Fatalf("no test for place %q", place)
		}
		if strings.Contains(config, "-starttls") {
			return // our server speaks no such dialogue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		run := exec.CommandContext(ctx, openssl, args...)
		run.Env = cmd.Env
		out, _ := run.CombinedOutput()
		if !bytes.Contains(out, []byte("CONNECTED")) || bytes.Contains(out, []byte("Error with command")) {
			t.Errorf("openssl %s\n%s\n%s", strings.Join(args, " "), config, out)
		}
	})
}

func TestSServerSnippets(t *testing.T) {
	openssl := tool(t, "openssl")
	files := pki(t)
	snippets(t, "openssl-s_server", files, func(t *testing.T, place, config string) {
		if place != "options" {
			t.Fatalf("no test for place %q", place)
		}
		args := []string{"s_server", "-accept", "127.0.0.1:" + freePort(t)}
		if !strings.HasPrefix(config, "-cert ") {
			args = append(args, "-cert", files["chain_file"], "-key", files["key_file"])
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, openssl, append(args, strings.Fields(config)...)...)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var log []byte
		for buf := make([]byte, 256); !bytes.Contains(log, []byte("ACCEPT")); {
			n, err := stdout.Read(buf)
			log = append(log, buf[:n]...)
			if err != nil {
				t.Errorf("openssl %s: %s%s", strings.Join(cmd.Args[1:], " "), log, stderr.Bytes())
				break
			}
		}
		cancel()
		_ = cmd.Wait() // killed by us, or failed as its output says
	})
}

// TestSnippetSyntax parses what is written in a language that can be parsed here.
func TestSnippetSyntax(t *testing.T) {
	files := map[string]string{"host": "shop.example"}
	parseYAML := func(t *testing.T, _, config string) {
		var v any
		if err := yaml.UnmarshalWithOptions([]byte(config), &v, yaml.Strict()); err != nil {
			t.Errorf("%v\n%s", err, config)
		}
	}
	parseXML := func(t *testing.T, place, config string) {
		if place == "code" {
			return
		}
		if !strings.HasPrefix(config, "<") {
			config = "<x " + config + "/>"
		}
		var v struct{}
		if err := xml.Unmarshal([]byte("<all>"+config+"</all>"), &v); err != nil {
			t.Errorf("%v\n%s", err, config)
		}
	}
	parseGo := func(t *testing.T, place, config string) {
		if place != "code" {
			return
		}
		src := "package p\n" + config
		if !strings.HasPrefix(config, "import ") {
			src = "package p\nfunc _() {\n" + config + "\n}\n"
		}
		if _, err := parser.ParseFile(token.NewFileSet(), "snippet.go", src, 0); err != nil {
			t.Errorf("%v\n%s", err, src)
		}
	}
	for software, parse := range map[string]func(*testing.T, string, string){
		"traefik": parseYAML, "envoy": parseYAML, "tomcat": parseXML, "android": parseXML, "apple": parseXML, "go": parseGo,
	} {
		t.Run(software, func(t *testing.T) { snippets(t, software, files, parse) })
	}
}

func TestScriptSnippets(t *testing.T) {
	files := map[string]string{"host": "shop.example"}
	t.Run("nodejs", func(t *testing.T) {
		node := tool(t, "node")
		snippets(t, "nodejs", files, func(t *testing.T, place, config string) {
			if place == "code" {
				accepted(t, config, exec.Command(node, "--check", write(t, filepath.Join(t.TempDir(), "snippet.js"), config)))
			}
		})
	})
	t.Run("python", func(t *testing.T) {
		python := tool(t, "python3")
		snippets(t, "python", files, func(t *testing.T, place, config string) {
			if place == "code" {
				accepted(t, config, exec.Command(python, "-c", "import ast, sys; ast.parse(sys.argv[1])", config))
			}
		})
	})
}

// TestCommandsParse lets a shell read every command, with nothing known and with
// everything.
func TestCommandsParse(t *testing.T) {
	sh := tool(t, "sh")
	var script strings.Builder
	everyText(func(where, kind, text string) {
		if kind != "command" || strings.HasPrefix(text, "certutil ") || strings.HasPrefix(text, "net ") || strings.HasPrefix(text, "netsh ") {
			return // of Windows
		}
		for _, known := range []map[string]string{nil, {"host": "2001:db8::1", "ca_file": "my roots.pem", "connect": "[::1]:8443", "service": "smtp", "sni": "it's"}} {
			fmt.Fprintf(&script, "# %s\n%s\n", where, cause.ExpandCommand(text, known))
		}
	})
	accepted(t, "", exec.Command(sh, "-n", write(t, filepath.Join(t.TempDir(), "all.sh"), script.String())))
}
