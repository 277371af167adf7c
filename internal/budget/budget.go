package budget

import (
	"context"
	"errors"
	"fmt"
)

// A unit is 64 bytes of memory or a tenth of a microsecond of a core,
// whichever is more.
const bytesPerUnit = 64

const (
	// Anonymous is the allowance, in units, of a request whose sender is not
	// authenticated yet: 8 MiB out of gzip, or 65,000 entries of YAML.
	Anonymous = 1 << 17

	// Caller is the allowance, in units, of a request whose sender is
	// authenticated.
	Caller = 1 << 22
)

// Bytes returns the cost of n bytes, in units.
func Bytes(n int) int { return n / bytesPerUnit }

// Error is returned when a request's budget is spent. The text is for its
// sender.
type Error struct{ text string }

// Error returns the text.
func (e *Error) Error() string { return e.text }

var (
	// ErrStranger is for a request whose sender is not authenticated.
	ErrStranger = &Error{"The request holds more than is read before its sender is known. " +
		"Log in first, and send the token in a header"}

	// ErrCaller is for a request whose sender is authenticated.
	ErrCaller = &Error{"The request holds more than is read at once. Split it into several"}
)

// IsSpent reports whether an error of [Budget.Spend] is about a spent budget.
func IsSpent(err error) bool {
	_, spent := errors.AsType[*Error](err)
	return spent || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Budget is the rest of a request's allowance. It is used by the request's
// goroutine only. A nil Budget has no limit: it is for the gateway's own
// requests to the master.
type Budget struct {
	ctx      context.Context
	identify func() bool
	left     int
	looked   int // the rest when the context was last checked
	known    bool
}

// New returns the budget of an anonymous request. Once ctx has ended, nothing
// more can be spent.
//
// identify, if not nil, is called at most once, when an anonymous budget is
// spent: it authenticates the sender by the credentials outside of the body,
// and reports whether that succeeded.
func New(ctx context.Context, identify func() bool) *Budget {
	return &Budget{ctx: ctx, identify: identify, left: Anonymous, looked: Anonymous}
}

// Known makes it the budget of an authenticated sender.
func (b *Budget) Known() {
	if b == nil || b.known {
		return
	}
	b.known = true
	b.left += Caller - Anonymous
	b.looked = b.left
}

// lookAfter is how many units are spent between checks of the context: about a
// tenth of a millisecond of work.
const lookAfter = 1 << 10

// Spend spends n units. The error is an *Error, or the context's if that has
// ended.
func (b *Budget) Spend(n int) error {
	if b == nil {
		return nil
	}
	b.left -= n
	if b.left >= 0 && b.looked-b.left < lookAfter {
		return nil
	}
	return b.look()
}

func (b *Budget) look() error {
	if err := b.ctx.Err(); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	b.looked = b.left
	if b.left >= 0 {
		return nil
	}
	if !b.known && b.identify != nil {
		identify := b.identify
		b.identify = nil
		if identify() {
			b.Known()
		}
	}
	switch {
	case b.left >= 0:
		return nil
	case b.known:
		return ErrCaller
	}
	return ErrStranger
}
