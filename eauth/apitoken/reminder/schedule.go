package reminder

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

const (
	lookEvery  = time.Hour
	countEvery = time.Minute
	firstLook  = 2 * time.Second // after the start
	lookAgain  = time.Minute     // when the store did not respond

	storeTimeout = 30 * time.Second // for one call
	sendTimeout  = time.Minute      // for one reminder, whatever the sender's own timeout is
)

// Store is the part of a token store that a [Schedule] needs.
type Store interface {
	List(ctx context.Context, q apitoken.Query) (page []apitoken.Record, next string, err error)
	Get(ctx context.Context, id string) (apitoken.Record, error)
	CountExpiring(ctx context.Context, from, to time.Time) (int, error)
	Once(ctx context.Context, key string, ttl time.Duration) (first bool, err error)
	UndoOnce(ctx context.Context, key string) error
}

// Outcome is the result of sending a reminder.
type Outcome string

// The outcomes.
const (
	Sent    Outcome = "sent"
	Failed  Outcome = "failed"  // it was not sent, and will be tried again
	Unknown Outcome = "unknown" // it may have been sent, and is not tried again
)

// Options set up a [Schedule]. Only Store is required: without senders it only
// counts.
type Options struct {
	Store   Store
	Senders []Sender // with different names
	Days    []int    // the stages; [DefaultDays] when nil

	// Tell receives the outcome of each reminder. It must not block.
	Tell func(by string, days int, o Outcome)

	Logger *slog.Logger // nil discards
}

// Schedule looks for tokens that end soon.
type Schedule struct {
	store   Store
	senders []Sender
	stages  stages
	tell    func(by string, days int, o Outcome)
	log     *slog.Logger

	mu      sync.Mutex
	soon    Expiring
	counted bool
}

// New returns a schedule that does nothing until Run is called.
func New(o Options) (*Schedule, error) {
	if o.Store == nil {
		return nil, errors.New("reminders need a store of tokens")
	}
	stages, err := newStages(o.Days)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, s := range o.Senders {
		if names[s.Name()] {
			return nil, errors.New("two senders of reminders have one name")
		}
		names[s.Name()] = true
	}
	s := &Schedule{store: o.Store, senders: o.Senders, stages: stages, tell: o.Tell, log: o.Logger}
	if s.tell == nil {
		s.tell = func(string, int, Outcome) {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// Run counts tokens and sends reminders until ctx ends.
func (s *Schedule) Run(ctx context.Context) {
	var counting sync.WaitGroup
	counting.Go(func() { s.keepCount(ctx) })
	defer counting.Wait()
	if len(s.senders) == 0 || len(s.stages) == 0 {
		return
	}
	timer := time.NewTimer(firstLook)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		wait := lookEvery
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "tokens that end soon were not looked for; trying again", slog.Any("error", err))
			wait = lookAgain
		}
		timer.Reset(wait)
	}
}
