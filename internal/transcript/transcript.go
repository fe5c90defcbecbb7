// Package transcript holds the one type in which every source of knowledge ends
// up: what one attempt offered, what came back, when, and how it ended. The
// prober writes transcripts by connecting, a capture by being read, a relay by
// standing in between; the diagnosis reads them and knows nothing of where they
// came from. An attempt that fails is a transcript and no error.
package transcript

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// MaxReply is how many of the peer's first bytes a transcript keeps.
const MaxReply = 16 << 10

// MaxTerseReply is the same for a terse transcript: enough for the line that a
// peer says which speaks something else.
const MaxTerseReply = 256

// Transcript is what happened in one attempt.
type Transcript struct {
	ID      string  `json:"id"` // "h1" in order of the attempts of one report
	Attempt Attempt `json:"attempt"`
	Outcome Outcome `json:"outcome"`

	Start time.Time      `json:"start"`
	Times Times          `json:"times"`
	Local netip.AddrPort `json:"local"`

	// Hello are the bytes of the first hello as sent, records and all; Retried
	// those of the second, after a HelloRetryRequest.
	Hello   []byte `json:"hello,omitempty"`
	Retried []byte `json:"retried,omitempty"`
	// Reply are the first bytes that the peer sent after any proxy and STARTTLS
	// dialogue, at most MaxReply.
	Reply         []byte `json:"reply,omitempty"`
	BytesSent     int64  `json:"bytes_sent"`
	BytesReceived int64  `json:"bytes_received"`
	// Dialogue is what was said in clear before TLS, line by line, prefixed "C: " or "S: ".
	Dialogue []string `json:"dialogue,omitempty"`

	Retry      *wire.ServerHello         `json:"retry,omitempty"` // HelloRetryRequest
	Server     *wire.ServerHello         `json:"server,omitempty"`
	ServerSSL2 *wire.SSL2ServerHello     `json:"server_ssl2,omitempty"`
	Encrypted  *wire.EncryptedExtensions `json:"encrypted,omitempty"`
	// ECH is what became of the encryption of the hello, if any was asked for.
	ECH *ECH `json:"ech,omitempty"`
	// Certificates are the server's, DER, in the order sent.
	Certificates [][]byte `json:"certificates,omitempty"`
	// CertificateBytes is the size of the Certificate message, after decompression.
	CertificateBytes int `json:"certificate_bytes,omitempty"`
	// CertificateCompression is what the Certificate message was compressed with
	// (RFC 8879), 0 if it was not, and CompressedBytes the size of the
	// CompressedCertificate message as sent.
	CertificateCompression wire.CertCompression `json:"certificate_compression,omitempty"`
	CompressedBytes        int                  `json:"compressed_bytes,omitempty"`

	OCSP        []byte                  `json:"ocsp,omitempty"` // stapled
	SCTs        []byte                  `json:"scts,omitempty"` // SignedCertificateTimestampList of the TLS extension
	KeyExchange *wire.ServerKeyExchange `json:"key_exchange,omitempty"`
	// Group is the group of the key exchange: that of the share in TLS 1.3, of the
	// ServerKeyExchange before; 0 where there is none (RSA) or it was not read.
	Group wire.Group `json:"group,omitempty"`
	// Signature is the scheme of the server's signature (0 before TLS 1.2), and
	// SignatureValid whether the key of the leaf verifies it: No proves that key
	// and certificate do not belong together.
	Signature      wire.SignatureScheme `json:"signature,omitempty"`
	SignatureValid Tri                  `json:"signature_valid"`
	// Finished says whether the server's Finished was right.
	Finished Tri `json:"finished"`
	// HelloAcked says whether the peer's TCP acknowledged any byte of what we sent
	// first, as far as the kernel tells. No beside a reset: it came before, or
	// instead of, an answer to the hello.
	HelloAcked Tri `json:"hello_acked"`
	// CloseNotify says whether the peer ended with close_notify (Yes) or with a
	// bare end of the connection (No); Unknown where we ended first.
	CloseNotify Tri `json:"close_notify"`

	CertificateRequests []CertificateRequest `json:"certificate_requests,omitempty"`
	Renegotiation       bool                 `json:"renegotiation,omitempty"` // a HelloRequest came after the handshake
	Tickets             int                  `json:"tickets,omitempty"`
	// Sessions are those that the server offers for resumption: of a finished
	// handshake before TLS 1.3 one by ID, one by ticket, or both; in TLS 1.3 one for
	// each ticket, and they come behind the handshake: DepthRequest reads them.
	Sessions []*Session `json:"-"`
	// Resumed says whether the server resumed the session that was offered, and
	// EarlyData whether it accepted early data; Unknown where none were offered or
	// the answer was not reached.
	Resumed   Tri `json:"resumed,omitempty"`
	EarlyData Tri `json:"early_data,omitempty"`
	// Renegotiated says whether the server took part in a handshake that we began
	// within the connection: Yes once its ServerHello came, No where it refused by
	// an alert or the end of the connection, Unknown where it did neither.
	Renegotiated Tri       `json:"renegotiated,omitempty"`
	Alerts       []Alert   `json:"alerts,omitempty"`
	Response     *Response `json:"response,omitempty"`

	Fetched *Fetched `json:"fetched,omitempty"`
	Found   *Found   `json:"found,omitempty"`
}

