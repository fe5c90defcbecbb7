package probe

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// FuzzDialogue holds every dialogue with a peer that says anything.
func FuzzDialogue(f *testing.F) {
	for i, s := range []string{
		"220 hi\r\n250-x\r\n250 STARTTLS\r\n220 go\r\n", "* OK\r\n* CAPABILITY STARTTLS\r\na1 OK\r\na2 OK\r\n", "+OK\r\n+OK\r\nSTLS\r\n.\r\n+OK\r\n", "S", "N",
		"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x01\x00\x00\x00",
		"\x05\x00\x00\x00\x0a8.0\x00", "\x30\x84\xff\xff\xff\xff", "\x03\x00\x00\x00", "<stream:features><starttls/></stream:features><proceed/>",
	} {
		f.Add([]byte(s), byte(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, which byte) {
		d := &dialogues[int(which)%len(dialogues)]
		client, server := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, server) }()
		go func() {
			_, _ = server.Write(b)
			_ = server.Close()
		}()
		defer client.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		tr := &transcript.Transcript{}
		h := &transcript.Handshake{Host: "a.example", StartTLS: d.protocol, Wait: time.Second}
		ok := New(Options{}).startTLS(ctx, d, h, &link{Conn: client}, tr)
		if ok == (tr.Outcome.Kind != "") || ctx.Err() != nil {
			t.Fatalf("may begin: %v, outcome %+v", ok, tr.Outcome)
		}
	})
}
