package callback

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/internal/signedpost"
	"github.com/saltern-api/saltern/records"
)

const (
	// lookEvery is how often call-backs are looked for that nothing has pointed to:
	// of other gateways, and of those that were killed.
	lookEvery = 30 * time.Second

	// gather is how long ends of jobs are gathered.
	gather = 50 * time.Millisecond

	cleanEvery = time.Hour

	// ofOne and atOnce bound the attempts that run at once: of one destination, so
	// that one that is slow does not take those of others, and of all.
	ofOne  = 4
	atOnce = 16

	// longer is how much longer a claim lasts than an attempt may take, for the
	// database and clocks that differ.
	longer = 15 * time.Second

	// grace is how long an attempt may go on when the gateway stops.
	grace = 5 * time.Second
)

const (
	minPause = 5 * time.Second
	maxPause = time.Hour

	// GiveUp is after what time a call-back is given up.
	GiveUp = 24 * time.Hour
)

// How long call-backs are kept: those whose job did not come to be known, those
// whose job does not end, those that nobody tries, and those that have ended.
const (
	keepReserved = 48 * time.Hour
	keepWaiting  = 7 * 24 * time.Hour
	keepDue      = 7 * 24 * time.Hour
	keepDone     = 7 * 24 * time.Hour
	keepMost     = 100_000
)

const (
	whyNoEnd    = "the end of the job was not recorded within 7 days"
	whyNotTried = "no gateway has this destination any more"
)

// backoff returns how long after a failure the next attempt is made: as long as it
// has failed, so that the pauses double.
func backoff(failingFor time.Duration) time.Duration {
	d := min(max(failingFor, minPause), maxPause)
	return d + time.Duration((rand.Float64()-0.5)*0.5*float64(d))
}

// Run delivers call-backs until ctx ends, and then waits for the attempts that are
// running. It is called once.
func (s *Service) Run(ctx context.Context) {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	var looked, cleaned time.Time
	failed := time.Duration(0) // how long to wait after failures of the store
	for {
		now := time.Now()
		if now.Sub(cleaned) >= cleanEvery && s.clean(ctx, now) == nil {
			cleaned = now
		}
		look := now.Sub(looked) >= lookEvery
		next, err := s.round(ctx, &attempts, look)
		wait := min(max(time.Until(next), gather), lookEvery)
		switch {
		case err == nil && look:
			looked = now
		case err != nil && ctx.Err() == nil:
			failed = min(max(2*failed, time.Second), lookEvery)
			wait = failed
			s.log.LogAttrs(ctx, slog.LevelDebug, "the records of call-backs cannot be reached", slog.Any("error", err))
		}
		if err == nil {
			failed = 0
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.wakeUnless(err):
			_ = pause.For(ctx, gather) // an error is the end of ctx
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// wakeUnless returns the channel that wakes Run, or none after an error.
func (s *Service) wakeUnless(err error) <-chan struct{} {
	if err != nil {
		return nil
	}
	return s.wake
}

// round makes call-backs due whose jobs have ended, and starts attempts. It returns
// when the next attempt is due.
func (s *Service) round(ctx context.Context, attempts *sync.WaitGroup, look bool) (next time.Time, err error) {
	if err := s.bind(ctx); err != nil {
		return next, err
	}
	jids, some := s.takeEnded()
	if look {
		jids = nil
	}
	if some || look {
		if _, err := s.store.WakeCallbacks(ctx, jids, time.Now()); err != nil {
			s.mu.Lock()
			s.all = true
			s.mu.Unlock()
			return next, err
		}
	}
	counts, err := s.count(ctx)
	if err == nil && counts.Due > 0 && !counts.Next.After(time.Now()) {
		if err = s.start(ctx, attempts); err == nil {
			counts, err = s.count(ctx)
		}
	}
	if next = counts.Next; next.IsZero() || !next.After(time.Now()) {
		// None, or there is no room for it: an attempt that ends wakes.
		next = time.Now().Add(lookEvery)
	}
	return next, err
}

func (s *Service) count(ctx context.Context) (records.CallbackCounts, error) {
	counts, err := s.store.CountCallbacks(ctx)
	if err == nil {
		s.waiting.Store(int64(counts.Waiting))
		s.due.Store(int64(counts.Due))
	}
	return counts, err
}

// bind writes the promises that could not be written before.
func (s *Service) bind(ctx context.Context) error {
	s.mu.Lock()
	unbound := maps.Clone(s.unbound)
	s.mu.Unlock()
	for id, jid := range unbound {
		if err := s.store.BindCallback(ctx, id, jid); err != nil && !errors.Is(err, records.ErrNotFound) {
			return err
		}
		s.mu.Lock()
		delete(s.unbound, id)
		s.ended[jid] = struct{}{}
		s.mu.Unlock()
	}
	return nil
}

// start claims as many call-backs as there is room for, and starts their attempts.
func (s *Service) start(ctx context.Context, attempts *sync.WaitGroup) error {
	for {
		free, most := s.free()
		if len(free) == 0 {
			return nil
		}
		now := time.Now()
		claimed, err := s.store.ClaimCallbacks(ctx, records.CallbackClaim{
			Now: now, Until: now.Add(s.timeout + longer), Destinations: free, Limit: most,
		})
		if err != nil || len(claimed) == 0 {
			return err
		}
		for _, c := range claimed {
			s.mu.Lock()
			s.running[c.Destination]++
			s.mu.Unlock()
			attempts.Go(func() {
				defer s.signal()
				defer s.ran(c.Destination)
				s.attempt(ctx, c)
			})
		}
	}
}

// free returns the destinations for which there is room, and for how many attempts
// each of them has it.
func (s *Service) free() (names []string, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most = atOnce
	for _, n := range s.running {
		most -= n
	}
	if most <= 0 {
		return nil, 0
	}
	for name := range s.destinations {
		if room := ofOne - s.running[name]; room > 0 {
			names = append(names, name)
			most = min(most, room)
		}
	}
	return names, most
}

func (s *Service) ran(destination string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[destination]--; s.running[destination] <= 0 {
		delete(s.running, destination)
	}
}

// attempt makes one attempt, and records what came of it.
func (s *Service) attempt(stop context.Context, c records.Callback) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stop), s.timeout)
	defer cancel()
	defer context.AfterFunc(stop, func() { // what is on its way should arrive once
		if pause.For(ctx, grace) == nil {
			cancel()
		}
	})()
	why := s.post(ctx, c)
	now := records.Micro(time.Now())
	what := s.outcome(&c, why, now)
	if stop.Err() != nil && why != nil {
		c.State, c.Due, c.Done, what = records.CallbackDue, now, time.Time{}, Failed // the next start of the gateway tries again
	}
	settle, cancelSettle := context.WithTimeout(context.WithoutCancel(stop), storeTimeout)
	defer cancelSettle()
	err := s.store.SettleCallback(settle, c)
	s.note(stop, c, what, why, err)
}

