package transcript

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Session is what a client keeps of a finished handshake to resume it in another
// attempt: Handshake.Resume. Exactly one of ID and Ticket is set. It holds
// secrets and is no part of what is written of a transcript. It is not changed
// once it is made, so that attempts may share it.
type Session struct {
	Version wire.Version
	Suite   wire.CipherSuite
	// Secret is the master secret before TLS 1.3, and in it the pre-shared key that
	// belongs to the ticket (RFC 8446, Section 4.6.1).
	Secret []byte
	// ID is what the server gave the session before TLS 1.3 (RFC 5246, Section
	// 7.4.1.3), 1 to 32 bytes.
	ID []byte
	// Ticket is what the server wants back (RFC 5077; RFC 8446, Section 4.6.1), at
	// least one byte.
	Ticket []byte
	// ExtendedMasterSecret says how Secret was derived before TLS 1.3: a session
	// is resumed with the extension or without, as it began (RFC 7627, Section 5.3).
	ExtendedMasterSecret bool

	// Lifetime of a ticket in seconds, as the server says: 0 leaves it open before
	// TLS 1.3, and in it means that the ticket is not to be used.
	Lifetime uint32
	// AgeAdd is ticket_age_add, TLS 1.3.
	AgeAdd uint32
	// MaxEarlyData is how many bytes of 0-RTT data the ticket allows (RFC 8446,
	// Section 4.2.10), 0 for none.
	MaxEarlyData uint32
	// Received is when it came; a ticket's age counts from then.
	Received time.Time
}
