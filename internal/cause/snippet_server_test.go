package cause_test

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestNginxSnippets(t *testing.T) {
	nginx := tool(t, "nginx")
	out, _ := exec.Command(nginx, "-v").CombinedOutput()
	old := regexp.MustCompile(`nginx/1\.(1?\d|2[0-4])\.`).Match(out)
	files := pki(t)
	snippets(t, "nginx", files, func(t *testing.T, place, config string) {
		if old && strings.Contains(config, "http2 on;") {
			t.Skip("http2 is a directive since nginx 1.25.1")
		}
		port := freePort(t)
		config = strings.NewReplacer("listen 443", "listen 127.0.0.1:"+port, "listen [::]:443", "listen [::1]:"+port).Replace(config)
		server := fmt.Sprintf("listen 127.0.0.1:%s ssl;\nssl_certificate %s;\nssl_certificate_key %s;\n", port, files["chain_file"], files["key_file"])
		http, location := "", "proxy_pass https://127.0.0.1:1;\n"
		switch place {
		case "http":
			http = config
		case "server":
			server = replaceLines(server, config)
		case "location":
			location = replaceLines(location, config)
		default:
			t.Fatalf("no test for place %q", place)
		}
		dir := t.TempDir()
		conf := fmt.Sprintf("daemon off;\npid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%s\nserver {\n%s\nlocation / {\n%s}\n}\n}\n", dir, http, server, location)
		accepted(t, conf, exec.Command(nginx, "-t", "-p", dir, "-c", write(t, filepath.Join(dir, "nginx.conf"), conf)))
	})
}

func TestApacheSnippets(t *testing.T) {
	apache := tool(t, "apache2", "httpd")
	files := pki(t)
	const modules = "/usr/lib/apache2/modules/"
	snippets(t, "apache", files, func(t *testing.T, place, config string) {
		config = strings.ReplaceAll(config, "/var/run/apache2", t.TempDir())
		vhost := fmt.Sprintf("SSLEngine on\nServerName shop.example\nSSLCertificateFile %s\nSSLCertificateKeyFile %s\n", files["chain_file"], files["key_file"])
		server := ""
		switch place {
		case "server":
			server = config
		case "vhost":
			vhost = replaceLines(vhost, config)
		default:
			t.Fatalf("no test for place %q", place)
		}
		var load strings.Builder
		for _, m := range []string{"mpm_event", "authz_core", "socache_shmcb", "ssl", "http2", "proxy", "proxy_http", "rewrite", "remoteip", "reqtimeout", "setenvif"} {
			fmt.Fprintf(&load, "LoadModule %s_module %smod_%s.so\n", m, modules, m)
		}
		dir := t.TempDir()
		conf := fmt.Sprintf("%sServerRoot %s\nPidFile %s/pid\nErrorLog /dev/stderr\nServerName localhost\nListen 127.0.0.1:%s\n%s\n<VirtualHost *:443>\n%s\n</VirtualHost>\n", load.String(), dir, dir, freePort(t), server, vhost)
		accepted(t, conf, exec.Command(apache, "-t", "-f", write(t, filepath.Join(dir, "apache.conf"), conf)))
	})
}

func TestHAProxySnippets(t *testing.T) {
	haproxy := tool(t, "haproxy")
	files := pki(t)
	snippets(t, "haproxy", files, func(t *testing.T, place, config string) {
		dir := t.TempDir()
		config = strings.ReplaceAll(config, "/etc/haproxy/allowed.lst", write(t, filepath.Join(dir, "allowed.lst"), "192.0.2.0/24\n"))
		bind, server := "bind 127.0.0.1:1 ssl crt "+files["bundle_file"], "server s 127.0.0.1:2"
		at := map[string]string{place: config}
		switch place {
		case "bind":
			bind += " " + strings.TrimSpace(config)
		case "server":
			config = strings.TrimSpace(config)
			if !strings.HasPrefix(config, "ssl ") {
				server += " ssl verify none check"
			}
			server += " " + config
		case "global", "frontend", "backend":
		default:
			t.Fatalf("no test for place %q", place)
		}
		conf := fmt.Sprintf("global\n%s\ndefaults\nmode http\ntimeout connect 1s\ntimeout client 1s\ntimeout server 1s\nfrontend f\n%s\n%s\ndefault_backend b\nbackend b\n%s\n%s\n", at["global"], bind, at["frontend"], at["backend"], server)
		accepted(t, conf, exec.Command(haproxy, "-c", "-f", write(t, filepath.Join(dir, "haproxy.cfg"), conf)))
	})
}

