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
	// known yet: 8 MiB out of gzip, or 65,000 entries of YAML.
	Anonymous = 1 << 17

	// Caller is the allowance, in units, of a request whose sender is known.
	Caller = 1 << 22
)

// Bytes is what n bytes cost, in units.
func Bytes(n int) int { return n / bytesPerUnit }

// Error says that a request has used up its budget. The text is for its
// sender.
type Error struct{ text string }

// Error returns the text.
func (e *Error) Error() string { return e.text }

var (
	// ErrStranger is the error of a request whose sender is not known.
	ErrStranger = &Error{"The request holds more than is read before its sender is known. " +
		"Log in first, and send the token in a header"}

	// ErrCaller is the error of a request whose sender is known.
	ErrCaller = &Error{"The request holds more than is read at once. Split it into several"}
)

// IsSpent tells the errors of [Budget.Spend] from others.
func IsSpent(err error) bool {
	_, spent := errors.AsType[*Error](err)
	return spent || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Budget is what is left of a request's allowance. It belongs to the request's
// one goroutine. A nil Budget has no end: that of what the gateway asks for
// itself.
type Budget struct {
	ctx      context.Context
	identify func() bool
	left     int
	looked   int // what was left when the context was looked at
	known    bool
}

// New returns the budget of an anonymous request. Once ctx has ended, nothing
// more can be spent.
//
// identify, if it is not nil, is called once at most, when the budget of an
// anonymous one is used up: it finds out who has sent the request from what came
// beside the body, and reports whether that is known.
func New(ctx context.Context, identify func() bool) *Budget {
	return &Budget{ctx: ctx, identify: identify, left: Anonymous, looked: Anonymous}
}

// Known notes that the sender of the request is known.
func (b *Budget) Known() {
	if b == nil || b.known {
		return
	}
	b.known = true
	b.left += Caller - Anonymous
	b.looked = b.left
}

// lookAfter is how many units are spent until the context is looked at again:
// about a tenth of a millisecond of work.
const lookAfter = 1 << 10

// Spend takes n units. The error is an *Error, or the context's when that has
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
