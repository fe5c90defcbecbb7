package render

import (
	"bytes"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

func logsOf(hour int) *time.Time {
	t := time.Date(2026, 11, 24, hour, 0, 0, 0, time.UTC)
	return &t
}

// exampleLogs has one of everything.
func exampleLogs() *report.Logs {
	return &report.Logs{
		Schema: report.LogsSchema, Lines: 2_700_000, Bytes: 500_000_000, Failures: 41_208, Unclassified: 7, Noise: 38_900, Undated: 2, First: logsOf(1), Last: logsOf(23),
		Groups: []report.LogGroup{
			{
				Cause: cause.NoSharedVersion, Title: "No TLS version in common", Step: cause.StepVersion, Side: cause.SideClient, Count: 1905, Decided: 1900, Stack: "nginx", First: logsOf(9), Last: logsOf(23),
				Clients: []string{"198.51.100.7", "2001:db8::7"}, ClientCount: 3, Top: []report.LogCount{{Kind: "client", Key: "198.51.100.7", Count: 1700}, {Kind: "client", Key: "2001:db8::7", Count: 200}},
				Over: []int64{0, 0, 0, 1, 7, 8, 7, 6, 6, 7, 7, 2}, Span: 79200, Sample: "SSL_do_handshake() failed",
				Texts: []report.LogText{{Count: 1905, Signature: "nginx/unsupported-protocol", Says: "the client offered no version that the server takes", Sample: "SSL_do_handshake() failed (SSL: error:0A000102)", Causes: []cause.ID{cause.NoSharedVersion, cause.ClientTooOld}}},
				Next:  []string{"tlswhy guide no-shared-version", "tlswhy HOST"}, Decides: []string{"client-too-old: look at what the server offers"},
			},
			{
				Cause: cause.Expired, Title: "The certificate has expired", Step: cause.StepVerify, Side: cause.SideServer, Count: 92, Decided: 92, Noise: 3, Stack: "nginx", First: logsOf(22), Last: logsOf(22),
				Clients: []string{"203.0.113.9"}, ClientCount: 1, Names: []string{"shop.example.com", "example.com"}, Agents: []string{"curl/8.14.1"}, Sample: "x", Next: []string{"tlswhy guide expired"},
			},
			{Cause: cause.SelfSigned, Title: "The certificate is self-signed", Possible: 5, Clients: []string{}, Sample: "y", Next: []string{}},
		},
		Unknown: []report.LogText{{Count: 7, Sample: "frobd: TLS handshake failed: flux \x1b[31mcapacitor"}},
		NoiseBy: []report.LogNoise{{Kind: "scanner", Count: 38_800, Clients: []string{"203.0.113.66"}}, {Kind: "own", Count: 100, Clients: []string{}}},
		By:      []report.LogBy{{Key: "2026-11-24T09:00:00Z", Count: 1000, Causes: map[cause.ID]int64{cause.NoSharedVersion: 990, cause.Expired: 10}}},
	}
}

func TestLogsGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"logs.txt": {}, "logs-verbose.txt": {Verbose: true}, "logs-narrow.txt": {Width: 50, ASCII: true},
	} {
		var b bytes.Buffer
		if err := Logs(&b, exampleLogs(), o); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
	var b bytes.Buffer
	if err := Logs(&b, &report.Logs{Schema: report.LogsSchema, Lines: 12, Groups: []report.LogGroup{}}, Options{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "logs-quiet.txt", b.Bytes())
}

func TestSparkline(t *testing.T) {
	for want, over := range map[string][]int64{"": {0, 0}, "▁█": {0, 3}, "▂▁█": {1, 0, 1000}, "█": {1}} {
		if got := sparkline(over, false); got != want {
			t.Errorf("%v: %q, want %q", over, got, want)
		}
	}
}
