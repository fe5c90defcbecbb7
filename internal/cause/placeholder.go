package cause

import (
	"net"
	"net/netip"
	"strings"
)

// Placeholder is a name that the catalogue's texts may hold in braces, as in
// "openssl s_client -connect {connect} {servername}".
type Placeholder struct {
	Name  string
	Means string
	// Default is what it becomes when the caller does not know better; where it
	// is empty, the value is derived from other placeholders.
	Default string
	// Flag is set for those that expand to a command-line flag and its value,
	// or to nothing; they are always derived, never given.
	Flag bool
}

// Placeholders returns every name that templates may use. Braces around
// anything else are left alone, and {{name}} stands for the text {name}.
func Placeholders() []Placeholder { return placeholders }

// placeholders is the one table that documentation, tests and Expand share.
// Addresses are those of RFC 5737, names those of RFC 2606.
var placeholders = []Placeholder{
	{Name: "host", Means: "the name or address asked for", Default: "example.com"},
	{Name: "port", Means: "the TCP port", Default: "443"},
	{Name: "address", Means: "the IP address that was dialled", Default: "192.0.2.10"},
	{Name: "connect", Means: "what to dial, host:port"},
	{Name: "sni", Means: "the name sent in SNI; given as empty: none"},
	{Name: "path", Means: "the path of the request, with its slash", Default: "/"},
	{Name: "url", Means: "the https URL of host, port and path"},

	{Name: "servername", Means: "openssl option: -servername NAME, or -noservername", Flag: true},
	{Name: "starttls", Means: "openssl option: -starttls PROTOCOL, or nothing", Flag: true},
	{Name: "cafile", Means: "openssl option: -CAfile FILE if roots were given, or nothing", Flag: true},
	{Name: "cacert", Means: "curl option: --cacert FILE if roots were given, or nothing", Flag: true},
	{Name: "connect_to", Means: "curl option: --connect-to ::ADDRESS:PORT if another address is dialled, or nothing", Flag: true},
	{Name: "version_option", Means: "openssl option for one version, such as -tls1_2", Flag: true},

	{Name: "service", Means: "the STARTTLS protocol: smtp, imap, pop3, ftp, ldap, postgres, mysql, xmpp, sieve, nntp, irc", Default: "smtp"},
	{Name: "version", Means: "a protocol version, such as TLS 1.2", Default: "TLS 1.2"},
	{Name: "suite", Means: "an IANA cipher suite name", Default: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	{Name: "openssl_suite", Means: "the same suite as OpenSSL spells it", Default: "ECDHE-RSA-AES128-GCM-SHA256"},
	{Name: "group", Means: "a key-exchange group, such as X25519", Default: "X25519"},
	{Name: "sigalg", Means: "a signature scheme, such as rsa_pss_rsae_sha256", Default: "rsa_pss_rsae_sha256"},
	{Name: "alpn", Means: "application protocols, comma separated", Default: "h2,http/1.1"},
	{Name: "names", Means: "the names on the certificate, comma separated", Default: "other names"},
	{Name: "product", Means: "a TLS-inspecting product", Default: "a TLS-inspecting proxy"},
	{Name: "stack", Means: "the client's software and its release, such as Node.js 18.20.8", Default: "This release"},
	{Name: "library", Means: "the TLS library that the client brings, such as OpenSSL 1.0.1u", Default: "its TLS library"},
	{Name: "letting", Means: "what the server would have to let in for this client, such as TLS 1.0", Default: "what it offers"},
	{Name: "admits", Means: "how many of the other known clients that would let in", Default: "other clients of its age"},
	{Name: "proxy", Means: "the HTTP proxy, host:port", Default: "proxy.example.net:3128"},
	{Name: "origin", Means: "the origin server behind a CDN, host or address", Default: "192.0.2.20"},
	{Name: "origin_name", Means: "the name that the origin's certificate covers", Default: "origin.example.com"},

	{Name: "ca_file", Means: "PEM file of trusted roots", Default: "ca.pem"},
	{Name: "cert_file", Means: "PEM file of the leaf alone", Default: "cert.pem"},
	{Name: "chain_file", Means: "PEM file of the leaf followed by its intermediates", Default: "fullchain.pem"},
	{Name: "key_file", Means: "PEM file of the private key", Default: "privkey.pem"},
	{Name: "bundle_file", Means: "PEM file of leaf, intermediates and private key", Default: "bundle.pem"},
	{Name: "keystore_file", Means: "PKCS#12 file of key and chain", Default: "keystore.p12"},
	{Name: "client_cert_file", Means: "PEM file of the client's certificate and its intermediates", Default: "client.pem"},
	{Name: "client_key_file", Means: "PEM file of the client's private key", Default: "client.key"},
	{Name: "client_ca_file", Means: "PEM file of the CAs whose client certificates are accepted", Default: "client-ca.pem"},
}

// values is what the caller knows. A missing or empty entry is "not known",
// but for sni, where an empty entry says that none was sent.
type values map[string]string

func (v values) get(name string) string {
	p := findPlaceholder(name)
	if p == nil {
		return ""
	}
	if s, given := v[name]; !p.Flag && (s != "" || given && name == "sni") {
		return s
	}
	if p.Default != "" {
		return p.Default
	}
	return v.derive(name)
}

func (v values) derive(name string) string {
	switch name {
	case "connect":
		return net.JoinHostPort(strings.Trim(v.get("host"), "[]"), v.get("port"))
	case "sni":
		return v.sni()
	case "url":
		return v.url()
	case "servername":
		if name := v.get("sni"); name != "" {
			return "-servername " + name
		}
		return "-noservername"
	case "starttls":
		return option("-starttls", v["service"])
	case "cafile":
		return option("-CAfile", v["ca_file"])
	case "cacert":
		return option("--cacert", v["ca_file"])
	case "connect_to":
		// curl applies the right side to every connection if host and port on
		// the left are empty.
		if v["connect"] != "" {
			return "--connect-to ::" + v["connect"]
		}
	case "version_option":
		return v.versionOption()
	}
	return ""
}

func findPlaceholder(name string) *Placeholder {
	for i := range placeholders {
		if placeholders[i].Name == name {
			return &placeholders[i]
		}
	}
	return nil
}

// sni follows RFC 6066, Section 3: a literal address is no server name.
func (v values) sni() string {
	host := v.get("host")
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	return strings.TrimSuffix(host, ".")
}

func (v values) url() string {
	host, port := v.get("host"), v.get("port")
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	if port != "443" {
		host += ":" + port
	}
	return "https://" + host + v.get("path")
}

// versionOption knows the versions that s_client has an option for.
func (v values) versionOption() string {
	version := v["offered_version"] // what the client offers fails, and that is to be seen
	if version == "" {
		version = v.get("version")
	}
	switch strings.TrimPrefix(version, "TLS ") {
	case "1.3":
		return "-tls1_3"
	case "1.1":
		return "-tls1_1"
	case "1.0":
		return "-tls1"
	case "SSL 3.0":
		return "-ssl3"
	}
	return "-tls1_2"
}

func option(flag, value string) string {
	if value == "" {
		return ""
	}
	return flag + " " + value
}
