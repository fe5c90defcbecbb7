//go:build linux

// Command delaylink makes two network interfaces that are the ends of one
// Ethernet cable, on which every frame takes a while:
//
//	delaylink -delay 50ms NAME1 NAME2
//
// It stands in for netem where the kernel has none. The ends are TAP devices, so
// that no offloading bends what is measured: a frame on the cable is a frame on
// the wire, with its checksum. They may be moved into network namespaces, and are
// gone when the program ends. "ready" on stdout says that they exist.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	delay := flag.Duration("delay", 50*time.Millisecond, "what a frame takes, one `way`")
	flag.Parse()
	if err := run(*delay, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "delaylink:", err)
		os.Exit(1)
	}
}

func run(delay time.Duration, names []string) error {
	if len(names) != 2 {
		return errors.New("give the names of two interfaces")
	}
	a, err := tap(names[0])
	if err != nil {
		return err
	}
	b, err := tap(names[1])
	if err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() { ended <- carry(b, a, delay) }()
	go func() { ended <- carry(a, b, delay) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	fmt.Println("ready")
	select {
	case err := <-ended:
		return err
	case <-stop:
		return nil
	}
}

// tap makes a TAP device whose frames are read and written through the file.
func tap(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	req, err := unix.NewIfreq(name)
	if err != nil {
		return nil, fmt.Errorf("naming the device %s: %w", name, err)
	}
	req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		return nil, fmt.Errorf("making the device %s: %w", name, err)
	}
	// Only now: the poller refuses a descriptor without a device.
	return os.NewFile(uintptr(fd), name), nil
}

type frame struct {
	due   time.Time
	bytes []byte
}

// inFlight bounds the frames on the cable in one direction: at 100 Mbit/s and
// 50 ms there are some 400.
const inFlight = 1 << 14

// carry moves frames one way. All frames take equally long, so that the queue is
// in order, and one sleep serves all frames that fall due together.
func carry(to, from *os.File, delay time.Duration) error {
	queue := make(chan frame, inFlight)
	failed := make(chan error, 1)
	go func() {
		for f := range queue {
			if d := time.Until(f.due); d > 0 {
				time.Sleep(d)
			}
			// A device that is down takes nothing: the frame is lost, as on a cable
			// that is not plugged in.
			if _, err := to.Write(f.bytes); err != nil && !errors.Is(err, unix.EIO) {
				failed <- fmt.Errorf("writing to %s: %w", to.Name(), err)
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		select {
		case err := <-failed:
			return err
		default:
		}
		if errors.Is(err, unix.EIO) || errors.Is(err, unix.EBADFD) {
			time.Sleep(10 * time.Millisecond) // down, for the moment
			continue
		}
		if err != nil {
			return fmt.Errorf("reading from %s: %w", from.Name(), err)
		}
		f := frame{time.Now().Add(delay), append([]byte(nil), buf[:n]...)}
		select {
		case queue <- f:
		default: // the cable is full, as a router's queue may be
		}
	}
}
