//go:build linux

// Command compare measures programs side by side: it runs them in turn, A B A B,
// counts on the wire what each of them did, and prints medians and ratios as
// Markdown. bench/run.sh prepares what it needs and calls it in a network
// namespace.
//
//	compare healthy|faults|silent|startup|survey [flags] [endpoints]
//	go test -bench . | compare gobench
//
// A run that does less than was asked of it (a handshake not finished, a cause
// not named) is an error of the run and is shown as such: being fast by doing
// less is no result.
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
)

// setup is what run.sh has prepared.
type setup struct {
	Tlswhy string // the program
	Hello  string // a Go program that prints one line
	CA     string // PEM file of the root
	Name   string // of the servers' certificates
	Addr   string // the servers' address
	Iface  string // on which their traffic is seen
	N      int    // runs of each program
	Target string // PEER=RATIO
}

func main() {
	commands := map[string]func(*setup, []string) error{
		"healthy": healthy, "faults": faults, "silent": silent, "startup": startup, "survey": survey,
		"gobench": gobench,
		"mute":    func(_ *setup, args []string) error { return mute(args) },
		"shim":    func(_ *setup, args []string) error { return shim(args) },
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		var names []string
		for n := range commands {
			names = append(names, n)
		}
		sort.Strings(names)
		fmt.Fprintln(os.Stderr, "compare:", strings.Join(names, "|"))
		os.Exit(2)
	}
	s := &setup{}
	fs := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	fs.StringVar(&s.Tlswhy, "tlswhy", "", "the program")
	fs.StringVar(&s.Hello, "hello", "", "a Go program that prints one line")
	fs.StringVar(&s.CA, "ca", "", "PEM file of the root")
	fs.StringVar(&s.Name, "name", "bench.example", "name of the servers' certificates")
	fs.StringVar(&s.Addr, "addr", "127.0.0.1", "the servers' address")
	fs.StringVar(&s.Iface, "iface", "lo", "interface of their traffic")
	fs.IntVar(&s.N, "n", 9, "runs of each program")
	fs.StringVar(&s.Target, "target", "", "`PEER=RATIO`: how many times as long as that one it may take")
	args := os.Args[2:]
	if os.Args[1] != "shim" {
		if err := fs.Parse(args); err != nil {
			os.Exit(2)
		}
		args = fs.Args()
	}
	if err := commands[os.Args[1]](s, args); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// tlswhyCheck is a check of the server on port.
func (s *setup) tlswhyCheck(port int, more ...string) []string {
	cmd := []string{s.Tlswhy, fmt.Sprintf("%s:%d", s.Name, port), "--connect", fmt.Sprintf("%s:%d", s.Addr, port), "--ca-file", s.CA}
	return append(cmd, more...)
}

// curl asks for the page, and judges the certificate against the same root.
func (s *setup) curl(port int) []string {
	return []string{
		"curl", "-sS", "-o", "/dev/null", "--max-time", "60", "--cacert", s.CA,
		"--resolve", fmt.Sprintf("%s:%d:%s", s.Name, port, s.Addr), fmt.Sprintf("https://%s:%d/", s.Name, port),
	}
}

// openssl finishes a handshake, and judges the certificate against the same
// root and name. It asks for nothing.
func (s *setup) openssl(port int) []string {
	return []string{
		"openssl", "s_client", "-connect", fmt.Sprintf("%s:%d", s.Addr, port), "-servername", s.Name,
		"-CAfile", s.CA, "-verify_return_error", "-verify_hostname", s.Name,
	}
}
