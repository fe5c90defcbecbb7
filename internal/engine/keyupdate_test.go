package engine_test

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// s_server takes commands on its input: K asks for new keys of both directions,
// k announces them for its own.
func TestKeyUpdate(t *testing.T) {
	cert, key := newIdentity(t, "p256").files(t)
	port := freePort(t)
	cmd := exec.Command(tool(t, "openssl"), "s_server", "-accept", "127.0.0.1:"+port, "-cert", cert, "-key", key)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	lines := bufio.NewReader(out)
	wait := func(word string) bool {
		for {
			line, err := lines.ReadString('\n')
			if strings.Contains(line, word) {
				return true
			}
			if err != nil {
				return false
			}
		}
	}
	if !wait("ACCEPT") {
		t.Fatal("s_server does not start")
	}
	go func() {
		if !wait("CIPHER is") {
			return
		}
		for _, s := range []string{"K\n", "k\n", "HTTP/1.0 200 OK\n\npage\n", "K\n", "more\n", "Q\n"} {
			_, _ = io.WriteString(in, s)
			time.Sleep(50 * time.Millisecond) // one command a read
		}
		_, _ = io.Copy(io.Discard, lines)
	}()
	tr := try(t, "127.0.0.1:"+port, &transcript.Handshake{Hello: offer{version: wire.VersionTLS13}.hello(), Depth: transcript.DepthRequest}, engine.Options{})
	wantResponse(t, tr, "page\nmore\n")
}
