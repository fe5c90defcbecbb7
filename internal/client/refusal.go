package client

import (
	"fmt"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Dimension is what of a hello or of a client has to change for another outcome.
type Dimension string

// The dimensions in which a client refuses.
const (
	Versions            Dimension = "versions"
	Suites              Dimension = "suites"
	Groups              Dimension = "groups"
	SignatureAlgorithms Dimension = "signature_algorithms"
	ALPN                Dimension = "alpn"
	Extensions          Dimension = "extensions"
	Renegotiation       Dimension = "renegotiation" // RFC 5746
	DHSize              Dimension = "dh_size"
	KeySize             Dimension = "key_size"
	KeyUsage            Dimension = "key_usage"
	CertificateSize     Dimension = "certificate_size"
	ServerKey           Dimension = "server_key" // signature and Finished: nothing of the client's
	HTTP2               Dimension = "http2"
	Time                Dimension = "time"
)

// Refusal is where a client stops although the server answered.
type Refusal struct {
	Cause cause.ID
	// Step at which it shows; mostly the cause's own.
	Step      cause.Step
	Dimension Dimension
	// Detail is one plain sentence without final stop: what came, and what this
	// client makes of it.
	Detail string
	// Got and Limit are the numbers that were compared, in the unit that Detail
	// names (bits, bytes, certificates, seconds); both 0 where it was no number.
	Got, Limit int
}

func (r *Refusal) String() string { return fmt.Sprintf("%s: %s", r.Cause, r.Detail) }

func refuse(id cause.ID, d Dimension, format string, args ...any) *Refusal {
	r := &Refusal{Cause: id, Dimension: d, Detail: fmt.Sprintf(format, args...)}
	if c, ok := cause.Get(id); ok {
		r.Step = c.Step
	}
	return r
}

// at places the refusal on another step than the cause's.
func (r *Refusal) at(s cause.Step) *Refusal {
	r.Step = s
	return r
}

// because notes the numbers.
func (r *Refusal) because(got, limit int) *Refusal {
	r.Got, r.Limit = got, limit
	return r
}
