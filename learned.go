package tlswhy

import (
	"fmt"

	"github.com/tlswhy/tlswhy/internal/client"
)

// LearnedClient is a client known by one hello of it. Its policy (root store,
// least key sizes and so on) is assumed from the nearest known client.
type LearnedClient = client.Learned

// ReadClient reads a client from a file: one that `tlswhy run --save` wrote
// (Schema("client")), or a bare ClientHello, with or without record header, as
// bytes, hexadecimal digits or base64.
func ReadClient(file string) (*LearnedClient, error) {
	l, err := client.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("client file %q: %w", file, err)
	}
	return l, nil
}

// learnedClient is the client of "@FILE", which is its id, so that a report can
// be made again.
func learnedClient(name, file string) (*client.Profile, error) {
	l, err := ReadClient(file)
	if err != nil {
		return nil, err
	}
	l.Profile.ID = name
	return l.Profile, nil
}
