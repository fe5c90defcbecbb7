// Command genman writes the manual page of tlswhy to standard output.
package main

import (
	"io"
	"log"
	"os"

	"github.com/tlswhy/tlswhy/internal/cli"
)

func main() {
	if _, err := io.WriteString(os.Stdout, cli.ManPage()); err != nil {
		log.Fatalf("genman: %v", err)
	}
}
