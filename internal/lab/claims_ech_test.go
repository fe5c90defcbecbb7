package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// echClaims are held against the standard library's client; no other client
// here encrypts hellos.
var echClaims = map[string][]claim{
	"ech":               {check(echSays("accepted")), curl("", works)},
	"ech-stale":         {check(echSays("rejected, retry configs accepted")), curl("", works)},
	"ech-off":           {check(echSays("rejected")), curl("", works)},
	"ech-unknown":       {check(echSays("not valid for the public name")), curl("", works)},
	"ech-stale-unnamed": {check(echSays("not valid for the public name")), curl("", works)},
	"ech-stale-dns":     {check(echSays("rejected, retry configs accepted")), curl("", works)},
}

func echSays(want string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		list, err := publishedList(t, e)
		if err != nil {
			return err
		}
		got, retry := shakeECH(t, e, list)
		if len(retry) > 0 {
			again, _ := shakeECH(t, e, retry)
			got += ", retry configs " + again
		}
		if got != want {
			return fmt.Errorf("%q instead of %q", got, want)
		}
		return nil
	}
}

// publishedList is what the endpoint's flags hold, or its HTTPS record.
func publishedList(t *testing.T, e Endpoint) ([]byte, error) {
	if i := slices.Index(e.Args, "--ech-config"); i >= 0 {
		return base64.StdEncoding.DecodeString(e.Args[i+1])
	}
	_, port, err := net.SplitHostPort(e.Addr)
	if err != nil {
		return nil, err
	}
	m := new(dns.Msg)
	m.SetQuestion("_"+port+"._https."+e.Host+".", dns.TypeHTTPS)
	r, err := dns.ExchangeContext(t.Context(), m, running(t).dns.addr)
	if err != nil {
		return nil, err
	}
	for _, rr := range r.Answer {
		if h, ok := rr.(*dns.HTTPS); ok {
			for _, kv := range h.Value {
				if x, ok := kv.(*dns.SVCBECHConfig); ok {
					return x.ECH, nil
				}
			}
		}
	}
	return nil, errors.New("no HTTPS record with ech")
}

func shakeECH(t *testing.T, e Endpoint, list []byte) (outcome string, retry []byte) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d := &tls.Dialer{Config: &tls.Config{
		ServerName: e.Host, RootCAs: roots(t), EncryptedClientHelloConfigList: list,
	}}
	c, err := d.DialContext(ctx, "tcp", e.Addr)
	var rejected *tls.ECHRejectionError
	var host x509.HostnameError
	switch {
	case err == nil:
		defer c.Close()
		if !c.(*tls.Conn).ConnectionState().ECHAccepted {
			return "not used", nil
		}
		return "accepted", nil
	case errors.As(err, &rejected):
		return "rejected", rejected.RetryConfigList
	case errors.As(err, &host) && strings.Contains(err.Error(), publicName):
		return "not valid for the public name", nil
	}
	return err.Error(), nil
}
