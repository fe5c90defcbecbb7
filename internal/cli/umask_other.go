//go:build !unix

package cli

import "io/fs"

func newFileMode() fs.FileMode { return 0o666 }
