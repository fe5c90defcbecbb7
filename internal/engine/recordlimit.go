package engine

import (
	"github.com/tlswhy/tlswhy/internal/wire"
)

// recordLimits are what both sides agreed on for the payload of a record, in
// bytes; 0: what the protocol allows.
type recordLimits struct {
	in, out int
	// plain: records in clear are meant too.
	plain bool
	name  string // of the extension
}

// limiting is the message in which a server answers the extensions: ServerHello,
// or EncryptedExtensions in TLS 1.3.
type limiting interface {
	Extension(wire.ExtensionType) ([]byte, bool)
	RecordSizeLimit() int
	MaxFragmentLength() int
}

// agreeLimits takes record_size_limit (RFC 8449) or max_fragment_length (RFC
// 6066, Section 4) from what the server answers to the hello's.
func (c *conn) agreeLimits(m limiting) error {
	size, fragment := m.RecordSizeLimit(), m.MaxFragmentLength()
	c.limits = recordLimits{}
	ours, asked := c.hello.Extension(wire.ExtRecordSizeLimit)
	d, hasSize := m.Extension(wire.ExtRecordSizeLimit)
	hasSize = hasSize && asked && len(ours) == 2
	ourFragment, asked := c.hello.Extension(wire.ExtMaxFragmentLength)
	f, hasFragment := m.Extension(wire.ExtMaxFragmentLength)
	hasFragment = hasFragment && asked
	switch {
	case hasSize && hasFragment:
		return malformed(wire.AlertIllegalParameter, "the server answers both record_size_limit and max_fragment_length")
	case hasSize && size < 64:
		return malformed(wire.AlertIllegalParameter, "record_size_limit % x of the server", d)
	case hasSize:
		in := int(ours[0])<<8 | int(ours[1])
		if c.version >= wire.VersionTLS13 {
			in, size = in-1, size-1 // the content type counts
		}
		c.limits = recordLimits{in: in, out: size, name: "record_size_limit"}
	case hasFragment && (fragment == 0 || string(f) != string(ourFragment)):
		return malformed(wire.AlertIllegalParameter, "max_fragment_length % x of the server in answer to % x", f, ourFragment)
	case hasFragment:
		c.limits = recordLimits{in: fragment, out: fragment, plain: true, name: "max_fragment_length"}
	}
	return nil
}

// room is the most that we may put into one record.
func (c *conn) room() int {
	if l := &c.limits; l.out > 0 && (l.plain || c.out != nil) {
		return min(l.out, wire.MaxPlaintext)
	}
	return wire.MaxPlaintext
}

// checkSize holds the payload of a record of the peer's against the limit.
func (c *conn) checkSize(n int) error {
	if n > wire.MaxPlaintext {
		return malformed(wire.AlertRecordOverflow, "a record of %d bytes", n)
	}
	if l := &c.limits; l.in > 0 && n > l.in && (l.plain || c.in != nil) {
		return malformed(wire.AlertRecordOverflow, "a record of %d bytes where %s allows %d", n, l.name, l.in)
	}
	return nil
}
