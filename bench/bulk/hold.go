//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// memory is what targets in flight take.
type memory struct {
	Targets  int
	RSS      int64 // bytes that the process grew by
	InUse    int64 // heap and stacks by which it grew, once the garbage is gone
	Silent   int   // that ended as they should: nothing came
	OpenWith int   // connections that stood
}

// hold keeps n targets in flight at a server that never answers, and measures.
func hold(ca string, port, n int) error {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return err
	}
	r.Cur = r.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return err
	}
	roots, err := trust.FileStore(ca)
	if err != nil {
		return err
	}
	p := probe.New(probe.Options{Budget: -1, Timeout: time.Minute})
	screen, err := diagnose.NewScreen(p, diagnose.Options{Roots: roots})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m := memory{Targets: n}
	// One goes before, so that what is loaded once is not counted.
	first, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	_, _ = screen.Look(first, target(0, port), address(0, port))
	stop()
	rss, inUse := memoryNow()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		wg.Go(func() {
			g, err := screen.Look(ctx, target(i, port), address(i, port))
			mu.Lock()
			defer mu.Unlock()
			if err == nil && g.Transcript.BytesSent > 0 && g.Transcript.BytesReceived == 0 {
				m.Silent++
			}
		})
	}
	for range 300 {
		time.Sleep(100 * time.Millisecond)
		if m.OpenWith = sockets(); m.OpenWith >= n {
			break
		}
	}
	time.Sleep(time.Second)
	m.RSS = residentNow() - rss
	_, after := memoryNow()
	m.InUse = after - inUse
	cancel()
	wg.Wait()
	return json.NewEncoder(os.Stdout).Encode(m)
}

func target(i, port int) report.Target {
	return report.Target{Host: fmt.Sprintf("host%d.bench.example", i), Port: uint16(port), Service: "http"}
}

// memoryNow is the resident memory, and heap and stacks in use without garbage.
func memoryNow() (rss, inUse int64) {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return residentNow(), int64(s.HeapInuse + s.StackInuse)
}

func residentNow() int64 {
	b, _ := os.ReadFile("/proc/self/statm")
	if f := strings.Fields(string(b)); len(f) > 1 {
		pages, _ := strconv.ParseInt(f[1], 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}

// sockets counts the sockets that this process has open.
func sockets() int {
	n := 0
	list, _ := os.ReadDir("/proc/self/fd")
	for _, f := range list {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
