package cause

import "strings"

// Interceptor is a product that opens TLS connections on the way and signs
// certificates of its own for the sites behind it.
type Interceptor struct {
	Product string
	Kind    InterceptorKind
}

// InterceptorKind says where such a product sits, and so who can be asked.
type InterceptorKind string

// The kinds of interceptors.
const (
	InterceptorGateway   InterceptorKind = "gateway"         // a firewall or web gateway of the network
	InterceptorAntivirus InterceptorKind = "antivirus"       // a program on the client's own machine
	InterceptorDebugging InterceptorKind = "debugging-proxy" // started by someone who wants to look inside
	InterceptorUnknown   InterceptorKind = ""                // the wording gives it away, the product stays unknown
)

// genericInterceptor is the product of a name that only sounds like inspection.
const genericInterceptor = "a TLS-inspecting proxy"

type interceptorPattern struct {
	product  string
	kind     InterceptorKind
	patterns []string // in lower case; any of them, as whole words
}

// FindInterceptor looks for the marks of a TLS-inspecting product in the issuer
// name of a certificate, or of any certificate of its chain. It is a hint: an
// operator can name an inspecting CA anything, and a company may use one of
// these words for an ordinary private CA.
func FindInterceptor(issuerName string) (Interceptor, bool) {
	lower := strings.ToLower(issuerName)
	for i := range interceptorTable {
		if p := &interceptorTable[i]; anyLowerWord(lower, p.patterns) {
			return Interceptor{Product: p.product, Kind: p.kind}, true
		}
	}
	if anyLowerWord(lower, interceptorWording[:]) {
		return Interceptor{Product: genericInterceptor}, true
	}
	return Interceptor{}, false
}

// MatchInterception is FindInterceptor for callers that only print the product.
// Where the wording alone gives it away, product is "a TLS-inspecting proxy".
func MatchInterception(issuerName string) (product string, ok bool) {
	found, ok := FindInterceptor(issuerName)
	return found.Product, ok
}
