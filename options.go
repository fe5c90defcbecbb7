package tlswhy

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/env"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// maxFile bounds the PEM files that are read: the largest bundles of roots are
// well under 2 MiB.
const maxFile = 64 << 20

// load turns the options into those of a diagnosis.
func (c *Checker) load() error {
	o := &c.o
	if o.Client == "" {
		o.Client = client.Default
	}
	profile, err := pointOfView(o.Client)
	if o.Learned != nil {
		profile, err = o.Learned.Profile, nil
	}
	if err != nil {
		return err
	}
	if o.Timeout < 0 || o.Budget < 0 || o.Rate < 0 || o.Concurrency < 0 {
		return errors.New("timeout, budget, rate and concurrency cannot be negative")
	}
	c.diagnose = diagnose.Options{
		Client: profile, PublicRoots: o.PublicRoots, At: o.At, NoAIA: o.NoAIA, Gentle: o.Gentle,
		Timeout: o.Timeout, Progress: o.Progress, Early: o.Early,
	}
	for _, step := range []func() error{c.loadRoots, c.loadCertificate, c.loadECHConfig, c.readNames, c.readProxy} {
		if err := step(); err != nil {
			return err
		}
	}
	c.diagnose.Echo = report.Options{
		CAFile: o.CAFile, Cert: o.CertFile, Key: o.KeyFile, Connect: o.Connect, Proxy: withoutPassword(o.Proxy),
		Resolver: o.Resolver, PublicRoots: o.PublicRoots, SNI: o.SNI, StartTLS: o.StartTLS, NoAIA: o.NoAIA,
		ECHConfig: o.ECHConfig,
	}
	if !o.At.IsZero() {
		c.diagnose.Echo.At = o.At.UTC().Format(time.RFC3339)
	}
	return nil
}

// pointOfView finds the client that is meant: an id.
func pointOfView(name string) (*client.Profile, error) {
	if file, ok := strings.CutPrefix(name, "@"); ok {
		return learnedClient(name, file)
	}
	if id, _, _ := strings.Cut(name, ":"); id == env.LocalID {
		return env.Local(context.Background(), env.ThisHost(Version(), buildTime()), name)
	}
	return client.Get(name)
}

func (c *Checker) loadRoots() error {
	if c.o.CAFile == "" {
		return nil
	}
	text, err := readFile(c.o.CAFile)
	if err != nil {
		return fmt.Errorf("CA file %q: %w", c.o.CAFile, err)
	}
	certs, err := trust.ParsePEM(text)
	if err != nil {
		return fmt.Errorf("CA file %q: %w", c.o.CAFile, err)
	}
	c.diagnose.Roots = trust.NewStore("file", c.o.CAFile, certs...)
	return nil
}

// loadCertificate reads the client's certificate and key. One file may hold
// both.
func (c *Checker) loadCertificate() error {
	certFile, keyFile := c.o.CertFile, c.o.KeyFile
	switch {
	case certFile == "" && keyFile == "":
		return nil
	case certFile == "":
		return fmt.Errorf("key %q is given without a certificate", keyFile)
	}
	text, err := readFile(certFile)
	if err != nil {
		return fmt.Errorf("certificate %q: %w", certFile, err)
	}
	certs, err := trust.ParsePEM(text)
	if err != nil {
		return fmt.Errorf("certificate %q: %w", certFile, err)
	}
	keyText := text
	if keyFile == "" {
		keyFile = certFile
	} else if keyText, err = readFile(keyFile); err != nil {
		return fmt.Errorf("key %q: %w", keyFile, err)
	}
	key, err := parseKey(keyText)
	if errors.Is(err, errNoKey) && c.o.KeyFile == "" {
		return fmt.Errorf("certificate %q is given without a key", certFile)
	}
	if err != nil {
		return fmt.Errorf("key %q: %w", keyFile, err)
	}
	if !belongs(key, certs[0]) {
		return fmt.Errorf("key %q is not the key of certificate %q", keyFile, certFile)
	}
	c.diagnose.Certificate = &transcript.ClientCertificate{Key: key}
	for _, cert := range certs {
		c.diagnose.Certificate.Chain = append(c.diagnose.Certificate.Chain, cert.Raw)
	}
	return nil
}

// loadECHConfig reads the keys to encrypt the hello with. What is not the name of
// a file is the list itself.
func (c *Checker) loadECHConfig() error {
	given := c.o.ECHConfig
	if given == "" {
		return nil
	}
	text, err := readFile(given)
	if err != nil {
		list, notBase64 := base64.StdEncoding.DecodeString(given)
		if notBase64 != nil {
			return fmt.Errorf("ECH configuration %q: neither a file that can be read (%w) nor an ECHConfigList in base64", given, err)
		}
		text = list
	}
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "ECHCONFIG" { // RFC 9934; the private key may stand beside it
			text = block.Bytes
			break
		}
	}
	if list, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text))); err == nil {
		text = list
	}
	if _, err := wire.ParseECHConfigList(text); err != nil {
		return fmt.Errorf("ECH configuration %q: %w", given, err)
	}
	c.diagnose.ECHConfig = text
	return nil
}

