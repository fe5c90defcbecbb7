package oddtls

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Java still has SSL 3.0, export, DES, RC4 and small groups in its library; it
// only disables them.
func TestJavaFinishes(t *testing.T) {
	t.Parallel()
	small := func(v wire.Version, d DHGroup) *Config {
		c := rsaConfig(t, v, wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA)
		c.DH = d
		return c
	}
	anon := func(v wire.Version, s wire.CipherSuite) *Config {
		return &Config{Versions: []wire.Version{v}, Suites: []wire.CipherSuite{s}, DH: DH1024()}
	}
	cases := []struct {
		cfg             *Config
		protocol, suite string
	}{
		{rsaConfig(t, wire.VersionSSL30, wire.TLS_RSA_WITH_RC4_128_MD5), "SSLv3", "SSL_RSA_WITH_RC4_128_MD5"},
		{rsaConfig(t, wire.VersionSSL30, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA), "SSLv3", "SSL_RSA_WITH_3DES_EDE_CBC_SHA"},
		{rsaConfig(t, wire.VersionSSL30, wire.TLS_RSA_WITH_AES_128_CBC_SHA), "SSLv3", "TLS_RSA_WITH_AES_128_CBC_SHA"},
		{small(wire.VersionSSL30, DH1024()), "SSLv3", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
		{rsaConfig(t, wire.VersionSSL30, wire.TLS_RSA_EXPORT_WITH_RC4_40_MD5), "SSLv3", "SSL_RSA_EXPORT_WITH_RC4_40_MD5"},
		{rsaConfig(t, wire.VersionSSL30, wire.TLS_RSA_EXPORT_WITH_DES40_CBC_SHA), "SSLv3", "SSL_RSA_EXPORT_WITH_DES40_CBC_SHA"},
		{rsaConfig(t, wire.VersionTLS10, wire.TLS_RSA_EXPORT_WITH_RC4_40_MD5), "TLSv1", "SSL_RSA_EXPORT_WITH_RC4_40_MD5"},
		{rsaConfig(t, wire.VersionTLS10, wire.TLS_RSA_EXPORT_WITH_DES40_CBC_SHA), "TLSv1", "SSL_RSA_EXPORT_WITH_DES40_CBC_SHA"},
		{small(wire.VersionTLS10, DH512()), "TLSv1", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
		{small(wire.VersionTLS12, DH768()), "TLSv1.2", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
		{rsaConfig(t, wire.VersionTLS10, wire.TLS_RSA_WITH_DES_CBC_SHA), "TLSv1", "SSL_RSA_WITH_DES_CBC_SHA"},
		{rsaConfig(t, wire.VersionTLS10, wire.TLS_RSA_WITH_NULL_MD5), "TLSv1", "SSL_RSA_WITH_NULL_MD5"},
		{anon(wire.VersionTLS10, wire.TLS_DH_anon_WITH_RC4_128_MD5), "TLSv1", "SSL_DH_anon_WITH_RC4_128_MD5"},
		{rsaConfig(t, wire.VersionTLS10, wire.TLS_RSA_WITH_RC4_128_SHA), "SSLv2Hello,TLSv1", "SSL_RSA_WITH_RC4_128_SHA"},
	}
	args := []string{"testdata/OldClient.java"}
	for _, c := range cases {
		addr, _ := echo(t, c.cfg)
		_, port, _ := net.SplitHostPort(addr)
		args = append(args, fmt.Sprintf("%s %s %s", port, c.protocol, c.suite))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// -XX flags: one short program on a busy machine.
	out, err := exec.CommandContext(ctx, tool(t, "java"), append([]string{"-XX:TieredStopAtLevel=1", "-Xshare:auto"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("java: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(cases) {
		t.Fatalf("%d answers to %d connections:\n%s", len(lines), len(cases), out)
	}
	for i, l := range lines {
		protocol := cases[i].protocol[strings.LastIndex(cases[i].protocol, ",")+1:]
		if !strings.HasSuffix(l, ": echo GET / HTTP/1.1 "+protocol+" "+cases[i].suite) {
			t.Error(l)
		}
	}
}
