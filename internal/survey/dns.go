package survey

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// lookupTime bounds the look-ups, for resolvers that drop types they do not know.
const lookupTime = 5 * time.Second

// lookups asks for records of the name's zone, beside all else. They are none of
// the connections that are counted.
func (s *session) lookups(ctx context.Context) {
	host := strings.TrimSuffix(s.target.Host, ".")
	if s.target.IsAddress() || s.o.Connect != "" || !strings.Contains(host, ".") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	var wg sync.WaitGroup
	var d DNS
	wg.Go(func() {
		// RFC 8659, Section 3: those of the nearest name that has any.
		for name := host; name != ""; _, name, _ = strings.Cut(name, ".") {
			found := s.lookup(ctx, name, "CAA")
			if found == nil {
				return // nor is it known then that there are none
			}
			if len(found) > 0 {
				d.CAA = found
				break
			}
		}
		d.Asked = true
	})
	wg.Go(func() { d.TLSA = s.lookup(ctx, fmt.Sprintf("_%d._tcp.%s", s.target.Port, host), "TLSA") })
	wg.Go(func() {
		if s.target.Service == "http" {
			d.HTTPS = s.lookup(ctx, host, "HTTPS")
		}
	})
	wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dns = d
}

// lookup asks for one type. nil: there was no answer; of an answer without
// records the list is empty.
func (s *session) lookup(ctx context.Context, name, kind string) []string {
	t, err := s.try.Try(ctx, transcript.Attempt{Purpose: kind + " of " + name, Lookup: &transcript.Lookup{Name: name, Type: kind}})
	if err != nil || t.Found == nil || t.Found.Code != "NOERROR" && t.Found.Code != "NXDOMAIN" {
		return nil
	}
	if t.Found.Records == nil {
		return []string{}
	}
	return t.Found.Records
}
