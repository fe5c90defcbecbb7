package render

import (
	"io"

	"github.com/tlswhy/tlswhy/internal/compat"
)

// Clients writes who can connect to a server.
func Clients(w io.Writer, f Format, r *compat.Result, o Options) error {
	return WriteJSON(w, r)
}
