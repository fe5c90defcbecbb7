package logs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

// byTable counts the failures of each client, name or hour; of very many, the
// commonest.
type byTable struct {
	kind string
	keys *tally[string]
	rows map[string]*byRow
}

type byRow struct {
	causes map[cause.ID]int64
	span   span
}

// maxRows is how many are counted, and shownRows how many are told.
const (
	maxRows   = 4096
	shownRows = 100
)

func newByTable(kind string) *byTable {
	return &byTable{kind: kind, keys: newTally[string](maxRows), rows: map[string]*byRow{}}
}

func (b *byTable) add(e *event, r *record, n int64) {
	var key string
	switch b.kind {
	case "":
		return
	case "client":
		if !e.client.IsValid() {
			return
		}
		key = e.client.String()
	case "name":
		if len(r.at.Name) == 0 {
			return
		}
		key = strings.ToValidUTF8(strings.ToLower(string(r.at.Name[:min(len(r.at.Name), maxSample)])), "\ufffd")
	case "hour":
		if e.at == 0 {
			return
		}
		key = time.Unix(0, e.at).UTC().Truncate(time.Hour).Format(time.RFC3339)
	}
	b.keys.add(key, n)
	row, ok := b.rows[key]
	if !ok {
		if len(b.rows) >= 2*maxRows {
			for k := range b.rows {
				if _, kept := b.keys.count[k]; !kept {
					delete(b.rows, k)
				}
			}
		}
		row = &byRow{causes: map[cause.ID]int64{}}
		b.rows[key] = row
	}
	row.causes[e.verdict.cause()] += n
	if e.at != 0 {
		row.span.see(e.at)
	}
}

func (b *byTable) document() []report.LogBy {
	var out []report.LogBy
	for _, k := range b.keys.top(shownRows, strings.Compare) {
		row := b.rows[k.key]
		if k.count <= 0 || row == nil {
			continue
		}
		d := report.LogBy{Key: k.key, Count: k.count, Causes: map[cause.ID]int64{}}
		for id, n := range row.causes {
			if n > 0 && id != "" {
				d.Causes[id] = n
			}
		}
		d.First, d.Last = row.span.times()
		out = append(out, d)
	}
	if b.kind == "hour" {
		slices.SortFunc(out, func(x, y report.LogBy) int { return cmp.Compare(x.Key, y.Key) })
	}
	return out
}
