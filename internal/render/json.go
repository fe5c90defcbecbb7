package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/tlswhy/tlswhy/internal/render/safe"
	"github.com/tlswhy/tlswhy/internal/report"
)

// WriteJSON writes one document. What encoding/json leaves as it is and a
// terminal may obey (DEL, C1 controls, bidirectional overrides) is escaped too:
// the document means the same, and `cat` of it is harmless.
func WriteJSON(w io.Writer, document any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

// escapeJSON escapes dangerous characters, all of which stand inside strings.
func escapeJSON(in []byte) []byte {
	first := bytes.IndexFunc(in, escapes)
	if first < 0 {
		return in
	}
	out := append(make([]byte, 0, len(in)+64), in[:first]...)
	for rest := in[first:]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case !escapes(r):
			out = append(out, rest[:size]...)
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		rest = rest[size:]
	}
	return out
}

func escapes(r rune) bool { return r != '\n' && safe.Dangerous(r) }

func writeReportsJSON(w io.Writer, reports []*report.Report, several bool) error {
	if len(reports) == 1 && !several {
		return WriteJSON(w, reports[0])
	}
	return WriteJSON(w, report.Reports{Schema: report.ReportsSchema, Reports: reports})
}

func writeRetestsJSON(w io.Writer, retests []*report.Retest) error {
	if len(retests) == 1 {
		return WriteJSON(w, retests[0])
	}
	return WriteJSON(w, report.Retests{Schema: report.RetestsSchema, Retests: retests})
}
