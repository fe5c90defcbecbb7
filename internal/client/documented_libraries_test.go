package client

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// TestDocumentedLibraries holds profiles of libraries, languages, mail and
// Android to what is known of the real clients, and says where that stands.
// "Recorded" is what the client did when its hello was taken.
func TestDocumentedLibraries(t *testing.T) {
	const (
		none     = cause.ID("")
		recorded = "recorded"
		mozilla  = "Mozilla, Security/Server Side TLS: oldest compatible clients"
		android  = "Android developer reference, SSLSocket: default configuration"
		apps15   = "Android 15, behavior changes: restricted TLS versions"
		conscryp = "AOSP conscrypt, NativeCrypto.java: DEFAULT_X509_CIPHER_SUITES"
		boring   = "BoringSSL, PORTING.md and commits: no DHE"
		changes  = "OpenSSL, CHANGES"
		ciphers  = "OpenSSL 0.9.8, ssl.h: SSL_DEFAULT_CIPHER_LIST; ciphers(1): ECCdraft"
		libre    = "LibreSSL portable, ChangeLog: 3.8.1"
		rustls   = "rustls, manual: protocol and suites"
		mbedtls  = "Mbed TLS, migration guide to 3.0"
		gonotes  = "Go, release notes of 1.13, 1.18 and 1.22"
		google   = "Google Workspace Admin Help, Ciphers for Gmail SMTP TLS connections"
		exchange = "Microsoft, How Exchange Online uses TLS"
		schannel = "Microsoft, TLS 1.0 and TLS 1.1 deprecation in Windows"
	)
	old4 := []string{"android-4.1", "android-4.3", "android-4.4"}
	servers := usualServers(t)
	for _, c := range []struct {
		server  string
		cause   cause.ID // none: connects
		says    string
		clients []string
	}{
		{"modern", none, mozilla, []string{"android-10", "openssl-1.1.1"}},
		{"modern", none, recorded, []string{"openssl-1.1.1-debian", "openssl-3.5", "postfix-3.7", "postfix-3.7-secure", "exim-4.96", "opensmtpd-6.8", "fetchmail-6.4", "mbsync-1.4", "msmtp-1.8", "psql-15", "ldapsearch-2.5", "mariadb-10.11", "sendmail-8.17", "go-1.13.15", "go-1.25.0", "thunderbird-153"}},
		{"modern", none, rustls, []string{"rustls-0.21", "rustls-0.23"}},
		{"modern", none, android, []string{"android-12", "android-14", "android-15", "android-16", "android-17"}},
		{"modern", cause.NoSharedVersion, mozilla, []string{"android-9", "android-8", "openssl-1.0.2"}},
		{"modern", cause.NoSharedVersion, recorded, []string{"openssl-1.0.0", "openssl-1.0.1"}},

		{"intermediate", none, mozilla, []string{"openssl-1.0.1", "openssl-1.0.2"}},
		{"intermediate", none, android, []string{"android-5.0", "android-6", "android-7.0", "android-7.1", "android-8", "android-9", "android-10", "android-16"}},
		{"intermediate", none, "PHP 5.6, 7.4, Python 3.7, Ruby 2.7 on libssl, recorded", []string{"php-5.5", "php-5.6", "php-7.4", "python-3.7", "ruby-2.7", "curl-7.74"}},
		{"intermediate", none, mbedtls, []string{"mbedtls-3.6"}},
		{"intermediate", none, libre, []string{"libressl-3.3", "libressl-4.1", "curl-macos"}},
		{"intermediate", none, exchange, []string{"exchange-online", "exchange-online-sts"}},
		{"intermediate", cause.NoSharedVersion, android, old4},
		{"intermediate", cause.NoSharedVersion, changes, []string{"openssl-0.9.8"}},
		{"intermediate", cause.NoSharedVersion, recorded, []string{"openssl-1.0.0"}},

		{"old", none, android, append(old4, "android-5.0", "android-9", "android-16")},
		{"old", none, changes, []string{"openssl-0.9.8", "openssl-1.0.0"}},
		{"old", none, recorded, []string{"openssl-3.5", "go-1.25.0", "gmail"}},

		{"TLS 1.2 and newer, names only", cause.SNIRequired, changes, []string{"openssl-0.9.8"}},
		{"TLS 1.2 and newer, names only", cause.SNIRequired, recorded, []string{"postfix-3.7", "postfix-3.7-secure", "exim-4.96", "opensmtpd-6.8", "sendmail-8.17", "mariadb-10.11"}},
		{"TLS 1.2 and newer, names only", none, "Android developer guide: SNI since 2.3", old4},

		{"TLS 1.0 alone", none, android, append(old4, "android-5.0", "android-8", "android-10", "android-14")},
		{"TLS 1.0 alone", cause.NoSharedVersion, apps15, []string{"android-15", "android-16", "android-17"}},
		{"TLS 1.0 alone", none, recorded, []string{"openssl-1.0.0", "openssl-1.0.1", "openssl-1.0.2", "openssl-1.1.1", "postfix-3.7", "exim-4.96", "msmtp-1.8", "ldapsearch-2.5", "go-1.13.15", "python-3.7", "php-5.6"}},
		{"TLS 1.0 alone", cause.NoSharedVersion, "Ubuntu, Disable legacy TLS", []string{"gnutls-ubuntu"}},
		{"TLS 1.0 alone", none, google, []string{"gmail"}},
		{"TLS 1.0 alone", none, libre, []string{"libressl-3.3"}},
		{"TLS 1.0 alone", cause.NoSharedVersion, recorded, []string{"openssl-1.1.1-debian", "openssl-3.5", "psql-15", "go-1.25.0", "curl-7.74", "thunderbird-153"}},
		{"TLS 1.0 alone", cause.NoSharedVersion, libre, []string{"libressl-4.1"}},
		{"TLS 1.0 alone", cause.NoSharedVersion, mbedtls, []string{"mbedtls-3.6"}},
		{"TLS 1.0 alone", cause.NoSharedVersion, exchange, []string{"exchange-online"}},
		{"TLS 1.0 alone", cause.NoSharedVersion, schannel, []string{"curl-windows"}},
		// OpenSSL 3 lists the version and does not take its SHA-1 signature.
		{"TLS 1.0 alone", cause.NoSharedVersion, recorded, []string{"openssl-3.0-upstream", "postfix-3.7-secure", "opensmtpd-6.8", "sendmail-8.17", "fetchmail-6.4", "mbsync-1.4", "mariadb-10.11"}},

		{"SSL 3.0 alone", none, android, append(old4, "android-5.0")},
		{"SSL 3.0 alone", none, changes, []string{"openssl-0.9.8"}},
		{"SSL 3.0 alone", cause.NoSharedVersion, android, []string{"android-6", "android-9"}},

		{"RC4 and 3DES alone", none, android, append(old4, "android-5.0", "android-6")},
		{"RC4 and 3DES alone", cause.NoSharedCipher, android, []string{"android-7.0", "android-8", "android-10"}},
		{"RC4 and 3DES alone", none, recorded, []string{"openssl-1.0.0", "openssl-1.0.2"}},
		{"RC4 and 3DES alone", none, ciphers, []string{"openssl-0.9.8"}},
		{"RC4 and 3DES alone", none, google, []string{"gmail"}},
		{"RC4 and 3DES alone", cause.NoSharedCipher, "OpenSSL, CHANGES: 1.1.0 (RC4), 1.1.0 (3DES) leave DEFAULT", []string{"openssl-1.1.1", "python-3.7", "ruby-2.7", "postfix-3.7"}},

		{"RSA key transport alone", none, conscryp, []string{"android-4.1", "android-5.0", "android-8", "android-14"}},
		{"RSA key transport alone", none, recorded, []string{"openssl-1.0.1", "openssl-3.5", "exim-4.96", "postfix-3.7", "postfix-3.7-secure", "opensmtpd-6.8", "fetchmail-6.4", "go-1.13.15"}},
		{"RSA key transport alone", cause.NoSharedCipher, gonotes, []string{"go-1.25.0"}},
		{"RSA key transport alone", cause.NoSharedCipher, rustls, []string{"rustls-0.21", "rustls-0.23"}},

		{"an ECDSA certificate alone", none, android, append(old4, "android-6")},
		{"an ECDSA certificate alone", none, recorded, []string{"openssl-1.0.0", "openssl-1.0.1", "exim-4.96"}},
		{"an ECDSA certificate alone", cause.NoSharedCipher, ciphers, []string{"openssl-0.9.8"}},

		{"ECDHE-RSA with GCM alone", none, android, []string{"android-5.0", "android-7.0", "android-16"}},
		{"ECDHE-RSA with GCM alone", cause.NoSharedVersion, android, old4},
		{"ECDHE-RSA with GCM alone", none, recorded, []string{"php-5.6", "openssl-1.0.1", "openssl-3.5"}},

		{"X25519 alone", none, recorded, []string{"openssl-1.1.1", "openssl-3.5", "go-1.13.15", "exim-4.96", "thunderbird-153"}},

		{"DHE of 1024 bits alone", none, recorded, []string{"openssl-1.0.1", "openssl-1.0.2", "openssl-1.1.1", "openssl-3.0-upstream", "postfix-3.7", "postfix-3.7-secure", "exim-4.96", "msmtp-1.8", "ldapsearch-2.5"}},
		{"DHE of 1024 bits alone", none, android, []string{"android-4.4", "android-5.0", "android-6", "android-7.1"}},
		{"DHE of 1024 bits alone", cause.WeakDH, recorded, []string{"openssl-1.1.1-debian", "openssl-3.5", "gnutls-ubuntu", "opensmtpd-6.8", "sendmail-8.17", "fetchmail-6.4", "mbsync-1.4", "psql-15", "mariadb-10.11", "curl-7.74"}},
		{"DHE of 1024 bits alone", cause.NoSharedCipher, boring, []string{"android-8", "android-9", "android-14"}},
		{"DHE of 2048 bits alone", none, recorded, []string{"openssl-1.0.1", "openssl-3.5", "opensmtpd-6.8", "postfix-3.7"}},
		{"DHE of 2048 bits alone", cause.NoSharedCipher, rustls, []string{"rustls-0.21", "rustls-0.23", "go-1.25.0"}},
	} {
		f, ok := servers[c.server]
		if !ok {
			t.Fatalf("there is no server %q", c.server)
		}
		for _, id := range c.clients {
			p, err := Get(id)
			if err != nil {
				t.Error(err)
				continue
			}
			x := p.Predict(f, PredictOptions{Host: predictHost, ServerName: predictHost, NoTrust: true})
			if !x.Exact || x.Cause != c.cause {
				t.Errorf("%s at %s: predicted %s %q (%s; open: %q), but %s says %q", id, c.server, x.Outcome, x.Cause, x.Why, x.Open, c.says, c.cause)
			}
		}
	}
}

