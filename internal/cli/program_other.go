//go:build !unix

package cli

import "os"

func forwarded() []os.Signal { return []os.Signal{os.Interrupt} }

// heardItself: the console tells all of its processes.
func (a *app) heardItself(os.Signal) bool { return true }

func exitStatus(p *os.ProcessState) int { return p.ExitCode() }
