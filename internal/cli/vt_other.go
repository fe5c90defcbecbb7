//go:build !windows

package cli

import "os"

func obeysEscapes(*os.File) bool { return true }
