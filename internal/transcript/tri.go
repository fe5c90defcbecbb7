package transcript

import "fmt"

// Tri is a fact that may not have been checked.
type Tri int8

// The three values: the zero value says that nobody looked.
const (
	Unknown Tri = iota
	No
	Yes
)

// TriOf is Yes or No.
func TriOf(b bool) Tri {
	if b {
		return Yes
	}
	return No
}

// String is "unknown", "no" or "yes".
func (t Tri) String() string {
	switch t {
	case No:
		return "no"
	case Yes:
		return "yes"
	}
	return "unknown"
}

// MarshalText writes String.
func (t Tri) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (t *Tri) UnmarshalText(b []byte) error {
	switch string(b) {
	case "unknown", "":
		*t = Unknown
	case "no":
		*t = No
	case "yes":
		*t = Yes
	default:
		return fmt.Errorf("%q is none of unknown, no, yes", b)
	}
	return nil
}