func TestCaddySnippets(t *testing.T) {
	caddy := tool(t, "caddy")
	files := pki(t)
	out, _ := exec.Command(caddy, "version").Output()
	old := regexp.MustCompile(`^v?2\.[0-7]\.`).Match(out)
	snippets(t, "caddy", files, func(t *testing.T, place, config string) {
		if old && strings.Contains(config, "reuse_private_keys") {
			t.Skip("reuse_private_keys came with Caddy 2.8")
		}
		at := map[string]string{place: config}
		switch place {
		case "global", "site", "reverse-proxy":
		default:
			t.Fatalf("no test for place %q", place)
		}
		conf := fmt.Sprintf("{\nadmin off\n%s\n}\nhttps://shop.example:8443 {\n%s\nreverse_proxy https://127.0.0.1:1 {\n%s\n}\n}\n", at["global"], at["site"], at["reverse-proxy"])
		cmd := exec.Command(caddy, "validate", "--adapter", "caddyfile", "--config", write(t, filepath.Join(t.TempDir(), "Caddyfile"), conf))
		cmd.Env = append(cmd.Environ(), "XDG_DATA_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
		accepted(t, conf, cmd)
	})
}

func TestPostfixSnippets(t *testing.T) {
	postconf := tool(t, "postconf")
	known, err := exec.Command(postconf, "-dH").Output()
	if err != nil {
		t.Fatal(err)
	}
	snippets(t, "postfix", pki(t), func(t *testing.T, place, config string) {
		switch place {
		case "main.cf":
			for line := range strings.Lines(config) {
				name, _, _ := strings.Cut(line, " =")
				if !strings.Contains("\n"+string(known), "\n"+name+"\n") {
					t.Errorf("Postfix has no parameter %q", name)
				}
			}
		case "master.cf":
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.cf"), "compatibility_level = 3.6\n")
			write(t, filepath.Join(dir, "master.cf"), config+"\n")
			accepted(t, config, exec.Command(postconf, "-c", dir, "-M"))
		default:
			t.Fatalf("no test for place %q", place)
		}
	})
}

func TestDovecotSnippets(t *testing.T) {
	doveconf := tool(t, "doveconf")
	snippets(t, "dovecot", pki(t), func(t *testing.T, place, config string) {
		if place != "dovecot.conf" {
			t.Fatalf("no test for place %q", place)
		}
		accepted(t, config, exec.Command(doveconf, "-n", "-c", write(t, filepath.Join(t.TempDir(), "dovecot.conf"), config)))
	})
}

func TestStunnelSnippets(t *testing.T) {
	stunnel := tool(t, "stunnel", "stunnel4")
	files := pki(t)
	snippets(t, "stunnel", files, func(t *testing.T, place, config string) {
		if place != "service" {
			t.Fatalf("no test for place %q", place)
		}
		dir := t.TempDir()
		service := fmt.Sprintf("accept = 127.0.0.1:%s\nconnect = 127.0.0.1:1\ncert = %s\nkey = %s\n", freePort(t), files["chain_file"], files["key_file"])
		config = strings.ReplaceAll(config, "127.0.0.1:8080", "127.0.0.1:"+freePort(t))
		conf := "foreground = yes\npid =\nsyslog = no\n[tls]\n"
		if strings.Contains(config, "sni = tls:") {
			conf += service + "[site]\nconnect = 127.0.0.1:1\n" + config
		} else {
			conf += replaceLines(service, config)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, stunnel, write(t, filepath.Join(dir, "stunnel.conf"), conf))
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		ok := false
		for lines := bufio.NewScanner(stderr); !ok && lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			ok = strings.Contains(lines.Text(), "Configuration successful")
		}
		cancel()
		_ = cmd.Wait() // killed by us, or failed as the log says
		if !ok {
			t.Errorf("stunnel does not start:\n%s\n%s", log.String(), conf)
		}
	})
}
