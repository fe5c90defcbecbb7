package logline_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/logline"
	"github.com/tlswhy/tlswhy/internal/textdiag"
)

// Message keeps what decides: the sample of every signature is explained by its
// messages alone as it is by its lines.
func TestMessageKeepsWhatDecides(t *testing.T) {
	p := &logline.Parser{Now: func() time.Time { return time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC) }}
	for _, s := range cause.Signatures() {
		var messages [][]byte
		var writer cause.Speaker
		for line := range strings.SplitSeq(s.Sample, "\n") {
			l := p.Parse([]byte(line))
			messages, writer = append(messages, l.Message), l.Speaks
		}
		message := bytes.Join(messages, []byte("\n"))
		want, got := textdiag.ExplainAs([]byte(s.Sample), textdiag.Options{Writer: writer}), textdiag.ExplainAs(message, textdiag.Options{Writer: writer})
		if want.Top == nil {
			continue
		}
		switch {
		case got.Top == nil:
			t.Errorf("%s: nothing explains %q, which is left of %q", s.ID, message, s.Sample)
		case len(got.Causes) > 0 && got.Causes[0].ID != want.Causes[0].ID:
			t.Errorf("%s: %q says %s, %q says %s", s.ID, message, got.Causes[0].ID, s.Sample, want.Causes[0].ID)
		}
	}
}
