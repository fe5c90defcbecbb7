package cli

import (
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/tlswhy/tlswhy/internal/render"
)

// terminal is what a stream leads to; the zero value is no terminal, or one that
// would print escape sequences instead of obeying them.
type terminal struct {
	is            bool
	width, height int // 0: unknown
}

func terminalOf(f *os.File) terminal {
	fd := int(f.Fd()) // G115: a descriptor is a small number
	if !term.IsTerminal(fd) || !obeysEscapes(f) {
		return terminal{}
	}
	w, h, err := term.GetSize(fd)
	if err != nil {
		w, h = 0, 0
	}
	return terminal{true, w, h}
}

// view is how reports look on stdout.
func (a *app) view(verbose, noColor bool) render.Options {
	return render.Options{
		Width: a.outTerminal.width, Height: a.outTerminal.height, Verbose: verbose,
		Color: a.outTerminal.is && !noColor && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb",
		ASCII: a.outTerminal.is && !a.utf8(),
	}
}

// utf8 reports whether the locale is of UTF-8. One that says nothing is taken to
// be: minimal containers set none, and their terminals do not mind.
func (a *app) utf8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(a.getenv(name)); v != "" {
			_, codeset, named := strings.Cut(v, ".")
			return !named || strings.HasPrefix(codeset, "utf-8") || strings.HasPrefix(codeset, "utf8")
		}
	}
	return true
}