// TestDocumentedVerification: what mail servers, libraries and Android make of
// certificates.
func TestDocumentedVerification(t *testing.T) {
	const none = cause.ID("")
	ca := predictCA()
	leaf := func(change func(*x509.Certificate)) [][]byte { return ca.issue(t, "RSA 2048", change) }
	small := ca.issue(t, "RSA 1024")
	chains := map[string][][]byte{
		"a good one":          leaf(func(*x509.Certificate) {}),
		"another name":        leaf(func(c *x509.Certificate) { c.DNSNames = []string{"other.example.org"} }),
		"a common name alone": leaf(func(c *x509.Certificate) { c.DNSNames = nil }),
		"an expired one":      leaf(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }),
		"a self-signed one":   {selfSigned(t, keyKinds()["RSA 2048"])},
		"RSA of 1024 bits":    small,
	}
	for _, c := range []struct {
		chain   string
		cause   cause.ID // none: connects
		says    string
		clients []string
	}{
		{"a good one", none, "recorded", []string{"postfix-3.7", "postfix-3.7-secure", "exim-4.96", "opensmtpd-6.8", "msmtp-1.8", "psql-15", "openssl-1.1.1", "openssl-3.5", "go-1.13.15", "go-1.25.0"}},
		{"a good one", none, "Android", []string{"android-5.0", "android-9", "android-16"}},

		{"another name", none, "recorded", []string{"postfix-3.7", "exim-4.96", "opensmtpd-6.8", "sendmail-8.17"}},
		{"another name", none, "PHP, migration to 5.6", []string{"php-5.5"}},
		{"another name", cause.HostnameMismatch, "recorded", []string{"postfix-3.7-secure", "fetchmail-6.4", "mbsync-1.4", "msmtp-1.8", "psql-15", "ldapsearch-2.5", "openssl-1.1.1", "openssl-3.5", "go-1.13.15"}},
		{"another name", cause.HostnameMismatch, "RFC 8461, Section 4.1", []string{"gmail-sts", "exchange-online-sts"}},
		{"another name", none, "Microsoft, Google: opportunistic TLS", []string{"gmail", "exchange-online"}},

		{"a common name alone", none, "recorded", []string{"postfix-3.7-secure", "fetchmail-6.4", "msmtp-1.8", "psql-15", "openssl-1.0.2", "openssl-1.1.1", "openssl-3.5", "go-1.13.15"}},
		{"a common name alone", cause.CNOnly, "recorded", []string{"go-1.25.0"}},
		{"a common name alone", none, "Android 9, behavior changes", []string{"android-4.4", "android-7.0", "android-8"}},
		{"a common name alone", cause.CNOnly, "Android 9, behavior changes", []string{"android-9", "android-10", "android-16"}},

		{"an expired one", none, "recorded", []string{"postfix-3.7", "exim-4.96", "opensmtpd-6.8", "sendmail-8.17"}},
		{"an expired one", cause.Expired, "recorded", []string{"postfix-3.7-secure", "fetchmail-6.4", "msmtp-1.8", "openssl-1.0.1", "go-1.25.0"}},

		{"a self-signed one", none, "recorded", []string{"postfix-3.7", "exim-4.96", "opensmtpd-6.8", "sendmail-8.17"}},
		{"a self-signed one", cause.SelfSigned, "recorded", []string{"postfix-3.7-secure", "fetchmail-6.4", "msmtp-1.8", "openssl-1.0.1", "openssl-3.5", "thunderbird-153"}},

		{"RSA of 1024 bits", none, "recorded", []string{"postfix-3.7-secure", "msmtp-1.8", "openssl-1.0.1", "openssl-1.1.1", "openssl-3.0-upstream", "go-1.13.15", "go-1.25.0"}},
		{"RSA of 1024 bits", none, "AOSP conscrypt, ChainStrengthAnalyzer.java", []string{"android-5.0", "android-16"}},
		{"RSA of 1024 bits", cause.WeakKey, "recorded", []string{"gnutls-ubuntu", "fetchmail-6.4", "mbsync-1.4", "psql-15", "openssl-1.1.1-debian", "openssl-3.5"}},
		{"RSA of 1024 bits", cause.WeakKey, "rustls-webpki: RSA from 2048 bits", []string{"rustls-0.21", "rustls-0.23"}},
	} {
		chain, ok := chains[c.chain]
		if !ok {
			t.Fatalf("there is no chain %q", c.chain)
		}
		s := realServer{shareFirst: true, Config: oddtls.Config{
			Versions: []wire.Version{wire.VersionTLS12, wire.VersionTLS10, wire.VersionTLS13}, Suites: append(append(suites13, ecdheGCM...), ecdheCBC...),
			Groups: []wire.Group{wire.GroupX25519, wire.GroupSecp256r1}, Schemes: allSchemes,
		}}
		s.Key, s.Chain = keyKinds()["RSA 2048"], chain
		f := s.facts()
		f.Features.ExtendedMasterSecret = transcript.Yes
		for _, id := range c.clients {
			p, err := Get(id)
			if err != nil {
				t.Error(err)
				continue
			}
			x := p.Predict(f, PredictOptions{Host: predictHost, ServerName: predictHost, HTTP: p.Kind != Mail, Roots: ca.store})
			if !x.Exact || x.Cause != c.cause {
				t.Errorf("%s and %s: predicted %s %q (%s; open: %q), but %s says %q", id, c.chain, x.Outcome, x.Cause, x.Why, x.Open, c.says, c.cause)
			}
		}
	}
}
