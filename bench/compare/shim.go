//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// cost is what one run of a program took.
type cost struct {
	WallNS int64 // from start to exit
	CPUNS  int64 // user and system
	RSSKB  int64 // peak resident set
	Exit   int
	Stdout []byte
	Stderr []byte
}

func (c cost) wall() time.Duration { return time.Duration(c.WallNS) }

// maxOutput is what is kept of each stream.
const maxOutput = 4 << 20

// shim runs a program and prints its cost as JSON. It is a process of its own
// because the kernel starts a child's peak memory at that of its parent, and this
// one has next to nothing.
func shim(args []string) error {
	if len(args) == 0 {
		return errors.New("shim of nothing")
	}
	cmd := exec.Command(args[0], args[1:]...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	start := time.Now()
	err := cmd.Run()
	c := cost{WallNS: time.Since(start).Nanoseconds()}
	if cmd.ProcessState == nil {
		return fmt.Errorf("running %s: %w", args[0], err)
	}
	c.CPUNS = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Nanoseconds()
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.RSSKB = ru.Maxrss
	}
	c.Exit = cmd.ProcessState.ExitCode()
	c.Stdout, c.Stderr = clip(out.Bytes()), clip(errOut.Bytes())
	return json.NewEncoder(os.Stdout).Encode(c)
}

func clip(b []byte) []byte { return b[:min(len(b), maxOutput)] }

// measure runs a program through the shim.
func measure(args []string) (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	cmd := exec.Command(self, append([]string{"shim"}, args...)...)
	cmd.Stderr = os.Stderr
	// What ends this program ends what it has started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	b, err := cmd.Output()
	if err != nil {
		return cost{}, fmt.Errorf("measuring %s: %w", args[0], err)
	}
	var c cost
	if err := json.Unmarshal(b, &c); err != nil {
		return cost{}, fmt.Errorf("reading the measurement of %s: %w", args[0], err)
	}
	return c, nil
}