// outcome sets what came of an attempt.
func (s *Service) outcome(c *records.Callback, why error, now time.Time) What {
	switch {
	case why == nil:
		c.State, c.Done, c.Due, c.Error = records.CallbackDelivered, now, time.Time{}, ""
		return Delivered
	case errors.Is(why, errGone), now.Sub(c.Since) >= GiveUp:
		c.State, c.Done, c.Due, c.Error = records.CallbackFailed, now, time.Time{}, brief(why)
		return GivenUp
	}
	c.Due, c.Error = now.Add(backoff(now.Sub(c.Since))), brief(why)
	if end := c.Since.Add(GiveUp); c.Due.After(end) {
		c.Due = end // the last attempt
	}
	c.Due = records.Micro(c.Due)
	return Failed
}

// post makes the document of an attempt and posts it.
func (s *Service) post(ctx context.Context, c records.Callback) error {
	d := s.destinations[c.Destination]
	now := time.Now()
	body, err := s.document(ctx, c, c.Results && d.Results, now)
	if err != nil {
		return err
	}
	return d.Post.Post(ctx, signedpost.Document{Body: body, At: now, Key: c.ID})
}

// brief returns the text of a failure for those who see the call-back.
func brief(err error) string {
	if e, ok := errors.AsType[*signedpost.Error](err); ok {
		return e.Brief()
	}
	if errors.Is(err, errGone) {
		return errGone.Error()
	}
	return "the records cannot be read"
}

// note logs what came of an attempt, and calls tell. A destination that fails is logged
// once, and not for each of its call-backs.
func (s *Service) note(ctx context.Context, c records.Callback, what What, why, settleErr error) {
	_, isAnswer := errors.AsType[*signedpost.Error](why)
	s.mu.Lock()
	changed := why == nil && s.failing[c.Destination] || isAnswer && !s.failing[c.Destination]
	if why == nil || isAnswer {
		s.failing[c.Destination] = why != nil
	}
	s.mu.Unlock()
	attrs := []slog.Attr{
		slog.String("destination", c.Destination), slog.String("id", c.ID), slog.String("jid", c.JID), slog.Int("attempt", c.Attempts),
	}
	if why != nil {
		attrs = append(attrs, slog.Any("error", why))
	}
	switch {
	case what == GivenUp:
		s.log.LogAttrs(ctx, slog.LevelWarn, "a call-back is given up", attrs...)
	case changed && why != nil:
		s.log.LogAttrs(ctx, slog.LevelWarn, "call-backs to a destination fail, and are tried again", attrs...)
	case changed:
		s.log.LogAttrs(ctx, slog.LevelInfo, "call-backs to a destination arrive again", attrs...)
	default:
		s.log.LogAttrs(ctx, slog.LevelDebug, "an attempt of a call-back", attrs...)
	}
	if settleErr != nil && !errors.Is(settleErr, records.ErrNotFound) {
		s.log.LogAttrs(ctx, slog.LevelWarn, "what came of a call-back cannot be recorded; it may be delivered twice",
			slog.String("id", c.ID), slog.Any("error", settleErr))
	}
	s.tell(ctx, Event{what, c})
}

// clean removes what is too old.
func (s *Service) clean(ctx context.Context, now time.Time) error {
	done, err := s.store.CleanCallbacks(ctx, records.CallbackCleaning{
		Now: now, Reserved: now.Add(-keepReserved), Waiting: now.Add(-keepWaiting), Due: now.Add(-keepDue), Done: now.Add(-keepDone),
		Keep: keepMost, WhyWaiting: whyNoEnd, WhyDue: whyNotTried,
	})
	if done.Failed > 0 {
		s.log.LogAttrs(ctx, slog.LevelWarn, "call-backs are given up that waited for too long", slog.Int("call_backs", done.Failed))
	}
	return err
}
