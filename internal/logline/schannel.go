package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// schannelEvent reads events 36871 to 36888 of Windows' System log as people
// export them: the columns of Event Viewer (tabs or commas), XML, and the list
// that PowerShell's Format-List prints, a property a line.
//
//	Error	11/24/2026 2:47:45 AM	Schannel	36887	None	A fatal alert was received from the remote endpoint. …
//	<Event xmlns='…'><System><Provider Name='Schannel' …/><EventID>36887</EventID>…<TimeCreated SystemTime='2026-11-24T02:47:45.123456700Z'/>…
//
// Which end Windows stands at only some of the texts say.
func (p *Parser) schannelEvent(l *Line, line []byte) bool {
	switch {
	case line[0] == '<':
		return p.schannelXML(l, line)
	case index(line, "Schannel") >= 0:
		return p.schannelRow(l, line)
	default:
		return p.schannelList(l, line)
	}
}

// eventID finds "3687x" or "3688x" that stands by itself.
func eventID(b []byte) []byte {
	for from := 0; ; {
		i := index(b[from:], "368")
		if i < 0 {
			return nil
		}
		i += from
		if k := digits(b[i:]); k == 5 && (b[i+3] == '7' || b[i+3] == '8') && (i == 0 || !inWord(b[i-1])) {
			return b[i : i+5]
		}
		from = i + 3
	}
}

func (p *Parser) schannelRow(l *Line, line []byte) bool {
	sep := byte('\t')
	if bytes.IndexByte(line, sep) < 0 {
		sep = ','
	}
	id := eventID(line)
	if id == nil || bytes.IndexByte(line, sep) < 0 {
		return false
	}
	for b := line; len(b) > 0; { // the column with a time
		v := b
		if i := bytes.IndexByte(b, sep); i >= 0 {
			v, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		v = bytes.Trim(v, `"`)
		if when, n := p.usDate(v); n > 0 {
			l.Time = when
			break
		}
		if when, n := p.iso(v); n > 0 {
			l.Time = when
			break
		}
	}
	// The text is the longest column: it has a space and ends the row or stands in
	// marks.
	var text []byte
	for b := line; len(b) > 0; {
		var v []byte
		if b[0] == '"' {
			t, k := quotedCSV(b)
			v, b = t, b[min(len(b), k+1):]
		} else if i := bytes.IndexByte(b, sep); i >= 0 && (sep == '\t' || bytes.Count(b[:i], []byte(" ")) < 3) {
			v, b = b[:i], b[i+1:]
		} else {
			v, b = b, nil
		}
		if len(v) > len(text) {
			text = v
		}
	}
	p.schannelText(l, id, text)
	return true
}

func (p *Parser) schannelXML(l *Line, line []byte) bool {
	if !hasPrefix(line, "<Event ") && !hasPrefix(line, "<Event>") || index(line, "Schannel") < 0 {
		return false
	}
	id := eventID(line)
	if id == nil {
		return false
	}
	if b, ok := after(line, "SystemTime="); ok && len(b) > 1 {
		l.Time, _ = p.iso(b[1:])
	}
	if text, ok := after(line, "<Message>"); ok {
		p.schannelText(l, id, before(text, "</Message>"))
		return true
	}
	// Without the rendered text the data are what tells: the alert, the state.
	s := append(append(p.texts.scratch[:0], "Event ID: "...), id...)
	for b := line; ; {
		data, ok := after(b, "<Data Name=")
		if !ok || len(data) == 0 {
			break
		}
		end := bytes.IndexByte(data, '>')
		if end < 2 {
			break
		}
		name, value := data[1:end-1], before(data[end+1:], "<")
		switch string(name) {
		case "AlertDesc":
			s = append(append(s, " Schannel alert code "...), value...)
		case "ErrorState", "ErrorCode", "Protocol", "Type":
			s = append(append(append(append(s, ' '), name...), ' '), value...)
		case "Name", "TargetName", "ServerName":
			if isName(value) {
				l.Name = value
			}
		}
		b = data[end:]
	}
	p.texts.scratch = s
	l.Format, l.Software, l.Message = "schannel", "schannel", p.texts.keep()
	p.schannelEnd(l)
	return true
}

// schannelList reads "Message : text" of a list, with the time and the number
// from the lines before it.
func (p *Parser) schannelList(l *Line, line []byte) bool {
	i := index(line[:min(len(line), 24)], " : ")
	if i < 0 {
		return false
	}
	name, value := trim(line[:i]), trim(line[i+3:])
	switch string(name) {
	case "TimeCreated", "TimeGenerated":
		when, n := p.usDate(value)
		if n == 0 {
			if when, n = p.iso(value); n == 0 {
				return false
			}
		}
		p.entryTime, p.eventID = when, ""
	case "Id", "EventID", "InstanceId":
		p.eventID = ""
		if id := eventID(value); id != nil {
			p.eventID = string(id)
		}
	case "Message":
		if p.eventID == "" && index(value, "TLS") < 0 && index(value, "SSL") < 0 {
			return false
		}
		p.schannelText(l, []byte(p.eventID), value)
		l.Time = p.entryTime
		return true
	case "ProviderName", "Source", "LevelDisplayName", "EntryType", "MachineName", "ProviderId", "LogName", "Index", "TaskDisplayName", "RecordId", "ProcessId", "ThreadId", "UserId", "Category":
	default:
		return false
	}
	l.Format, l.Software = "schannel", "schannel"
	return true
}

// schannelText makes a message of an event's number and text.
func (p *Parser) schannelText(l *Line, id, text []byte) {
	l.Format, l.Software = "schannel", "schannel"
	if len(id) > 0 {
		p.texts.scratch = append(append(p.texts.scratch[:0], "Event ID: "...), id...)
		id = p.texts.keep()
	}
	l.Message = p.texts.join(id, trim(text))
	p.schannelEnd(l)
}

func (p *Parser) schannelEnd(l *Line) {
	switch {
	case index(l.Message, "remote client application") >= 0, index(l.Message, "server credential") >= 0, index(l.Message, "Type Server") >= 0:
		l.Speaks = cause.SpeaksServer
	case index(l.Message, "received from the remote server") >= 0, index(l.Message, "client credential") >= 0, index(l.Message, "Type Client") >= 0:
		l.Speaks = cause.SpeaksClient
	}
	if name, ok := after(l.Message, "The SSL connection request has failed. "); ok && isName(name) {
		l.Name = name
	}
}
