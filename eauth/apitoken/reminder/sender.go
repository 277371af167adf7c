package reminder

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/internal/reach"
)

// Sender sends reminders in one way. Several goroutines may use it.
type Sender interface {
	// Name is one word for logs and metrics. What was sent is remembered by
	// it too, so it stays the same from one version to the next.
	Name() string

	// Wants reports whether there is anybody to be told of this token.
	Wants(r apitoken.Record) bool

	// Send sends a reminder and returns when it was taken. An error that is
	// [ErrNotSent] says that it certainly was not, and that it may be sent
	// again. Any other error says that nobody knows. It returns soon after
	// ctx ends.
	Send(ctx context.Context, r Reminder) error
}

// ErrNotSent says that a reminder certainly did not arrive anywhere.
var ErrNotSent = errors.New("the reminder was not sent")

// maxName bounds a name in a text, in bytes.
const maxName = 200

// Reminder is what is to be told.
type Reminder struct {
	Token apitoken.Record // which is live, and ends; its secret is known to nobody
	Days  int             // the stage
	At    time.Time       // now
}

// ID names the reminder. It is the same in each attempt to send it.
func (r Reminder) ID() string {
	return fmt.Sprintf("%s.%d.%d", r.Token.ID, r.Token.Expires.UnixMicro(), r.Days)
}

// What is the token, in words and on one line.
func (r Reminder) What() string {
	if r.Token.Kind == apitoken.KindRefresh { // it has no name
		return "refresh token of the service account " + reach.Line(r.Token.Owner.ServiceAccount, maxName)
	}
	return `API token "` + reach.Line(r.Token.Name, maxName) + `"`
}

// Left returns how long the token is good, such as "in 7 days". That is less than
// the stage says where the reminder is late.
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
