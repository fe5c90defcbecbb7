package tlswhy

import (
	"context"
	"net/netip"
	"time"

	"github.com/tlswhy/tlswhy/internal/logs"
	"github.com/tlswhy/tlswhy/internal/report"
)

// Logs is which failures logs tell of. It marshals to the JSON that "tlswhy logs"
// prints; the schema of it is Schema("logs"). LogFailure is one line.
type (
	Logs       = report.Logs
	LogFailure = report.LogFailure
)

// LogInput is a log: a file by its name, or a Reader with a name for messages.
type LogInput = logs.Input

// LogsOptions say what of logs counts and how; the zero value counts all by
// cause.
type LogsOptions = logs.Options

// ReadLogs reads logs of servers, proxies and CDNs, in any mix of the known
// formats, plain, gzip or zstd, and groups the failed handshakes by their cause.
// It opens no connection. An input that cannot be opened is an error; one that
// breaks midway is told of in Damage. When the context ends, what was read so far
// comes with its error.
func ReadLogs(ctx context.Context, inputs []LogInput, o LogsOptions) (*Logs, error) {
	return logs.Read(ctx, inputs, o)
}

// OwnProbes are the connections that reports tell of, for LogsOptions.Own: their
// traces in a log are nobody's failures.
func OwnProbes(reports []*Report) []logs.Probe {
	var all []logs.Probe
	for _, r := range reports {
		at, err := time.Parse(time.RFC3339Nano, r.Time)
		if err != nil {
			continue // written by hand
		}
		for _, h := range r.Handshakes {
			if local, err := netip.ParseAddrPort(h.Local); err == nil {
				all = append(all, logs.Probe{Local: local, At: at.Unix()})
			}
		}
	}
	return all
}
