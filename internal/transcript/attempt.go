package transcript

import (
	"crypto"
	"net/netip"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Attempt is one thing to try: exactly one of its three pointers is set.
type Attempt struct {
	// Purpose says in a few words why it is tried: "baseline", "put back: suites".
	Purpose   string     `json:"purpose"`
	Handshake *Handshake `json:"handshake,omitempty"`
	Fetch     *Fetch     `json:"fetch,omitempty"`
	Lookup    *Lookup    `json:"lookup,omitempty"`
}

// Depth is how far a handshake attempt goes before it ends politely.
type Depth uint8

// Depths, each including those before it.
const (
	// DepthFlight reads the server's first flight: to ServerHelloDone, or to
	// Finished in TLS 1.3. A HelloRetryRequest is answered.
	DepthFlight Depth = iota
	// DepthFinish completes the handshake and says close_notify.
	DepthFinish
	// DepthRequest sends Request too and reads what follows: the response, late
	// alerts of TLS 1.3, renegotiation, post-handshake authentication.
	DepthRequest
)

// Handshake is one connection to one address. Exactly one of Hello, SSL2 and
// Plain says what is sent on it.
type Handshake struct {
	// Address is where to dial. With Proxy set it is where the proxy shall dial,
	// and may be the zero value: then the proxy resolves Host itself.
	Address netip.AddrPort `json:"address"`
	// Host and Port are the target as the user named it, for CONNECT, STARTTLS
	// dialogues and the Host header. Host carries no brackets.
	Host string `json:"host"`
	Port uint16 `json:"port"`
	// Proxy is an http:// or https:// URL for CONNECT, or "".
	Proxy string `json:"proxy,omitempty"`
	// StartTLS names the dialogue to hold before the hello, or is "": "smtp".
	StartTLS string `json:"starttls,omitempty"`
	// Service is the protocol inside TLS: "http", "smtp", "imap"; at DepthRequest
	// its own kind of request is sent, and none for "" or a service without data.
	Service string `json:"service,omitempty"`

	// Hello is the hello to send. The engine fills what has to be fresh: a zero
	// Random, a SessionID of zero bytes (its length stays), key shares of no data.
	Hello *wire.ClientHello `json:"hello,omitempty"`
	// ECH is an ECHConfigList (RFC 9849, Section 4): Hello is encrypted with the
	// first configuration in it that is understood, and sent within an outer one
	// that bears the public name. None understood: Hello is sent as it is.
	ECH []byte `json:"ech,omitempty"`
	// SSL2 is sent in the SSL 2.0 format instead.
	SSL2 *wire.SSL2ClientHello `json:"ssl2,omitempty"`
	// Plain is sent as it is, and the answer kept; if it is empty but not nil,
	// nothing is sent and the server is heard out.
	Plain []byte `json:"plain,omitempty"`

	// RecordVersion of the hello's records; 0 is what stacks do: 3.0 for a hello
	// of SSL 3.0, else 3.1.
	RecordVersion wire.Version `json:"record_version,omitempty"`
	// Records are the payload sizes of the records that carry the hello, the last
	// repeated; none: as large as they come.
	Records []int `json:"records,omitempty"`
	// Segments are the sizes in bytes of the writes that carry the hello, the
	// rest in a last one; none: one write.
	Segments []int `json:"segments,omitempty"`

	Depth Depth `json:"depth"`
	// HelloOnly ends the attempt, as Complete, at the first ServerHello or
	// HelloRetryRequest, whatever Depth says: what the server chose is known then.
	HelloOnly bool `json:"hello_only,omitempty"`
	// Resume offers a session of an earlier attempt; nil: none. It is not offered
	// where Hello lacks its version or suite, or is encrypted by ECH. A hello that
	// has extended_master_secret where the first had none, or the other way round,
	// is no fair offer, and one with session_ticket makes many servers overlook an ID.
	Resume *Session `json:"-"`
	// EarlyData offers 0-RTT with a session of TLS 1.3 whose ticket allows it; no
	// early data are sent.
	EarlyData bool `json:"early_data,omitempty"`
	// Renegotiate begins a second handshake on the connection when a first one
	// before TLS 1.3 is finished, at DepthFinish and DepthRequest.
	Renegotiate bool `json:"renegotiate,omitempty"`
	// Terse leaves out of the transcript what no verdict on the server's first
	// flight needs: all of Reply but its beginning, and HelloAcked where nothing
	// came. It is for the many attempts of which most show nothing wrong.
	Terse bool `json:"-"`
	// Certificate answers a CertificateRequest; nil: an empty answer.
	Certificate *ClientCertificate `json:"certificate,omitempty"`
	// Request is sent at DepthRequest; nil: "GET / HTTP/1.1" with Host, or HTTP/2
	// where ALPN chose it. For a StartTLS or other non-HTTP target it is the
	// protocol's own no-op.
	Request *Request `json:"request,omitempty"`
	// Wait bounds the silence before each of the peer's messages; 0: the prober's
	// timeout for the whole connection alone.
	Wait time.Duration `json:"wait_ns,omitempty"`
}

// ClientCertificate is what the client shows when it is asked to.
type ClientCertificate struct {
	Chain [][]byte      `json:"chain"` // DER, leaf first
	Key   crypto.Signer `json:"-"`
}

// Request is one application request.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// Fetch is one HTTP exchange for certificates or revocation: AIA, OCSP, CRL.
type Fetch struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	ContentType string `json:"content_type,omitempty"`
	Body        []byte `json:"body,omitempty"`
	// MaxBytes bounds the answer; 0 is 1 MiB.
	MaxBytes int `json:"max_bytes,omitempty"`
}

// Lookup is one DNS question. Type is a record type ("CAA"), or "ADDR" for all
// addresses of both families, answered like the system's resolver would.
type Lookup struct {
	Name string `json:"name"`
	Type string `json:"type"`
}
