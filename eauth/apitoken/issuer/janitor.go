package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

const (
	// janitorInterval is how often ended tokens are removed.
	janitorInterval = 10 * time.Minute
	janitorTimeout  = time.Minute

	// remembered is how long a token that has ended is kept, so that the use of a
	// stolen one is noticed.
	remembered = 30 * day
)

// runJanitor revokes unused tokens, and removes ended tokens and user codes.
func (s *Service) runJanitor(ctx context.Context) {
	tick := time.NewTicker(janitorInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.purge(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "tokens that have ended were not removed; trying again later", slog.Any("error", err))
		}
	}
}

func (s *Service) purge(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, janitorTimeout)
	defer cancel()
	now := s.now()
	if err := s.endUnused(ctx, now); err != nil {
		return err
	}
	if err := s.forgetDevices(ctx, now); err != nil {
		return err
	}
	_, err := s.store.Sweep(ctx, now, remembered)
	return err
}

// endUnused revokes the tokens that were not used for [Options.UnusedFor].
func (s *Service) endUnused(ctx context.Context, now time.Time) error {
	if s.opts.UnusedFor <= 0 {
		return nil
	}
	ended, err := apitoken.RevokeUnused(ctx, s.store, now.Add(-s.opts.UnusedFor), now)
	for _, u := range ended {
		s.endStreams(u.Ended...)
		s.notify(ctx, Event{What: Revoked, Token: u.Record, Others: u.Ended, Why: apitoken.WhyUnused})
	}
	return err
}

func (s *Service) forgetDevices(ctx context.Context, now time.Time) error {
	const most = 10000
	found, err := s.documents(ctx, devicesCollection, most)
	if err != nil {
		return err
	}
	for _, doc := range found {
		var d device
		if json.Unmarshal(doc.Value, &d) == nil && now.Before(d.Expires) {
			continue
		}
		err := s.store.DeleteDocument(ctx, devicesCollection, doc.Key)
		if err != nil && !errors.Is(err, apitoken.ErrNotFound) {
			return err
		}
	}
	return nil
}
