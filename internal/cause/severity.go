package cause

import "fmt"

// Severity says how much a cause hurts. Severities compare with <; the zero
// value means "not known".
type Severity uint8

// The severities, mildest first.
const (
	SeverityUnknown Severity = iota
	SeverityLow              // works today, and will hurt
	SeverityMedium           // some clients are shut out, or it is one setting away
	SeverityHigh             // nobody in the affected group can connect
)

var severityNames = [...]string{"", "low", "medium", "high"}

// String returns "low", "medium", "high", or "" for SeverityUnknown.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// ParseSeverity reads what String writes. The empty string is SeverityUnknown.
func ParseSeverity(id string) (Severity, error) {
	for i, name := range severityNames {
		if name == id {
			return Severity(i), nil
		}
	}
	return SeverityUnknown, fmt.Errorf("unknown severity %q", id)
}

// MarshalText writes the id, so that a Severity is a string in JSON.
func (s Severity) MarshalText() ([]byte, error) {
	if int(s) >= len(severityNames) {
		return nil, fmt.Errorf("unknown severity %d", uint8(s))
	}
	return []byte(severityNames[s]), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	v, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}
