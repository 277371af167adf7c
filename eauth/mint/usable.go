package mint

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// recheckPause is how long an error of the self-check is repeated before the
// store is asked again, so that a master that is down is not asked by every
// request.
const recheckPause = time.Second

// selfCheck is what is known about the master taking our tokens.
type selfCheck struct {
	mu      sync.Mutex
	known   bool
	yes     bool      // meaningful when known, and as the former answer when told
	told    bool      // there was an answer once
	run     *checkRun // nil when none is on its way
	err     error     // of the last run, when it could not tell
	askNext time.Time // err is good until then
}

// checkRun is one call of Store.Check.
type checkRun struct {
	done  chan struct{} // closed when the fields below are set
	yes   bool
	err   error
	stale bool // begun before Recheck: guarded by selfCheck.mu
}

// Usable reports whether the master accepts the tokens that this mint writes. An
// answer is kept until [Mint.Recheck], and beyond it while a new one cannot be
// had: a master that falls silent takes no logins away from those who need none
// of it. An error, when nothing was ever told, is not kept. Many callers at once
// share one check.
func (m *Mint) Usable(ctx context.Context) (bool, error) {
	s := &m.usable
	for {
		s.mu.Lock()
		if s.known {
			defer s.mu.Unlock()
			return s.yes, nil
		}
		if s.run == nil {
			if time.Now().Before(s.askNext) {
				defer s.mu.Unlock()
				return s.former(s.err)
			}
			if err := m.startCheck(ctx); err != nil {
				s.mu.Unlock()
				return false, err
			}
		}
		run := s.run
		s.mu.Unlock()

		select {
		case <-run.done:
		case <-ctx.Done():
			return false, fmt.Errorf("check written tokens: %w", ctx.Err())
		}
		s.mu.Lock()
		if !run.stale {
			defer s.mu.Unlock()
			if run.err != nil {
				return s.former(run.err)
			}
			return run.yes, nil
		}
		s.mu.Unlock()
	}
}

// former is the answer when a check could not tell: the last one there was.
// selfCheck.mu is held.
func (s *selfCheck) former(err error) (bool, error) {
	if s.told {
		return s.yes, nil
	}
	return false, err
}

// Recheck forgets what is known, for when the master was restarted.
func (m *Mint) Recheck() {
	s := &m.usable
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.err, s.askNext = false, nil, time.Time{}
	if s.run != nil {
		s.run.stale = true
		s.run = nil
	}
}

// startCheck begins a check. selfCheck.mu is held.
func (m *Mint) startCheck(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	run := &checkRun{done: make(chan struct{})}
	m.usable.run = run
	m.calls.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		defer cancel()
		m.usable.finish(run, m.store.Check(ctx))
	})
	return nil
}

// doubt forgets what is known, but lets a check go on that is on its way.
func (s *selfCheck) doubt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = false
}

func (s *selfCheck) finish(run *checkRun, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(run.done)
	final := err == nil || errors.Is(err, ErrNotAccepted)
	run.yes = err == nil
	if !final {
		run.err = fmt.Errorf("check written tokens: %w", err)
	}
	if run.stale {
		return
	}
	s.run = nil
	s.known, s.err = final, run.err
	if !final {
		s.askNext = time.Now().Add(recheckPause)
		return
	}
	s.told, s.yes = true, run.yes
}
