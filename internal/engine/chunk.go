package engine

import "sync"

// chunks are the buffers of single reads. What is in them is copied on.
var chunks = sync.Pool{New: func() any { return new([readChunk]byte) }}

// needChunk takes a buffer for the connection, if it has none.
func (c *conn) needChunk() {
	if c.chunk == nil {
		c.pooled = chunks.Get().(*[readChunk]byte)
		c.chunk = c.pooled[:]
	}
}

// freeChunk gives it back when the connection is closed and nothing reads any
// more.
func (c *conn) freeChunk() {
	if c.pooled != nil {
		chunks.Put(c.pooled)
		c.pooled, c.chunk = nil, nil
	}
}
