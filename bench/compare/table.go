//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// table prints Markdown.
type table struct{ rows [][]string }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print() {
	if len(t.rows) == 0 {
		return
	}
	for i, r := range t.rows {
		fmt.Println("| " + strings.Join(r, " | ") + " |")
		if i == 0 {
			fmt.Println("|" + strings.Repeat(" --- |", len(r)))
		}
	}
	fmt.Println()
}

// median of a copy of v; 0 of nothing.
func median[T int64 | int | time.Duration | float64](v []T) T {
	if len(v) == 0 {
		return 0
	}
	v = slices.Clone(v)
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000)
}

func mb(kb int64) string { return fmt.Sprintf("%.1f", float64(kb)/1024) }

func ratio(a, b time.Duration) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f ×", float64(a)/float64(b))
}

// met words whether a target is met.
func met(ok bool) string {
	if ok {
		return "met"
	}
	return "**missed**"
}
