//go:build linux

// Command logs makes large logs for measurements and times programs on them.
//
//	logs generate -mb 1000 -failures 0.3 FILE
//	logs compare -runs 5 -tlswhy BINARY -patterns FILE LOG…
//
// A generated log is nginx's error log: of its lines a share tells of failed
// handshakes, of twenty kinds; the others are what nginx writes besides. Clients,
// names, connections and times vary as they do on a busy server.
//
// compare runs the programs in turn on each log and prints a table: wall time,
// processor time, bytes for each second of processor time, memory, and how many
// failures each found, which have to agree.
package main

import (
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("logs: ")
	var err error
	switch {
	case len(os.Args) > 1 && os.Args[1] == "generate":
		err = generate(os.Args[2:])
	case len(os.Args) > 1 && os.Args[1] == "compare":
		err = compare(os.Args[2:])
	default:
		log.Fatal("generate or compare")
	}
	if err != nil {
		log.Fatal(err)
	}
}
