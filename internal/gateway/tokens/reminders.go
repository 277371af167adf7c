package tokens

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/internal/gateway/config"
)

// Reminders searches for expiring tokens while the gateway is running.
type Reminders struct {
	*reminder.Schedule
	stop context.CancelFunc
	done chan struct{} // nil before Start
}

// NewReminders returns the reminders for the tokens in a store.
func NewReminders(c *config.Config, store reminder.Store, m *Metrics, log *slog.Logger) (*Reminders, error) {
	days := c.Settings.Tokens.Reminders.Days
	s, err := reminder.New(reminder.Options{Store: store, Senders: c.Senders, Days: days, Tell: m.reminded, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("tokens.reminders: %w", err)
	}
	m.expect(c.Senders, days)
	return &Reminders{Schedule: s}, nil
}

// Start starts the search. It is called once.
func (r *Reminders) Start(ctx context.Context) {
	ctx, r.stop = context.WithCancel(ctx)
	r.done = make(chan struct{})
	go func() {
		defer close(r.done)
		r.Run(ctx)
	}()
}

// Close stops the search, before the store is closed.
func (r *Reminders) Close() {
	if r.done == nil {
		return
	}
	r.stop()
	<-r.done
}
