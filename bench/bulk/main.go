//go:build linux

// Command bulk measures what it costs to come to a verdict on many hosts, next to
// what less than that costs.
//
//	bulk -farm FARM [-key ecdsa|rsa|mixed] [-runs N] [-hold N]
//
// starts bench/farm on one core, visits all its hosts from another in each of the
// modes in turn, and prints tables in Markdown. Each visit of many hosts is a
// process of its own, which prints its cost as JSON:
//
//	bulk -mode tlswhy|std|std-classic|bare|hold -port PORT -ca FILE [-n N] [-rounds N] [-at N]
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// cost is what one run of a mode took, without the start of the program.
type cost struct {
	Hosts    int   // asked
	Verdicts int   // of which so many were reached, all of them good
	Sent     int64 // bytes
	Received int64
	CPUNS    int64 // user and system
	WallNS   int64
	Error    string // the first
}

// visitor asks one host; a nil error is a good verdict.
type visitor func(ctx context.Context, name string, addr netip.AddrPort) (sent, received int64, err error)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bulk: ")
	farm := flag.String("farm", "", "the program bench/farm: compare all modes")
	key := flag.String("key", "ecdsa", "kinds of the farm's keys, with -farm: ecdsa, rsa, or mixed (CAs with rsa, leaves with ecdsa)")
	runs := flag.Int("runs", 7, "visits of all hosts in each mode, with -farm")
	held := flag.Int("hold", 4000, "targets in flight to measure memory with, with -farm; 0: none")
	mode := flag.String("mode", "tlswhy", "what to do at each host")
	port := flag.Int("port", 0, "of the farm")
	ca := flag.String("ca", "", "PEM file of the root")
	n := flag.Int("n", 1000, "hosts")
	rounds := flag.Int("rounds", 5, "connections to each host")
	at := flag.Int("at", 32, "hosts at once")
	send := flag.Int("send", 300, "bytes that bare sends")
	receive := flag.Int("receive", 1500, "bytes that bare receives")
	profile := flag.String("profile", "", "file for a CPU profile")
	memprofile := flag.String("memprofile", "", "file for an allocation profile")
	flag.Parse()
	if *farm != "" {
		if err := compare(*farm, *key, *runs, *rounds, *held); err != nil {
			log.Fatal(err)
		}
		return
	}
	if *mode == "hold" {
		if err := hold(*ca, *port, *n); err != nil {
			log.Fatal(err)
		}
		return
	}
	var visit visitor
	var err error
	switch *mode {
	case "tlswhy":
		visit, err = newTlswhy(*ca)
	case "std":
		visit = newStd()
	case "std-classic":
		visit = newStd(tls.X25519)
	case "bare":
		visit = newBare(*send, *receive)
	default:
		err = fmt.Errorf("no mode is called %q", *mode)
	}
	if err != nil {
		log.Fatal(err)
	}
	// A program that visits many hosts can afford some memory for fewer collections;
	// all modes are given the same.
	debug.SetGCPercent(400)
	walk(visit, *port, *n, 100, *at) // warm
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			log.Fatal(err)
		}
		_ = pprof.StartCPUProfile(f)
	}
	c := walk(visit, *port, *n, *n**rounds, *at)
	pprof.StopCPUProfile()
	if *memprofile != "" {
		f, _ := os.Create(*memprofile)
		_ = pprof.Lookup("allocs").WriteTo(f, 0)
		f.Close()
	}
	if err := json.NewEncoder(os.Stdout).Encode(c); err != nil {
		log.Fatal(err)
	}
}

// address gives each host one of its own.
func address(i, port int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), uint16(port))
}

// walk visits hosts, at most at of them at once, until it has made total visits.
func walk(visit visitor, port, n, total, at int) cost {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("host%d.bench.example", i)
	}
	ctx := context.Background()
	var next, good, sent, received atomic.Int64
	var failed sync.Once
	c := cost{Hosts: total}
	var wg sync.WaitGroup
	cpu, start := usage(), time.Now()
	for range at {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= total {
					return
				}
				i %= n
				s, r, err := visit(ctx, names[i], address(i, port))
				sent.Add(s)
				received.Add(r)
				if err == nil {
					good.Add(1)
				} else {
					failed.Do(func() { c.Error = names[i] + ": " + err.Error() })
				}
			}
		})
	}
	wg.Wait()
	c.CPUNS, c.WallNS = int64(usage()-cpu), int64(time.Since(start))
	c.Verdicts, c.Sent, c.Received = int(good.Load()), sent.Load(), received.Load()
	return c
}

// usage is the CPU time of this process so far, user and system.
func usage() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
