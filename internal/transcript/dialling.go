package transcript

import "context"

type diallingKey struct{}

// WithDialling returns a context for one attempt. Whoever makes the attempt calls
// f when the SYN goes out. An attempt that never gets that far does not call it;
// one that goes through several connections may call it more than once.
func WithDialling(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, diallingKey{}, f)
}

// Dialling returns the function of WithDialling, or nil.
func Dialling(ctx context.Context) func() {
	f, _ := ctx.Value(diallingKey{}).(func())
	return f
}
