package tlswhy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func ExampleExplain() {
	e := Explain([]byte("curl: (60) SSL certificate problem: certificate has expired"), ExplainOptions{})
	fmt.Println(e.Matches[0].Cause, e.Step, e.Spoke.RefusedBy)
	// Output: expired verify client
}

func TestExplain(t *testing.T) {
	e := Explain([]byte(`Get "https://shop.example:8443/": remote error: tls: handshake failure`), ExplainOptions{})
	if len(e.Matches) < 2 || e.Recognised.Host != "shop.example:8443" || e.Spoke.RefusedBy != "server" || e.Spoke.Alert == nil || *e.Spoke.Alert != 40 {
		t.Fatalf("%+v", e)
	}
	top := e.Matches[0]
	if !strings.HasPrefix(e.Client, "go-") || top.Next[0] != "tlswhy shop.example:8443 --as "+e.Client {
		t.Errorf("client %q, next %q", e.Client, top.Next)
	}
	if len(top.Fix) == 0 || len(top.Decides) == 0 || top.Confidence <= e.Matches[1].Confidence {
		t.Errorf("%+v", top)
	}
	for _, f := range top.Fix {
		if f.For != cause.Generic && f.For != "go" {
			t.Errorf("a fix for %s", f.For)
		}
	}
}

func TestExplainForOtherSoftware(t *testing.T) {
	e := Explain([]byte("Received fatal alert: handshake_failure"), ExplainOptions{Software: "nginx", Target: "shop.example"})
	if len(e.Matches) == 0 {
		t.Fatal("no match")
	}
	found := false
	for _, f := range e.Matches[0].Fix {
		found = found || f.For == "nginx"
	}
	if !found || !strings.Contains(e.Matches[0].Next[0], "shop.example") {
		t.Errorf("%+v", e.Matches[0])
	}
}

func TestExplainUnknown(t *testing.T) {
	e := Explain([]byte("\xff\x00 nothing of the kind"), ExplainOptions{})
	if len(e.Matches) != 0 || e.Recognised.Stacks == nil || e.Recognised.Alerts == nil || e.Recognised.Codes == nil || e.Matches == nil {
		t.Errorf("%+v", e)
	}
}
