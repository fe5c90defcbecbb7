package logline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// now is later than every line of the tests.
func now() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

// want is a Line in words, every field of it.
type want struct {
	Format, Software, Speaks, Time, Client, Name, Agent, Conn, Message string
	Continues                                                          bool
}

type row struct {
	line string
	want want
}

func inWords(l Line) want {
	w := want{
		Format: l.Format, Software: l.Software, Speaks: string(l.Speaks), Name: string(l.Name), Agent: string(l.Agent),
		Conn: string(l.Conn), Message: string(l.Message), Continues: l.Continues,
	}
	if !l.Time.IsZero() {
		w.Time = l.Time.Format(time.RFC3339Nano)
	}
	if l.Client.IsValid() {
		w.Client = l.Client.String()
		if l.Client.Is6() {
			w.Client = "[" + w.Client + "]"
		}
		w.Client += ":" + itoa(l.Port)
	}
	return w
}

func itoa(n uint16) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// run reads each line with a new Parser, and all of them with one.
func run(t *testing.T, rows []row) {
	t.Helper()
	one := &Parser{Now: now}
	for _, r := range rows {
		got := inWords((&Parser{Now: now}).Parse([]byte(r.line)))
		if d := cmp.Diff(r.want, got); d != "" {
			t.Errorf("%s\n%s", r.line, d)
		}
		if d := cmp.Diff(got, inWords(one.Parse([]byte(r.line)))); d != "" {
			t.Errorf("another line before it changes %s\n%s", r.line, d)
		}
	}
}
