package logline

import (
	"net/netip"
	"testing"
	"time"
)

// Addresses are read as net/netip reads them, with mapped ones unmapped.
func TestAddress(t *testing.T) {
	for _, s := range []string{
		"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "2001:db8:0:0:0:0:0:1", "1:2:3:4:5:6:7:8",
		"::ffff:192.0.2.1", "fe80::1", "64:ff9b::192.0.2.1", "1:2:3:4:5:6:7::",
	} {
		want := netip.MustParseAddr(s).Unmap()
		if got, n := address([]byte(s)); got != want || n != len(s) {
			t.Errorf("%s: %v, %d", s, got, n)
		}
	}
	for _, s := range []string{"", "1", "1.2.3", "256.1.1.1", "1.2.3.4.5", "abc", ":", "1:2", "12:34:56", "1::2::3", "1.2.3.4x"} {
		if got, n := address([]byte(s)); n != 0 {
			t.Errorf("%q: %v, %d", s, got, n)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for s, want := range map[string]string{
		"192.0.2.1:443": "192.0.2.1:443", "[2001:db8::1]:443": "[2001:db8::1]:443", "[::ffff:192.0.2.1]:80 x": "192.0.2.1:80", "[2001:db8::1]": "[2001:db8::1]:0",
	} {
		a, port, n := endpoint([]byte(s))
		if got := netip.AddrPortFrom(a, port).String(); got != want || n == 0 {
			t.Errorf("%s: %s", s, got)
		}
	}
}

// A time without a year is the latest that is no more than a day ahead.
func TestYearIsInferred(t *testing.T) {
	for _, c := range []struct{ now, line, want string }{
		{"2026-01-01T00:30:00Z", "Dec 31 23:59:00 h a[1]: x", "2025-12-31T23:59:00Z"},
		{"2026-12-31T23:30:00Z", "Jan  1 00:10:00 h a[1]: x", "2027-01-01T00:10:00Z"},
		{"2026-11-25T00:00:00Z", "Nov 25 12:00:00 h a[1]: x", "2026-11-25T12:00:00Z"},
		{"2026-11-25T00:00:00Z", "Nov 27 12:00:00 h a[1]: x", "2025-11-27T12:00:00Z"},
		{"2026-11-25T00:00:00Z", "Feb 29 12:00:00 h a[1]: x", "2024-02-29T12:00:00Z"},
	} {
		p := &Parser{Now: func() time.Time { w, _ := time.Parse(time.RFC3339, c.now); return w }}
		if got := p.Parse([]byte(c.line)).Time.Format(time.RFC3339); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.line, c.now, got, c.want)
		}
	}
}

func TestEpoch(t *testing.T) {
	for _, s := range []string{"1795488838", "1795488838.000", "1795488838000", "1795488838000000", "1795488838000000000"} {
		if got, ok := epoch([]byte(s)); !ok || got.Unix() != 1795488838 {
			t.Errorf("%s: %v", s, got)
		}
	}
}

// Columns are remembered from line to line; IIS writes UTC.
func TestW3C(t *testing.T) {
	p := &Parser{Now: now}
	p.Parse([]byte("#Software: Microsoft Internet Information Services 10.0"))
	p.Parse([]byte("#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs-host sc-status sc-substatus sc-win32-status time-taken"))
	got := inWords(p.Parse([]byte("2026-11-24 02:47:45 192.0.2.1 GET / - 443 - 192.0.2.7 curl/8.5.0 www.example.com 403 16 2148204809 15")))
	want := want{"iis", "iis", "server", "2026-11-24T02:47:45Z", "192.0.2.7:0", "www.example.com", "curl/8.5.0", "", "HTTP Error 403.16 sc-win32-status 2148204809", false}
	if got != want {
		t.Errorf("got %+v", got)
	}
}

// Lists of PowerShell and exports of the journal have a property a line.
func TestPropertiesALine(t *testing.T) {
	p := &Parser{Now: now}
	for _, line := range []string{"TimeCreated  : 11/24/2026 2:47:45 AM", "ProviderName : Schannel", "Id           : 36887"} {
		p.Parse([]byte(line))
	}
	got := inWords(p.Parse([]byte("Message      : A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 48.")))
	if got.Time != "2026-11-24T02:47:45Z" || got.Message != "Event ID: 36887 A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 48." {
		t.Errorf("got %+v", got)
	}
	p.Parse([]byte("__REALTIME_TIMESTAMP=1795488838377000"))
	got = inWords(p.Parse([]byte("MESSAGE=http: TLS handshake error from 192.0.2.7:1: EOF")))
	if got.Time != "2026-11-24T02:53:58.377Z" || got.Client != "192.0.2.7:1" {
		t.Errorf("got %+v", got)
	}
}
