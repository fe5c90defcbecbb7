package render

import "io"

// Table writes rows in columns that fit the width; the first row is a heading.
func Table(w io.Writer, rows [][]string, o Options) error {
	p := newPage(o)
	for i, l := range columns(rows, 2, p.width) {
		if i == 0 {
			for j := range l {
				l[j].style = bold
			}
		}
		p.lines = append(p.lines, l)
	}
	return p.flush(w)
}
