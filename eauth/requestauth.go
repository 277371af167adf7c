package eauth

import (
	"context"
	"fmt"
	"sync"
)

// A RequestAuth authenticates the chunks of one request. Chunks with equal
// credentials share one check and one [Grant], however many they are: a
// request costs the backend one authentication. Where the grant is a
// [CredentialGrant], each command is an authentication of its own.
//
//	s := authenticator.NewSession()
//	defer s.Release(ctx)
//	id, ok, err := s.Authenticate(ctx, credentials)
type RequestAuth struct {
	a *Authenticator

	mu     sync.Mutex
	checks map[question]*check
}

// question is what one check answers.
type question struct {
	creds  Credentials
	rights bool
}

// check is the one check of equal credentials.
type check struct {
	once sync.Once
	id   Identity
	ok   bool
	err  error
}

// NewRequestAuth starts a request.
func (a *Authenticator) NewRequestAuth() *RequestAuth {
	return &RequestAuth{a: a, checks: make(map[question]*check)}
}

// Authenticate answers as [Backend] does. The grant of an ok identity belongs
// to the session: [RequestAuth.Release] releases it, not the caller. Answers that
// are no or an error are kept too, so that one request is one attempt.
//
// Where only the master can tell what a user may do, nothing is checked yet:
// the grant is a [CredentialGrant], and the first command checks it.
func (s *RequestAuth) Authenticate(ctx context.Context, c Credentials) (Identity, bool, error) {
	if s.a.defersToMaster(c) {
		return s.ask(ctx, question{creds: c}, s.a.unchecked)
	}
	return s.AuthenticateNow(ctx, c)
}

// AuthenticateNow is Authenticate for a caller whose rights have to be known
// before anything is sent: the credentials are checked in any case.
func (s *RequestAuth) AuthenticateNow(ctx context.Context, c Credentials) (Identity, bool, error) {
	return s.ask(ctx, question{creds: c, rights: true}, s.a.entitled)
}

func (s *RequestAuth) ask(
	ctx context.Context, q question, check func(context.Context, Credentials) (Identity, bool, error),
) (Identity, bool, error) {
	k := s.check(q)
	k.once.Do(func() {
		if err := ctx.Err(); err != nil {
			k.err = fmt.Errorf("authenticate: %w", err)
			return
		}
		k.id, k.ok, k.err = check(ctx, q.creds)
	})
	return k.id, k.ok, k.err
}

func (s *RequestAuth) check(q question) *check {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, known := s.checks[q]
	if !known {
		k = &check{}
		s.checks[q] = k
	}
	return k
}

// Release ends the request: every grant is released and the credentials are
// forgotten. It is called once every Authenticate has returned; calling it
// again does nothing.
func (s *RequestAuth) Release(ctx context.Context) {
	s.mu.Lock()
	checks := s.checks
	s.checks = make(map[question]*check)
	s.mu.Unlock()

	for _, k := range checks {
		if k.ok {
			k.id.Grant.Release(ctx)
		}
	}
}
