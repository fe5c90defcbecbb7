package main

import (
	"bytes"
	"fmt"
)

type suiteRow struct{}

func suiteRows([]entry, opensslNames, map[uint32]bool) ([]suiteRow, error) { return nil, nil }

func writeSuites(b *bytes.Buffer, _ []suiteRow) error { fmt.Fprintln(b); return nil }
