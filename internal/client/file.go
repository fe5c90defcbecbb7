package client

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// FileSchema names the document of a learned client.
const FileSchema = "tlswhy/client/v1"

// maxClientFile bounds what is read: a hello has 64 KiB at most, in hexadecimal
// digits with separators three times that.
const maxClientFile = 1 << 20

// File is a learned client as a document.
type File struct {
	Schema string `json:"schema"`
	// Name of the program, for people.
	Name string `json:"name"`
	// Time of the capture, RFC 3339, UTC; "" where it is not known.
	Time string `json:"time,omitempty"`
	// Hello is the handshake message with its header of four bytes.
	Hello []byte `json:"hello"`
	// RecordVersion of the record that carried it; 0: not known.
	RecordVersion wire.Version `json:"record_version"`
	// SendsSNI for a target that is a name. A capture of a connection to an address
	// cannot tell; it says what the nearest client does.
	SendsSNI bool `json:"sends_sni"`
	// Nearest known client, and how close it is, from 0 to 1.
	Nearest    string  `json:"nearest"`
	Similarity float64 `json:"similarity"`
	JA3        string  `json:"ja3"`
	JA4        string  `json:"ja4"`
	// PolicyFrom is the id of the client whose policy is assumed: it may be changed
	// to another. Assumed says what that means, and is not read back.
	PolicyFrom string   `json:"policy_from"`
	Assumed    []string `json:"assumed"`
}

// File is the document of the client.
func (l *Learned) File(at time.Time) (*File, error) {
	p := l.Profile
	// No session of the capture is kept: a ticket is a secret of its owner.
	h := p.Hello.Clone()
	for _, t := range []wire.ExtensionType{wire.ExtPreSharedKey, wire.ExtEarlyData, wire.ExtCookie} {
		h.Remove(t)
	}
	if _, ok := h.Extension(wire.ExtSessionTicket); ok {
		h.Set(wire.SessionTicketExt())
	}
	raw, err := h.Marshal()
	if err != nil {
		return nil, err
	}
	_, ja3 := JA3(p.Hello)
	f := &File{
		Schema: FileSchema, Name: p.ID, Hello: raw, RecordVersion: p.RecordVersion, SendsSNI: p.Policy.SendsSNI,
		Nearest: l.Nearest.Profile.ID, Similarity: round(l.Nearest.Score), JA3: ja3, JA4: JA4(p.Hello),
		PolicyFrom: l.PolicyFrom, Assumed: l.Assumed,
	}
	if !at.IsZero() {
		f.Time = at.UTC().Format(time.RFC3339)
	}
	return f, nil
}

// round to a hundredth, and to 1 only what is the same.
func round(score float64) float64 { return float64(int(score*100)) / 100 }

// ReadFile reads a client from a file: one that was saved (tlswhy/client/v1), or
// a bare ClientHello, with or without record header, as bytes, hexadecimal digits
// or base64.
func ReadFile(name string) (*Learned, error) {
	f, err := os.Open(name)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxClientFile+1))
	if err != nil {
		return nil, errors.New("it cannot be read")
	}
	return Read(text)
}

// Read is ReadFile for what stands in the file.
func Read(text []byte) (*Learned, error) {
	if len(text) > maxClientFile {
		return nil, errors.New("it is larger than 1 MiB: this is no client")
	}
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '{' {
		return readDocument(trimmed)
	}
	hello, record, err := readHello(text)
	if err != nil {
		return nil, err
	}
	return Learn(hello, record, "")
}

func readDocument(text []byte) (*Learned, error) {
	var f File
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("this is no saved client: %w", err)
	}
	if f.Schema != FileSchema {
		return nil, fmt.Errorf("its schema is %q, a saved client has %q", f.Schema, FileSchema)
	}
	hello, err := parseHello(f.Hello)
	if err != nil {
		return nil, err
	}
	l, err := LearnAs(hello, f.RecordVersion, f.Name, f.PolicyFrom)
	if err != nil {
		return nil, err
	}
	l.Profile.Policy.SendsSNI = f.SendsSNI
	return l, nil
}

var errNoHello = errors.New("this is neither a client that tlswhy saved nor a ClientHello (bytes, hexadecimal or base64)")

// readHello finds out how a bare hello is written down.
func readHello(text []byte) (*wire.ClientHello, wire.Version, error) {
	var worst error
	for _, b := range spellings(text) {
		hello, record, err := fromBytes(b)
		if err == nil {
			return hello, record, nil
		}
		if !errors.Is(err, errNoHello) {
			worst = err // it looked like one, and says what is wrong
		}
	}
	if worst != nil {
		return nil, 0, worst
	}
	return nil, 0, errNoHello
}

// spellings are the bytes that a text may stand for.
func spellings(text []byte) [][]byte {
	all := [][]byte{text}
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, string(text))
	digits := strings.NewReplacer(":", "", ",", "", "0x", "", "0X", "", `\x`, "").Replace(s)
	if b, err := hex.DecodeString(digits); err == nil {
		all = append(all, b)
	}
	bare := strings.TrimRight(s, "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(bare); err == nil {
			all = append(all, b)
		}
	}
	return all
}

// fromBytes reads a hello in records, with the message's header, or bare.
func fromBytes(b []byte) (*wire.ClientHello, wire.Version, error) {
	switch {
	case len(b) < 6:
	case b[0] == byte(wire.ContentHandshake) && b[1] == 3:
		var message []byte
		var version wire.Version
		for rest := b; len(rest) > 0; {
			r, after, err := wire.ParseRecord(rest)
			if err != nil || r.Type != wire.ContentHandshake {
				break
			}
			if version == 0 {
				version = r.Version
			}
			message, rest = append(message, r.Payload...), after
		}
		hello, err := parseHello(message)
		return hello, version, err
	case b[0] == byte(wire.TypeClientHello) && b[1] == 0:
		hello, err := parseHello(b)
		return hello, 0, err
	case b[0] == 3 && b[1] <= 3:
		if hello, err := wire.ParseClientHello(b); err == nil {
			return hello, 0, nil
		}
	}
	return nil, 0, errNoHello
}

// parseHello reads a handshake message; what follows it is left.
func parseHello(b []byte) (*wire.ClientHello, error) {
	m, _, err := wire.ParseMessage(b)
	if errors.Is(err, wire.ErrNeedMore) {
		return nil, errors.New("the ClientHello is cut off")
	}
	if err != nil {
		return nil, err
	}
	if m.Type != wire.TypeClientHello {
		return nil, fmt.Errorf("the handshake message is a %s, not a ClientHello", m.Type)
	}
	return wire.ParseClientHello(m.Body)
}
