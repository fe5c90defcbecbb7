//go:build unix

package cli

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// newFileMode is the mode that a file created by the shell would get. The umask
// can only be read by setting it; nothing else creates files meanwhile.
func newFileMode() fs.FileMode {
	mask := unix.Umask(0)
	unix.Umask(mask)
	return fs.FileMode(0o666 &^ mask) // G115: a umask has nine bits
}
