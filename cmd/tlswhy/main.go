// Command tlswhy says why a TLS connection fails, and proves it.
package main

import (
	"os"

	"github.com/tlswhy/tlswhy/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
