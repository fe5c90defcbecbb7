//go:build !linux

package env

// kernelClock: other systems have no portable way to ask.
func kernelClock() KernelClock { return KernelClock{} }
