package passive

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// shape is what the sizes of protected records of TLS 1.3 tell. A record holds
// its content, one byte of content type and the tag (RFC 8446, Section 5.2). JSSE
// pads all of them by 16 bytes (seen with OpenJDK 17); others do not.
type shape struct {
	clientAlert, serverAlert bool
	clientFinished           bool
	// certificate is what of a Certificate message the client's flight holds: 0 none,
	// emptyCertificate an empty one, more a real one.
	certificate int
	response    bool // the server sent more than an alert afterwards
	used        bool // the client did
	goodbye     bool // the client sent nothing but an alert afterwards, as it seems close_notify
}

// emptyCertificate is the size of the message with an empty context and list
// (RFC 8446, Section 4.4.2).
const emptyCertificate = 4 + 1 + 3

// sizes of the suite: the tag of a record with its content type, and Finished.
func (c *Conn) sizes() (overhead, finished int) {
	overhead, finished = 1+16, 4+32
	if info, ok := c.T.Server.CipherSuite.Info(); ok {
		if info.Mode == wire.ModeCCM8 {
			overhead = 1 + 8
		}
		switch info.Hash {
		case wire.HashSHA384:
			finished = 4 + 48
		case wire.HashSHA512:
			finished = 4 + 64
		}
	}
	return overhead, finished
}

// promptly is how soon a server rejects what the client sent; an alert that comes
// later is the close_notify of a connection that nobody used.
const promptly = 5 * time.Second

// jssePadding of every record of TLS 1.3.
const jssePadding = 16

// padding of the client's records, told from the one that ends its flight.
func (c *Conn) padding(overhead, finished int) int {
	for _, r := range c.Records {
		if r.From != transcript.FromClient {
			continue
		}
		switch r.Length - overhead - jssePadding {
		case finished, emptyCertificate, 2:
			return jssePadding
		}
		return 0 // the first record decides
	}
	return 0
}

func (c *Conn) shape() shape {
	var s shape
	overhead, finished := c.sizes()
	pad := c.padding(overhead, finished)
	handshake := 0 // bytes of the client's handshake messages so far
	begun := false // the server's flight is there: what the client sent before is early data
	quiet := false // the client ended with an alert-sized record, close_notify as like as not
	answered := false
	var done time.Duration
	for _, r := range c.Records {
		content := r.Length - overhead
		if r.From == transcript.FromClient {
			content -= pad
		}
		small := content == 2 || r.From == transcript.FromServer && content == 2+jssePadding
		switch {
		case r.From == transcript.FromServer && !s.clientFinished:
			begun = true
			// A server may refuse an empty Certificate before it has seen Finished.
			if handshake > 0 && small && !c.leftBefore(r.At) {
				s.serverAlert = true
			}
		case r.From == transcript.FromServer:
			if !small {
				s.response = s.response || content > 0
				answered = true
			} else if !answered && !quiet && r.At-done < promptly && !c.leftBefore(r.At) {
				s.serverAlert = true
			}
		case !begun:
		case s.clientFinished:
			quiet = quiet || small && !s.serverAlert
			s.used = s.used || !small
			s.goodbye = quiet && !s.used
		case handshake == 0 && small:
			s.clientAlert = true
			return s
		default:
			handshake += content
			if handshake >= finished {
				s.clientFinished = true
				s.certificate = handshake - finished
				done = r.At
			}
		}
	}
	if !s.clientFinished {
		s.certificate = handshake
	}
	// A server that goes on after its alert did not mean it; one that leaves the
	// connection open neither.
	if s.serverAlert && (answered || c.Ended.How == Open || c.Ended.How == Cut) {
		s.serverAlert = false
	}
	return s
}

// leftBefore: what a server says after the client has gone is no answer.
func (c *Conn) leftBefore(at time.Duration) bool {
	return c.Ended.By == transcript.FromClient && c.Ended.How != Open && c.Ended.At <= at
}

// clientCertificate says whether the server asked for a certificate and whether
// one was shown.
func (c *Conn) clientCertificate() (wants, answered transcript.Tri) {
	if c.T.Server == nil {
		return transcript.Unknown, transcript.Unknown
	}
	if c.version < wire.VersionTLS13 {
		for _, r := range c.T.CertificateRequests {
			return transcript.Yes, transcript.TriOf(r.Answered)
		}
		if c.T.Outcome.Reached >= transcript.ReachedFlight {
			return transcript.No, transcript.No
		}
		return transcript.Unknown, transcript.Unknown
	}
	switch s := c.shape(); {
	case !s.clientFinished && !s.serverAlert:
		return transcript.Unknown, transcript.Unknown
	case s.certificate == 0:
		return transcript.No, transcript.No
	default:
		return transcript.Yes, transcript.TriOf(s.certificate > emptyCertificate)
	}
}
