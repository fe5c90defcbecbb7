package env

import (
	"time"

	"golang.org/x/sys/unix"
)

// staUnsync is STA_UNSYNC of adjtimex(2).
const staUnsync = 0x0040

// kernelClock reads the kernel's state of the clock; it sets nothing.
func kernelClock() KernelClock {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return KernelClock{}
	}
	return KernelClock{
		Known: true, Synchronised: t.Status&staUnsync == 0,
		MaxError: time.Duration(t.Maxerror) * time.Microsecond,
	}
}
