package bolt

import (
	"context"
	"errors"
	"time"

	"github.com/saltern-api/saltern/eauth/session"
)

// Put implements [session.Store].
func (s *Store) Put(_ context.Context, r session.Record, most int) (ended []session.Record, err error) {
	err = s.update(func(t tables) error {
		if err := t.put(r); err != nil {
			return err
		}
		entries := withPrefix(t.byUser(), r.User[:]) // the oldest first
		if len(entries) <= most {
			return nil
		}
		ended, err = t.removeAll(t.byUser(), entries[:len(entries)-most])
		return err
	})
	return ended, err
}

// Get implements [session.Store].
func (s *Store) Get(_ context.Context, key session.Hash) (r session.Record, ok bool, err error) {
	err = s.view(func(t tables) error {
		r, ok, err = t.get(key[:])
		return err
	})
	return r, ok, err
}

// End implements [session.Store].
func (s *Store) End(_ context.Context, token session.Hash, until time.Time, most int) error {
	full := false
	err := s.update(func(t tables) error {
		if _, err := t.removeAll(t.byToken(), withPrefix(t.byToken(), token[:])); err != nil {
			return err
		}
		if until.IsZero() {
			return nil
		}
		if t.denied().Get(token[:]) == nil {
			if full = s.denials.Load() >= int64(most); full {
				return nil
			}
			t.tx.OnCommit(func() { s.denials.Add(1) })
		}
		return t.deny(token, until)
	})
	if err == nil && full {
		return wrap(session.ErrFull)
	}
	return err
}

// Denied implements [session.Store].
func (s *Store) Denied(_ context.Context, token session.Hash) (denied bool, err error) {
	if s.denials.Load() == 0 {
		return false, nil // mostly, and with each request that comes with a token
	}
	err = s.view(func(t tables) error {
		denied = t.denied().Get(token[:]) != nil
		return nil
	})
	return denied, err
}

// sweepMost bounds one transaction of Sweep, for which others wait.
const sweepMost = 1000

// Sweep implements [session.Store].
func (s *Store) Sweep(ctx context.Context, now time.Time) (removed int, err error) {
	for {
		n, err := s.sweep(now)
		removed += n
		if n < sweepMost || err != nil {
			return removed, err
		}
		if err := ctx.Err(); err != nil {
			return removed, err
		}
	}
}

func (s *Store) sweep(now time.Time) (n int, err error) {
	err = s.update(func(t tables) error {
		sessions := until(t.byEnd(), now, sweepMost)
		if _, err := t.removeAll(t.byEnd(), sessions); err != nil {
			return err
		}
		denied := until(t.byUntil(), now, sweepMost)
		for _, entry := range denied {
			if err := errors.Join(t.allow(tail(entry)), t.byUntil().Delete(entry)); err != nil {
				return err
			}
		}
		t.tx.OnCommit(func() { s.denials.Add(-int64(len(denied))) })
		n = len(sessions) + len(denied)
		return nil
	})
	return n, err
}