var errNoKey = errors.New("no private key found")

func parseKey(text []byte) (crypto.Signer, error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errNoKey
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, errors.New("it is encrypted; decrypt it first, tlswhy asks for no passphrase")
		}
		var key any
		var err error
		switch block.Type {
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		default:
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		}
		if err != nil {
			return nil, fmt.Errorf("not a key that can be read: %w", err)
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("a key of type %T cannot sign", key)
		}
		return signer, nil
	}
}

// belongs compares the public keys as encoded; where one cannot be encoded
// there is nothing to compare, and the server will tell.
func belongs(key crypto.Signer, cert *trust.Certificate) bool {
	want, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return true
	}
	parsed, err := x509.ParseCertificate(cert.Raw)
	if err != nil {
		return true
	}
	return bytes.Equal(want, parsed.RawSubjectPublicKeyInfo)
}

// readNames reads what is to be dialled, sent, asked and expected.
func (c *Checker) readNames() error {
	o := &c.o
	if o.Connect != "" {
		host, port, err := report.ParseEndpoint(o.Connect, 0)
		if err != nil {
			return fmt.Errorf("connect %q: %w", o.Connect, err)
		}
		c.diagnose.Connect, c.diagnose.ConnectPort = host, port
	}
	switch {
	case o.SNI == "none":
		c.diagnose.NoSNI = true
	case o.SNI != "":
		name, port, err := report.ParseEndpoint(o.SNI, 0)
		if err != nil || port != 0 {
			return fmt.Errorf("server name %q: this is not a host name", o.SNI)
		}
		if _, err := netip.ParseAddr(name); err == nil {
			return fmt.Errorf("server name %q: an address is no server name (RFC 6066, Section 3); \"none\" sends none", o.SNI)
		}
		c.diagnose.SNI = name
	}
	if o.StartTLS != "" && !slices.Contains(probe.StartTLSProtocols(), o.StartTLS) {
		return unknownDialogue(o.StartTLS)
	}
	if o.Resolver != "" {
		host, port, err := report.ParseEndpoint(o.Resolver, 53)
		if err != nil {
			return fmt.Errorf("resolver %q: %w", o.Resolver, err)
		}
		if _, err := netip.ParseAddr(host); err != nil {
			return fmt.Errorf("resolver %q: this is not an address", o.Resolver)
		}
		o.Resolver = net.JoinHostPort(host, strconv.Itoa(int(port)))
	}
	if o.ExpectAddress != "" {
		p, err := parsePrefix(o.ExpectAddress)
		if err != nil {
			return fmt.Errorf("expected address %q: this is neither an address nor a prefix", o.ExpectAddress)
		}
		c.diagnose.ExpectAddress = p
	}
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

// readProxy reads the proxy's URL; host:port alone is one of HTTP.
func (c *Checker) readProxy() error {
	s := c.o.Proxy
	if s == "" {
		return nil
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		// The error of url.Parse repeats the URL, with its password.
		return errors.New("the proxy is not a URL such as http://proxy.example.net:3128")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("proxy scheme %q is not known, there are http and https", u.Scheme)
	}
	host, port, err := report.ParseEndpoint(u.Host, map[string]uint16{"http": 80, "https": 443}[u.Scheme])
	if err != nil {
		return fmt.Errorf("proxy %q: %w", withoutPassword(s), err)
	}
	u.Host, u.Path = net.JoinHostPort(host, strconv.Itoa(int(port))), ""
	c.diagnose.Proxy = u.String()
	return nil
}

// withoutPassword is a URL fit for a report.
func withoutPassword(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	start := 0
	if i := strings.Index(s, "://"); i >= 0 {
		start = i + 3
	}
	user, _, _ := strings.Cut(s[start:at], ":")
	return s[:start] + user + s[at:]
}

// parseTarget reads a target. A dialogue given beside it stands for the scheme
// of one that has none, so that the port is that of its protocol.
func parseTarget(s, startTLS string) (Target, error) {
	if startTLS != "" && !strings.Contains(s, "://") {
		s, startTLS = startTLS+"://"+s, ""
	}
	t, err := report.ParseTarget(s)
	if err != nil {
		return t, err
	}
	if startTLS != "" {
		t.StartTLS, t.Service = startTLS, startTLS
	}
	if t.StartTLS != "" && !slices.Contains(probe.StartTLSProtocols(), t.StartTLS) {
		return t, unknownDialogue(t.StartTLS)
	}
	return t, nil
}

func unknownDialogue(name string) error {
	return fmt.Errorf("STARTTLS for %q is not known, there are %s", name, strings.Join(probe.StartTLSProtocols(), ", "))
}

// readFile is os.ReadFile within bounds, with an error that does not repeat the
// name.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	return text, nil
}

func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
