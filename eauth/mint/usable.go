package mint

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// recheckPause is how long an error of the self-check is repeated before the
// store is checked again, so that not every request contacts a master that is
// down.
const recheckPause = time.Second

// selfCheck is the state of the check whether the master accepts our tokens.
type selfCheck struct {
	mu      sync.Mutex
	known   bool
	yes     bool      // meaningful when known, and as the former result when decided
	decided bool      // a check has succeeded or failed for good at least once
	run     *checkRun // nil when none is in progress
	err     error     // of the last run, when it could not decide
	askNext time.Time // err is repeated until then
}

// checkRun is one call of Store.Check.
type checkRun struct {
	done  chan struct{} // closed when the fields below are set
	yes   bool
	err   error
	stale bool // begun before Recheck: guarded by selfCheck.mu
}

// Usable reports whether the master accepts the tokens that this mint writes. A
// result is kept until [Mint.Recheck], and longer while no new one can be
// obtained: a master that does not respond must not prevent logins that do not
// need it. An error, which is returned when there never was a result, is not
// kept. Concurrent callers share one check.
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

// former returns the last result, for a check that could not decide, or err if
// there was none. selfCheck.mu is held.
func (s *selfCheck) former(err error) (bool, error) {
	if s.decided {
		return s.yes, nil
	}
	return false, err
}

// Recheck discards the result, for when the master was restarted.
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

// doubt discards the result, but not a check in progress.
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
	s.decided, s.yes = true, run.yes
}
