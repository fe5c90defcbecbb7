package lab

import (
	"crypto/hpke"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// publicName is the server name of the outer hellos (RFC 9849).
const publicName = "public." + Domain

// echEntries are servers that read encrypted hellos, and that ought to.
func echEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{Name: "ech", Title: "A healthy server that reads hellos encrypted with the published key."},
			up: echUp(func(c *tls.Config, published, _ tls.EncryptedClientHelloKey) {
				c.EncryptedClientHelloKeys = []tls.EncryptedClientHelloKey{published}
			}),
		},
		{
			Spec: Spec{Name: "ech-stale", Title: "The published key for encrypted hellos is stale; the server names the one that it has.", Cause: cause.ECHRejected},
			up:   echUp(hasCurrent),
		},
		{
			Spec: Spec{
				Name: "ech-stale-dns", Title: "The key for encrypted hellos in the HTTPS record is stale; browsers ask for that record.",
				Cause: cause.ECHRejected, Args: []string{"--as", "chrome"},
			},
			up: echInDNSUp(hasCurrent),
		},
		{
			Spec: Spec{Name: "ech-off", Title: "A key for encrypted hellos is published, and the server reads none.", Cause: cause.ECHRejected},
			up:   echUp(func(*tls.Config, tls.EncryptedClientHelloKey, tls.EncryptedClientHelloKey) {}),
		},
		{
			Spec: Spec{
				Name: "ech-unknown", Title: "A key for encrypted hellos is published, and the server knows neither it nor the public name.",
				Cause: cause.ECHRejected, Fails: true,
			},
			up: echUp(func(c *tls.Config, _, _ tls.EncryptedClientHelloKey) { c.Certificates = c.Certificates[:1] }),
		},
		{
			Spec: Spec{
				Name: "ech-stale-unnamed", Title: "The published key is stale, and no certificate of the server covers the public name, so that nobody takes its word for another key.",
				Cause: cause.ECHRejected, Fails: true,
			},
			up: echUp(func(c *tls.Config, published, current tls.EncryptedClientHelloKey) {
				hasCurrent(c, published, current)
				c.Certificates = c.Certificates[:1]
			}),
		},
	}
}

// echChange sets a server up that ought to have the published key.
type echChange func(c *tls.Config, published, current tls.EncryptedClientHelloKey)

func hasCurrent(c *tls.Config, _, current tls.EncryptedClientHelloKey) {
	c.EncryptedClientHelloKeys = []tls.EncryptedClientHelloKey{current}
}

// echUp gives the list with the published key along with the endpoint's flags.
func echUp(change echChange) func(*env) error {
	return func(e *env) error {
		list, _, err := e.serveECH(change)
		e.args = append(e.args, "--ech-config", base64.StdEncoding.EncodeToString(list))
		return err
	}
}

// echInDNSUp leaves it to the client to find the list.
func echInDNSUp(change echChange) func(*env) error {
	return func(e *env) error {
		_, port, err := e.serveECH(change)
		e.resolve(port)
		return err
	}
}

// serveECH serves certificates for the endpoint's host and for the public name,
// and publishes a list in the HTTPS record of the host and port.
func (e *env) serveECH(change echChange) (list []byte, port string, err error) {
	cfg, list, err := e.echConfig(change)
	if err != nil {
		return nil, "", err
	}
	if err := e.serve(tlsHandler(cfg, welcome)); err != nil {
		return nil, "", err
	}
	if _, port, err = net.SplitHostPort(e.addr); err != nil {
		return nil, "", err
	}
	return list, port, e.lab.dns.publish(e.host, port, list)
}

func (e *env) echConfig(change echChange) (*tls.Config, []byte, error) {
	own, err := e.pki.chain(e.host)
	if err != nil {
		return nil, nil, err
	}
	public, err := e.pki.chain(publicName)
	if err != nil {
		return nil, nil, err
	}
	published, list, err := newECHKey(1)
	if err != nil {
		return nil, nil, err
	}
	current, _, err := newECHKey(2)
	if err != nil {
		return nil, nil, err
	}
	cfg := serverConfig(own, public)
	change(cfg, published, current)
	return cfg, list, nil
}

// newECHKey makes a key with the list to publish for it.
func newECHKey(id uint8) (tls.EncryptedClientHelloKey, []byte, error) {
	kem, err := hpke.NewKEM(uint16(wire.HPKEKEMDHKEMX25519HKDFSHA256))
	if err != nil {
		return tls.EncryptedClientHelloKey{}, nil, fmt.Errorf("making a key for ECH: %w", err)
	}
	private, err := kem.GenerateKey()
	if err != nil {
		return tls.EncryptedClientHelloKey{}, nil, fmt.Errorf("making a key for ECH: %w", err)
	}
	secret, err := private.Bytes()
	if err != nil {
		return tls.EncryptedClientHelloKey{}, nil, fmt.Errorf("making a key for ECH: %w", err)
	}
	c := wire.ECHConfig{
		Version: wire.ECHVersion, ConfigID: id, KEM: wire.HPKEKEMDHKEMX25519HKDFSHA256, PublicKey: private.PublicKey().Bytes(),
		Suites:            []wire.HPKESuite{{KDF: wire.HPKEKDFHKDFSHA256, AEAD: wire.HPKEAEADAES128GCM}},
		MaximumNameLength: 64, PublicName: publicName,
	}
	config, err := c.Marshal()
	if err != nil {
		return tls.EncryptedClientHelloKey{}, nil, err
	}
	list, err := wire.MarshalECHConfigList(c)
	return tls.EncryptedClientHelloKey{Config: config, PrivateKey: secret, SendAsRetry: true}, list, err
}
