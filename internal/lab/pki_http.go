package lab

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"
)

// The certificate server answers
//
//	GET  /NAME.crt   the certificate of the authority NAME (AIA caIssuers)
//	GET  /NAME.crl   its revocation list
//	POST /NAME/ocsp  an OCSP request (RFC 6960, Appendix A.1), also by GET
//
// for every authority that was published.

// publish makes an authority's certificate, CRL and OCSP responder available.
func (p *pki) publish(name string, a *authority) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issuers[name] = a
}

func (p *pki) aiaURL(name string) string  { return p.url + "/" + name + ".crt" }
func (p *pki) crlURL(name string) string  { return p.url + "/" + name + ".crl" }
func (p *pki) ocspURL(name string) string { return p.url + "/" + name + "/ocsp" }

// revoke marks a certificate as revoked ten days ago.
func (p *pki) revoke(serial *big.Int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked[serial.String()] = p.now.Add(-10 * day)
}

func (p *pki) serveHTTP(_ context.Context, c *net.TCPConn) {
	const maxRequest = 1 << 16
	req, err := http.ReadRequest(bufio.NewReader(io.LimitReader(c, maxRequest)))
	if err != nil {
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	status, kind, out := p.answer(req, body)
	fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		status, http.StatusText(status), time.Now().UTC().Format(http.TimeFormat), kind, len(out))
	if req.Method != http.MethodHead {
		c.Write(out)
	}
}

func (p *pki) answer(req *http.Request, body []byte) (status int, kind string, out []byte) {
	path := strings.TrimPrefix(req.URL.Path, "/")
	if name, rest, ok := strings.Cut(path, "/ocsp"); ok {
		if req.Method == http.MethodGet {
			// The path is base64 that may hold slashes, escaped or not (RFC 6960, Appendix A.1).
			s, err := url.PathUnescape(strings.TrimPrefix(rest, "/"))
			if err != nil {
				return http.StatusBadRequest, "text/plain", nil
			}
			if body, err = base64.StdEncoding.DecodeString(s); err != nil {
				return http.StatusBadRequest, "text/plain", nil
			}
		}
		if a := p.issuer(name); a != nil {
			return http.StatusOK, "application/ocsp-response", p.answerOCSP(a, body)
		}
	}
	if name, ok := strings.CutSuffix(path, ".crt"); ok {
		if a := p.issuer(name); a != nil {
			return http.StatusOK, "application/pkix-cert", a.cert.Raw
		}
	}
	if name, ok := strings.CutSuffix(path, ".crl"); ok {
		if a := p.issuer(name); a != nil {
			crl, err := p.crl(a)
			if err != nil {
				return http.StatusInternalServerError, "text/plain", nil
			}
			return http.StatusOK, "application/pkix-crl", crl
		}
	}
	return http.StatusNotFound, "text/plain", []byte("not here\n")
}

func (p *pki) issuer(name string) *authority {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.issuers[name]
}

func (p *pki) answerOCSP(a *authority, request []byte) []byte {
	req, err := ocsp.ParseRequest(request)
	if err != nil {
		return ocsp.MalformedRequestErrorResponse
	}
	if !bytes.Equal(req.IssuerKeyHash, keyHash(a.cert, req.HashAlgorithm)) {
		return ocsp.UnauthorizedErrorResponse
	}
	out, err := p.ocspResponse(a, req.SerialNumber)
	if err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	return out
}

// ocspResponse is a response that is fresh now; stapling uses it too.
func (p *pki) ocspResponse(a *authority, serial *big.Int) ([]byte, error) {
	return p.ocspResponseAt(a, serial, -day, 6*day)
}

func (p *pki) ocspResponseAt(a *authority, serial *big.Int, from, to time.Duration) ([]byte, error) {
	now := time.Now()
	r := ocsp.Response{Status: ocsp.Good, SerialNumber: serial, ThisUpdate: now.Add(from), NextUpdate: now.Add(to)}
	p.mu.Lock()
	if at, ok := p.revoked[serial.String()]; ok {
		r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, at, ocsp.KeyCompromise
	}
	p.mu.Unlock()
	out, err := ocsp.CreateResponse(a.cert, a.cert, r, a.key)
	if err != nil {
		return nil, fmt.Errorf("making an OCSP response: %w", err)
	}
	return out, nil
}

func (p *pki) crl(a *authority) ([]byte, error) {
	list := &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now().Add(-day), NextUpdate: time.Now().Add(6 * day),
	}
	p.mu.Lock()
	for s, at := range p.revoked {
		if n, ok := new(big.Int).SetString(s, 10); ok {
			list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
				x509.RevocationListEntry{SerialNumber: n, RevocationTime: at, ReasonCode: ocsp.KeyCompromise})
		}
	}
	p.mu.Unlock()
	out, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		return nil, fmt.Errorf("making a CRL: %w", err)
	}
	return out, nil
}

// keyHash is what a CertID holds of the issuer's key (RFC 6960, Section 4.1.1).
func keyHash(cert *x509.Certificate, h crypto.Hash) []byte {
	key, err := subjectPublicKey(cert)
	if err != nil || !h.Available() {
		return nil
	}
	d := h.New()
	d.Write(key)
	return d.Sum(nil)
}
