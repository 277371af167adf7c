package eauth

import (
	"context"
	"fmt"
	"sync"
)

// A Session authenticates the chunks of one request. Chunks with equal
// credentials share one check and one [Grant], however many they are: a
// request costs the backend one authentication.
//
//	s := authenticator.NewSession()
//	defer s.Release(ctx)
//	id, ok, err := s.Authenticate(ctx, credentials)
type Session struct {
	a *Authenticator

	mu     sync.Mutex
	checks map[Credentials]*check
}

// check is the one check of equal credentials.
type check struct {
	once sync.Once
	id   Identity
	ok   bool
	err  error
}

// NewSession starts a request.
func (a *Authenticator) NewSession() *Session {
	return &Session{a: a, checks: make(map[Credentials]*check)}
}

// Authenticate answers as [Backend] does. The grant of an ok identity belongs
// to the session: [Session.Release] releases it, not the caller. Answers that
// are no or an error are kept too, so that one request is one attempt.
func (s *Session) Authenticate(ctx context.Context, c Credentials) (Identity, bool, error) {
	s.mu.Lock()
	k, known := s.checks[c]
	if !known {
		k = &check{}
		s.checks[c] = k
	}
	s.mu.Unlock()

	k.once.Do(func() {
		if err := ctx.Err(); err != nil {
			k.err = fmt.Errorf("authenticate: %w", err)
			return
		}
		k.id, k.ok, k.err = s.a.authenticate(ctx, c)
	})
	return k.id, k.ok, k.err
}

// Release ends the request: every grant is released and the credentials are
// forgotten. It is called once every Authenticate has returned; calling it
// again does nothing.
func (s *Session) Release(ctx context.Context) {
	s.mu.Lock()
	checks := s.checks
	s.checks = make(map[Credentials]*check)
	s.mu.Unlock()

	for _, k := range checks {
		if k.ok {
			k.id.Grant.Release(ctx)
		}
	}
}
