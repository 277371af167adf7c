package reminder

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/internal/reach"
)

// Sender sends reminders in one way. It is safe for use by several goroutines.
type Sender interface {
	// Name is one word for logs and metrics. It is also part of the key under
	// which a sent reminder is noted, so it must not change between versions.
	Name() string

	// Wants reports whether this sender has a recipient for the token.
	Wants(r apitoken.Record) bool

	// Send sends a reminder and returns when it was accepted. An error that is
	// [ErrNotSent] means that it certainly was not sent, and may be sent again.
	// After any other error it may have been sent. Send returns soon after ctx
	// ends.
	Send(ctx context.Context, r Reminder) error
}

// ErrNotSent means that a reminder certainly did not arrive anywhere.
var ErrNotSent = errors.New("the reminder was not sent")

// maxName bounds a name in a text, in bytes.
const maxName = 200

// Reminder is the content of one reminder.
type Reminder struct {
	Token apitoken.Record // a live token with an end
	Days  int             // the stage
	At    time.Time       // now
}

// ID identifies the reminder. It is the same in each attempt to send it.
func (r Reminder) ID() string {
	return fmt.Sprintf("%s.%d.%d", r.Token.ID, r.Token.Expires.UnixMicro(), r.Days)
}

// What describes the token in words, on one line.
func (r Reminder) What() string {
	if r.Token.Kind == apitoken.KindRefresh { // it has no name
		return "refresh token of the service account " + reach.Line(r.Token.Owner.ServiceAccount, maxName)
	}
	return `API token "` + reach.Line(r.Token.Name, maxName) + `"`
}

// Left returns how long the token is still valid, such as "in 7 days". That is
// less than the stage if the reminder is late.
func (r Reminder) Left() string {
	left := r.Token.Expires.Sub(r.At)
	switch {
	case left >= 36*time.Hour:
		return fmt.Sprintf("in %.0f days", math.Round(left.Hours()/24))
	case left >= 90*time.Minute:
		return fmt.Sprintf("in %.0f hours", math.Round(left.Hours()))
	case left >= 90*time.Second:
		return fmt.Sprintf("in %.0f minutes", math.Round(left.Minutes()))
	default:
		return "in a minute"
	}
}
