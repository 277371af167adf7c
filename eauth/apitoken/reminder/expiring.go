package reminder

import (
	"context"
	"log/slog"
	"time"
)

// Expiring is the number of tokens that end soon.
type Expiring struct {
	Week  int // in 7 days
	Month int // in 30 days, including those of the week
}

// Expiring returns the last count, which is a minute old at the most. ok is
// false while there is none, because the store does not respond.
func (s *Schedule) Expiring() (soon Expiring, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.soon, s.counted
}

// keepCount counts periodically.
func (s *Schedule) keepCount(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		soon, err := s.count(ctx)
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		before := s.counted
		s.soon, s.counted = soon, err == nil
		s.mu.Unlock()
		if err != nil && before {
			s.log.WarnContext(ctx, "tokens that end soon cannot be counted now", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Schedule) count(ctx context.Context) (soon Expiring, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	now := time.Now()
	if soon.Week, err = s.store.CountExpiring(ctx, now, now.Add(7*day)); err == nil {
		soon.Month, err = s.store.CountExpiring(ctx, now, now.Add(30*day))
	}
	return soon, err
}
