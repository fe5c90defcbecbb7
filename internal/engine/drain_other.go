//go:build !unix

package engine

import "net"

// readNow reads what has already arrived, and waits as little as can be.
func readNow(nc net.Conn, b []byte) (int, error) { return readSoon(nc, b) }
