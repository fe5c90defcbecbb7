package textdiag

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Direction of an alert as seen by who wrote the text.
type Direction string

// The directions.
const (
	Received         Direction = "received"
	Sent             Direction = "sent"
	DirectionUnknown Direction = "unknown"
)

// alertSeen is an alert that a text names.
type alertSeen struct {
	place
	id        uint8
	direction Direction
}

// spellings of the alerts' names: handshake_failure, "handshake failure",
// HandshakeFailure, handshake-failure; all in lower case.
type spelling struct {
	text string
	id   uint8
}

var spellings struct {
	once sync.Once
	all  []spelling
}

func alertSpellings() []spelling {
	spellings.once.Do(func() {
		for id := range 256 {
			if !assigned(id) {
				continue
			}
			name := wire.AlertDescription(id).String()
			name = strings.TrimSuffix(name, "_RESERVED")
			seen := map[string]bool{}
			for _, sep := range []string{"_", " ", "", "-"} {
				if s := strings.ReplaceAll(strings.ToLower(name), "_", sep); !seen[s] {
					seen[s] = true
					spellings.all = append(spellings.all, spelling{s, uint8(id)})
				}
			}
		}
	})
	return spellings.all
}

// assigned says whether the registry has an alert of that number.
func assigned(id int) bool {
	return id >= 0 && id < 256 && !strings.HasPrefix(wire.AlertDescription(id).String(), "0x")
}

// Around the word alert, on its line, this much is read for the alert's name, its
// number and who sent it.
const (
	beforeAlert = 60
	afterAlert  = 110
	nearTLS     = 400
)

// alertAt reads which alert is meant where a text has the word, which ends at end.
// Where nothing near speaks of TLS, an alert is something else.
func alertAt(d *document, end int) (alertSeen, bool) {
	start := end - len("alert")
	if start > 0 && (d.low[start-1] == '-' || d.low[start-1] == '/') { // of a path or a name
		return alertSeen{}, false
	}
	from, to := lineBounds(d.low, start, end, beforeAlert, afterAlert)
	near := d.low[max(0, start-nearTLS):min(len(d.low), end+nearTLS)]
	if !bytes.Contains(near, []byte("tls")) && !bytes.Contains(near, []byte("ssl")) && !bytes.Contains(near, []byte("handshake")) {
		return alertSeen{}, false
	}
	a := alertSeen{place: place{start, end}, direction: direction(d.low, from, start, end, to)}
	if id, at, ok := alertNumber(d.low[end:to]); ok {
		a.id, a.to = id, end+at
		return a, true
	}
	best := -1
	for _, s := range alertSpellings() {
		// The name nearest to the word, the longer of two at one place: "certificate
		// unknown" and "unknown".
		if k := nameAfter(d.low[end:to], s.text); k >= 0 && (best < 0 || end+k-1 < best) {
			best, a.id, a.from, a.to = end+k, s.id, start, end+k+len(s.text)
		}
	}
	if best >= 0 {
		return a, true
	}
	for _, s := range alertSpellings() {
		if k := bytes.LastIndex(d.low[from:start], []byte(s.text)); k > best {
			best, a.id, a.from, a.to = k, s.id, from+k, end
		}
	}
	return a, best >= 0
}

// nameAfter finds a name that is no part of a longer word.
func nameAfter(low []byte, name string) int {
	k := bytes.Index(low, []byte(name))
	if k < 0 || k+len(name) < len(low) && isWord(low[k+len(name)]) && low[k+len(name)] != '_' || k > 0 && low[k-1] >= 'a' && low[k-1] <= 'z' {
		return -1
	}
	return k
}

// lineBounds is the part of a line around start and end that is read.
func lineBounds(low []byte, start, end, before, after int) (from, to int) {
	from = max(0, start-before)
	if i := bytes.LastIndexByte(low[from:start], '\n'); i >= 0 {
		from += i + 1
	}
	to = min(len(low), end+after)
	if i := bytes.IndexByte(low[end:to], '\n'); i >= 0 {
		to = end + i
	}
	return from, to
}

// numberWords may stand between the word alert and its number.
var numberWords = map[string]bool{
	"number": true, "code": true, "description": true, "desc": true, "id": true, "type": true, "no": true,
	"level": true, "fatal": true, "warning": true, "received": true, "ssl": true, "tls": true, "value": true,
}

// alertNumber reads the number of an alert from what follows the word: "alert
// number 40", "alert(40)", "alert [48]", "alert: { level: 2, description: 70 }".
func alertNumber(low []byte) (id uint8, end int, ok bool) {
	level := false
	for i := 0; i < len(low) && i < 64; {
		switch c := low[i]; {
		case c >= 'a' && c <= 'z':
			j := i
			for j < len(low) && low[j] >= 'a' && low[j] <= 'z' {
				j++
			}
			word := string(low[i:j])
			if !numberWords[word] {
				return 0, 0, false
			}
			level = word == "level"
			i = j
		case isDigit(c):
			j := i
			for j < len(low) && isDigit(low[j]) {
				j++
			}
			n, err := strconv.Atoi(string(low[i:j]))
			if level {
				level, i = false, j
				continue
			}
			if err != nil || n > 255 || j+1 < len(low) && low[j] == '.' && isDigit(low[j+1]) || j < len(low) && isWord(low[j]) {
				return 0, 0, false
			}
			return uint8(n), j, assigned(n)
		case strings.IndexByte(" :=([{#'\",", c) >= 0:
			i++
		default:
			return 0, 0, false
		}
	}
	return 0, 0, false
}

// direction reads who sent the alert from the words on its line.
func direction(low []byte, from, start, end, to int) Direction {
	around := low[from:to]
	has := func(words ...string) bool {
		for _, w := range words {
			if bytes.Contains(around, []byte(w)) {
				return true
			}
		}
		return false
	}
	switch {
	case has("received", "recv", "peer", "remote", "sslv3 alert", "tlsv1 alert", "tlsv13 alert", "sslv3_alert", "tlsv1_alert", "tlsv13_alert", "read ", "<<<", "alert number", "got ", "rcvd", "server sent", "client sent"):
		return Received
	case has("sending", "sent ", "send ", "write", ">>>", "throw"):
		return Sent
	}
	return DirectionUnknown
}