// ECH is what became of an encrypted ClientHello. Where it was rejected, the
// server answered the outer hello: its certificate is that of PublicName, no
// client certificate and no request are sent, and the connection ends with
// ech_required (RFC 9849, Section 6.1.6).
type ECH struct {
	Offered    bool   `json:"offered"` // false: no configuration is understood, or the hello has no TLS 1.3
	PublicName string `json:"public_name,omitempty"`
	ConfigID   uint8  `json:"config_id"`
	Accepted   Tri    `json:"accepted"`
	// RetryConfigs is the ECHConfigList of the keys that the server does have.
	RetryConfigs []byte `json:"retry_configs,omitempty"`
}

// Times are the lengths of the phases; zero where a phase did not happen.
type Times struct {
	Connect   time.Duration `json:"connect_ns,omitempty"`    // SYN to SYN-ACK, or to the proxy
	Proxy     time.Duration `json:"proxy_ns,omitempty"`      // CONNECT exchange
	StartTLS  time.Duration `json:"starttls_ns,omitempty"`   // dialogue
	FirstByte time.Duration `json:"first_byte_ns,omitempty"` // last byte of the hello to first byte of the answer
	Handshake time.Duration `json:"handshake_ns,omitempty"`  // hello to Finished, or to where it ended
	Total     time.Duration `json:"total_ns,omitempty"`
	// LongestGap is the longest silence of the peer within the handshake.
	LongestGap time.Duration `json:"longest_gap_ns,omitempty"`
}

// Side is who sent something.
type Side string

// The two sides.
const (
	FromServer Side = "server"
	FromClient Side = "client"
)

// Phase is when something happened.
type Phase string

// Phases.
const (
	DuringHandshake Phase = "handshake"
	AfterFinished   Phase = "after-finished" // late alerts of TLS 1.3
	Renegotiating   Phase = "renegotiation"
	PostHandshake   Phase = "post-handshake" // TLS 1.3 authentication on request
)

// Alert is an alert that crossed the wire.
type Alert struct {
	From  Side       `json:"from"`
	Phase Phase      `json:"phase"`
	Alert wire.Alert `json:"alert"`
}

// CertificateRequest is a demand for a client certificate.
type CertificateRequest struct {
	Phase   Phase                    `json:"phase"`
	Request *wire.CertificateRequest `json:"request"`
	// Answered: a certificate was sent, not an empty list.
	Answered bool `json:"answered"`
}

// Response is what the application said.
type Response struct {
	Proto  string      `json:"proto"`  // "HTTP/1.1", "h2", "smtp"
	Status int         `json:"status"` // HTTP status, or the protocol's reply code
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"` // at most MaxReply
	// GoAway is the HTTP/2 error code of a GOAWAY frame, or -1.
	GoAway int `json:"goaway"`
}

// WantsCertificate recognises the answer of a web server that finished the
// handshake and then refuses for want of a (valid) certificate: nginx's 400 (its
// 495 and 496 inside), 496 and 495 themselves, or a 4xx whose page speaks of it;
// and the like of other protocols.
func (r *Response) WantsCertificate() bool {
	if !strings.HasPrefix(r.Proto, "HTTP/") && r.Proto != "h2" {
		// Postfix hears the next command and then says 421 for it.
		return r.Status >= 400 && strings.Contains(strings.ToLower(string(r.Body)), "certificate")
	}
	switch r.Status {
	case 495, 496:
		return true
	case 400, 401, 403, 412, 421:
		body := strings.ToLower(string(r.Body))
		return strings.Contains(body, "certificate") && (strings.Contains(body, "ssl") || strings.Contains(body, "tls") || strings.Contains(body, "client"))
	}
	return false
}

// Fetched is the answer to a Fetch.
type Fetched struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type,omitempty"`
	Body        []byte `json:"body,omitempty"`
	Error       string `json:"error,omitempty"`
}

// Found is the answer to a Lookup.
type Found struct {
	Addresses []netip.Addr `json:"addresses,omitempty"`
	Records   []string     `json:"records,omitempty"` // presentation format, without owner and TTL
	// Code is NOERROR, NXDOMAIN, SERVFAIL, REFUSED, TIMEOUT or another RCODE name.
	Code  string `json:"code"`
	Error string `json:"error,omitempty"`
}

// LeafSHA256 is the hash of the server's first certificate in hex, or "".
func (t *Transcript) LeafSHA256() string {
	if len(t.Certificates) == 0 {
		return ""
	}
	s := sha256.Sum256(t.Certificates[0])
	return hex.EncodeToString(s[:])
}

// Version is the version negotiated, or 0.
func (t *Transcript) Version() wire.Version {
	switch {
	case t.Server != nil:
		return t.Server.Version()
	case t.ServerSSL2 != nil:
		return wire.VersionSSL20
	}
	return 0
}

// ALPN is the application protocol chosen, or "".
func (t *Transcript) ALPN() string {
	if t.Encrypted != nil {
		return t.Encrypted.ALPN()
	}
	if t.Server != nil {
		return t.Server.ALPN()
	}
	return ""
}

// ServerAlert is the last alert of the server other than close_notify.
func (t *Transcript) ServerAlert() (Alert, bool) {
	for i := len(t.Alerts) - 1; i >= 0; i-- {
		if a := t.Alerts[i]; a.From == FromServer && a.Alert.Description != wire.AlertCloseNotify {
			return a, true
		}
	}
	return Alert{}, false
}
