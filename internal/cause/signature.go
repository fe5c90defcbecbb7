package cause

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Signature is a text that some software writes when a connection fails, or
// around such a failure. internal/textdiag finds signatures in texts.
type Signature struct {
	// ID is unique in the catalogue: the stack's id, a slash and a name, such as
	// "openssl/unsupported-protocol".
	ID string
	// Stack is the software that writes it.
	Stack *SignatureStack `json:"-"`
	// Match are the literals of which any has to occur, in any case of letters. {}
	// in one stands for up to 200 bytes without a line end.
	Match []string
	// Also are literals that have to occur too, each of them; Unless are those of
	// which none may.
	Also, Unless []string
	// Causes are what it may come from, likeliest first; their weights add up to 1.
	// Without causes it is no failure by itself.
	Causes []Weighted
	// Heard is the alert that the text reports as received, nil if it reports none.
	Heard *uint8
	// Refuses says that the writer itself ended the handshake.
	Refuses bool
	// Wraps says that the text stands around others that tell more.
	Wraps bool
	// Noise says that the text is often no user's failure, and whose then. It is for
	// logs, where many lines tell more than one.
	Noise Noise
	// Step is where it shows; StepUnknown without causes.
	Step Step
	// Speaks is where its writer stands.
	Speaks Speaker
	// Says is one sentence of what happened; {1} is the first {} of the literal.
	Says string
	// Decides are what would tell its causes apart.
	Decides []string
	// Quirk is what this text hides or is mistaken for, "" for nothing.
	Quirk string
	// Versions are the releases of the stack that write it; empty: all.
	Versions Versions
	// Source says where the text is known from, see data/README.md.
	Source string
	// Sample is a real text.
	Sample string
}

// SignatureStack is a piece of software that writes texts.
type SignatureStack struct {
	ID       string
	Name     string
	Software []string // ids of data/software.yaml whose fixes fit, likeliest first
}

// Weighted is a cause with a weight above 0 and up to 1.
type Weighted struct {
	Cause  ID
	Weight float64
}

// Noise is who leaves texts in logs without anybody's failure; "" for nobody.
type Noise string

// The makers of noise.
const (
	NoiseProbe       Noise = "probe"       // connects and leaves, or speaks something else: anybody trying a port
	NoiseScanner     Noise = "scanner"     // looks for servers and their weaknesses
	NoiseHealthCheck Noise = "healthcheck" // a load balancer or monitor that connects and leaves
)

// Speaker is the end of a connection at which a text is written.
type Speaker string

// The speakers.
const (
	SpeaksClient Speaker = "client"
	SpeaksServer Speaker = "server"
	SpeaksEither Speaker = "either"
)

// Other is the end that s talks to.
func (s Speaker) Other() Speaker {
	switch s {
	case SpeaksClient:
		return SpeaksServer
	case SpeaksServer:
		return SpeaksClient
	}
	return SpeaksEither
}

// signatureText has a line for each stack and, after it, one for each of its
// signatures. It stays a string in the program's read-only data until a text is
// to be explained.
//
//go:embed zz_signatures.jsonl
var signatureText string

// signatures is filled once. It is no sync.OnceValue, which would be work when
// the program starts.
var signatures struct {
	once sync.Once
	all  []Signature
}

// Signatures returns all signatures, by the ids of their stacks and within one
// in the order of its file. They are shared and must not be changed.
func Signatures() []Signature {
	signatures.once.Do(func() {
		all, err := decodeSignatures(signatureText)
		if err != nil {
			panic(err) // generated, and read by the tests
		}
		signatures.all = all
	})
	return signatures.all
}

func decodeSignatures(text string) ([]Signature, error) {
	all := make([]Signature, 0, strings.Count(text, "\n"))
	var stack *SignatureStack
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, `{"Stack":`) {
			var head struct{ Stack SignatureStack }
			if err := json.Unmarshal([]byte(l), &head); err != nil {
				return nil, fmt.Errorf("reading signatures: %w", err)
			}
			stack = &head.Stack
			continue
		}
		s := Signature{Stack: stack}
		if err := json.Unmarshal([]byte(l), &s); err != nil {
			return nil, fmt.Errorf("reading signatures: %w", err)
		}
		all = append(all, s)
	}
	return all, nil
}
