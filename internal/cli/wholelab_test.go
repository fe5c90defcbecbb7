package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/lab"
	"github.com/tlswhy/tlswhy/internal/render"
	"github.com/tlswhy/tlswhy/internal/render/safe"
)

// Whatever is wrong with an endpoint, its report is a document of the published
// schema, fits one screen, and shows in every view without a character that a
// terminal would obey. What it says is tested elsewhere, so that those that stay
// silent are given little time.
func TestWholeLab(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := &app{newChecker: newChecker}
	endpoints := l.Endpoints()
	reports := make([]*tlswhy.Report, len(endpoints))
	errs := make([]error, len(endpoints))
	slots := make(chan struct{}, 24)
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			var checked labEndpoint
			checked, errs[i] = a.checkEndpoint(t.Context(), e, 3*time.Second, a.newProgress(0))
			reports[i] = checked.report
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i, r := range reports {
		t.Run(endpoints[i].Name, func(t *testing.T) { checkViews(t, r) })
	}
}

func checkViews(t *testing.T, r *tlswhy.Report) {
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate("report", text); err != nil {
		t.Errorf("%v", err)
	}
	for _, f := range render.Formats() {
		var b bytes.Buffer
		if err := render.Reports(&b, f, []*tlswhy.Report{r}, render.Options{}); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		for _, c := range b.String() {
			if c != '\n' && safe.Dangerous(c) {
				t.Errorf("%s emits %q", f, c)
				break
			}
		}
		if rows := strings.Count(b.String(), "\n"); f == render.Term && rows > 23 {
			t.Errorf("%d lines do not fit a screen of 24 with its prompt:\n%s", rows, b.String())
		}
	}
}
