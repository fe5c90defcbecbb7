package cause

import (
	"errors"
	"fmt"
)

// Step is the place in a connection at which something breaks. The seven steps
// are ordered: a handshake that stops at one of them never saw the later ones,
// so steps compare with <. The zero value means "not known".
type Step uint8

// The seven steps, in the order in which a connection takes them.
const (
	StepUnknown     Step = iota
	StepConnect          // DNS, TCP, HTTP CONNECT, STARTTLS
	StepVersion          // protocol version
	StepCipher           // suites, groups, signature algorithms, ALPN
	StepCertificate      // SNI, and which certificate is served for it
	StepVerify           // trust, name, dates, revocation
	StepKeys             // key exchange, client certificate, Finished
	StepSecure           // the first application data, HTTP
)

var stepNames = [...]string{"", "connect", "version", "cipher", "certificate", "verify", "keys", "secure"}

// Steps returns the seven steps in order.
func Steps() []Step {
	return []Step{StepConnect, StepVersion, StepCipher, StepCertificate, StepVerify, StepKeys, StepSecure}
}

// Index returns the number people see, 1 to 7, and 0 for StepUnknown.
func (s Step) Index() int { return int(s) }

// String returns the step's id, such as "verify", and "" for StepUnknown.
func (s Step) String() string {
	if int(s) < len(stepNames) {
		return stepNames[s]
	}
	return fmt.Sprintf("step(%d)", uint8(s))
}

var errUnknownStep = errors.New("unknown step")

// ParseStep reads a step's id. The empty string is StepUnknown.
func ParseStep(id string) (Step, error) {
	for i, name := range stepNames {
		if name == id {
			return Step(i), nil
		}
	}
	return StepUnknown, fmt.Errorf("%w %q", errUnknownStep, id)
}

// MarshalText writes the id, so that a Step is a string in JSON.
func (s Step) MarshalText() ([]byte, error) {
	if int(s) >= len(stepNames) {
		return nil, fmt.Errorf("%w %d", errUnknownStep, uint8(s))
	}
	return []byte(stepNames[s]), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Step) UnmarshalText(text []byte) error {
	v, err := ParseStep(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}
