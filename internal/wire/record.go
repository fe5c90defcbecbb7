package wire

import "errors"

// Sizes of the record layer (RFC 8446, Section 5; RFC 5246, Section 6.2).
const (
	RecordHeaderLen   = 5
	MaxPlaintext      = 1 << 14
	MaxCiphertext     = 1<<14 + 2048 // the most that TLS 1.2 and older allow
	MaxHandshakeBytes = 1 << 18      // the most we read of one handshake message: larger certificates exist, larger legitimate ones do not
)

// ErrNeedMore says that the bytes so far are a proper prefix of something.
var ErrNeedMore = errors.New("more bytes needed")

// ErrNotTLS says that the first bytes cannot begin a TLS record.
var ErrNotTLS = errors.New("not a TLS record")

// Record is one record as it stands on the wire.
type Record struct {
	Type    ContentType
	Version Version
	Payload []byte // at most MaxCiphertext bytes; aliases the input
}

// ParseRecord reads the first record of b and returns the rest. It returns
// ErrNeedMore for a prefix and ErrNotTLS when b cannot begin a record.
func ParseRecord(b []byte) (Record, []byte, error) {
	if len(b) == 0 {
		return Record{}, b, ErrNeedMore
	}
	if !plausibleRecordPrefix(b) {
		return Record{}, b, ErrNotTLS
	}
	if len(b) < RecordHeaderLen {
		return Record{}, b, ErrNeedMore
	}
	n := int(b[3])<<8 | int(b[4])
	if n > MaxCiphertext {
		return Record{}, b, ErrNotTLS
	}
	if len(b) < RecordHeaderLen+n {
		return Record{}, b, ErrNeedMore
	}
	end := RecordHeaderLen + n
	return Record{ContentType(b[0]), Version(b[1])<<8 | Version(b[2]), b[RecordHeaderLen:end:end]}, b[end:], nil
}

// plausibleRecordPrefix accepts content types 20 to 24 and major version 3.
// Nothing else that answers on a TCP port begins like that.
func plausibleRecordPrefix(b []byte) bool {
	if b[0] < byte(ContentChangeCipherSpec) || b[0] > byte(ContentHeartbeat) {
		return false
	}
	return len(b) < 2 || b[1] == 3
}

// AppendRecord appends one record around payload, which has to fit.
func AppendRecord(dst []byte, t ContentType, v Version, payload []byte) []byte {
	dst = append(dst, byte(t), byte(v>>8), byte(v), byte(len(payload)>>8), byte(len(payload)))
	return append(dst, payload...)
}

// AppendRecords appends payload in as many records as sizes asks for. A size is
// the number of payload bytes of one record; the last is repeated, none means
// MaxPlaintext. Sizes outside 1 to MaxPlaintext are brought into that range.
func AppendRecords(dst []byte, t ContentType, v Version, payload []byte, sizes ...int) []byte {
	size := MaxPlaintext
	for i := 0; len(payload) > 0; i++ {
		if i < len(sizes) {
			size = min(max(sizes[i], 1), MaxPlaintext)
		}
		n := min(size, len(payload))
		dst = AppendRecord(dst, t, v, payload[:n])
		payload = payload[n:]
	}
	return dst
}

// ParseAlert reads the body of an alert record.
func ParseAlert(b []byte) (Alert, bool) {
	if len(b) != 2 || b[0] < 1 || b[0] > 2 {
		return Alert{}, false
	}
	return Alert{AlertLevel(b[0]), AlertDescription(b[1])}, true
}

// Message is one handshake message.
type Message struct {
	Type HandshakeType
	Body []byte
	Raw  []byte // header and body: what goes into the transcript hash
}

// ParseMessage reads the first handshake message of b and returns the rest. It
// returns ErrNeedMore for a prefix.
func ParseMessage(b []byte) (Message, []byte, error) {
	if len(b) < 4 {
		return Message{}, b, ErrNeedMore
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	if n > MaxHandshakeBytes {
		return Message{}, b, errors.New("handshake message longer than 256 KiB")
	}
	if len(b) < 4+n {
		return Message{}, b, ErrNeedMore
	}
	return Message{HandshakeType(b[0]), b[4 : 4+n : 4+n], b[: 4+n : 4+n]}, b[4+n:], nil
}

// AppendMessage appends a handshake message with its header.
func AppendMessage(dst []byte, t HandshakeType, body []byte) []byte {
	dst = append(dst, byte(t), byte(len(body)>>16), byte(len(body)>>8), byte(len(body)))
	return append(dst, body...)
}
