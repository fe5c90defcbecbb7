package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// obeysEscapes reports whether a console understands escape sequences, and turns
// that on: consoles before Windows Terminal have it switched off.
func obeysEscapes(f *os.File) bool {
	var mode uint32
	h := windows.Handle(f.Fd())
	if err := windows.GetConsoleMode(h, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
