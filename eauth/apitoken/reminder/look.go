package reminder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

const (
	pageSize = 1000

	// patience is how many times in succession a sender may fail before it is
	// skipped until the next look: it would fail for hundreds of tokens, after
	// a timeout for each.
	patience = 3

	// longer is how long the note of a sent reminder is kept after the token's
	// end, to allow for clocks that differ.
	longer = 2 * day
)

// Look sends the reminders that are due now. An error means that the store does
// not respond.
func (s *Schedule) Look(ctx context.Context) error {
	l := look{Schedule: s, failed: make(map[string]int)}
	for q := (apitoken.Query{Limit: pageSize}); ; {
		page, next, err := s.page(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := l.token(ctx, r); err != nil {
				return err
			}
		}
		l.seen += len(page)
		if next == "" {
			s.log.DebugContext(ctx, "looked for tokens that end soon", slog.Int("tokens", l.seen))
			return nil
		}
		q.After = next
	}
}

func (s *Schedule) page(ctx context.Context, q apitoken.Query) ([]apitoken.Record, string, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return s.store.List(ctx, q)
}

// look is one pass over all tokens.
type look struct {
	*Schedule
	failed map[string]int // failures in succession, by sender
	seen   int
}

// token sends the reminders that are due for one token.
func (l *look) token(ctx context.Context, r apitoken.Record) error {
	days, ok := l.stages.due(r, time.Now())
	if !ok {
		return nil
	}
	for _, sender := range l.senders {
		if l.failed[sender.Name()] >= patience || !sender.Wants(r) {
			continue
		}
		if err := l.remind(ctx, sender, Reminder{Token: r, Days: days}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (l *look) remind(ctx context.Context, sender Sender, r Reminder) error {
	// The page may have been read minutes ago.
	if good, err := l.still(ctx, r); err != nil || !good {
		return err
	}
	key := "reminder:" + sender.Name() + ":" + r.ID()
	first, err := l.begin(ctx, key, time.Until(r.Token.Expires)+longer)
	if err != nil || !first {
		return err
	}
	r.At = time.Now()
	outcome, err := l.send(ctx, sender, r)
	l.tell(sender.Name(), r.Days, outcome)
	if outcome == Failed {
		l.failed[sender.Name()]++
		err = errors.Join(err, l.again(ctx, key))
	} else {
		l.failed[sender.Name()] = 0
	}
	l.write(ctx, sender, r, outcome, err)
	return nil
}

// begin notes that a reminder is being sent. It is not canceled when the
// gateway stops, since it would be unknown then whether the note exists.
func (s *Schedule) begin(ctx context.Context, key string, ttl time.Duration) (first bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	return s.store.Once(ctx, key, ttl)
}

// again removes the note of begin.
func (s *Schedule) again(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := s.store.UndoOnce(ctx, key); err != nil {
		return fmt.Errorf("it will not be tried again: %w", err)
	}
	return nil
}

// still reports whether a token is unchanged since it was read.
func (s *Schedule) still(ctx context.Context, r Reminder) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	now, err := s.store.Get(ctx, r.Token.ID)
	if errors.Is(err, apitoken.ErrNotFound) {
		return false, nil
	}
	return err == nil && now.State(time.Now()) == apitoken.Live && now.Expires.Equal(r.Token.Expires), err
}

func (s *Schedule) send(ctx context.Context, sender Sender, r Reminder) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := sender.Send(ctx, r)
	switch {
	case err == nil:
		return Sent, nil
	case errors.Is(err, ErrNotSent):
		return Failed, err
	default:
		return Unknown, err
	}
}

// write logs the outcome of a reminder.
func (s *Schedule) write(ctx context.Context, sender Sender, r Reminder, o Outcome, err error) {
	attrs := []slog.Attr{
		slog.String("by", sender.Name()), slog.Int("days", r.Days),
		slog.String("token_id", r.Token.ID), slog.Time("expires", r.Token.Expires),
	}
	switch o {
	case Sent:
		s.log.LogAttrs(ctx, slog.LevelInfo, "a reminder of a token's end was sent", attrs...)
	case Failed:
		s.log.LogAttrs(ctx, slog.LevelWarn, "a reminder of a token's end was not sent", append(attrs, slog.Any("error", err))...)
	case Unknown:
		s.log.LogAttrs(ctx, slog.LevelWarn, "a reminder of a token's end may have been sent, and is not sent again",
			append(attrs, slog.Any("error", err))...)
	}
}
