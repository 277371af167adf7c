package eauth

import (
	"context"
	"fmt"
	"sync"
)

// A RequestAuth authenticates the chunks of one request. Chunks with equal
// credentials share one check and one [Grant], however many they are: a request
// costs the backend one authentication. Where the grant is a [CredentialGrant],
// each command is an authentication of its own.
//
//	auth := authenticator.NewRequestAuth()
//	defer auth.Release(ctx)
//	id, ok, err := auth.Authenticate(ctx, credentials)
type RequestAuth struct {
	a *Authenticator

	mu     sync.Mutex
	checks map[question]*check
}

// question is the key of one check: the credentials, and how they are checked.
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

// Authenticate returns what [Backend] does. The RequestAuth owns the grant of
// an ok identity: [RequestAuth.Release] releases it, not the caller. Refusals
// and errors are kept too, so that one request is one attempt.
//
// Where only the master can decide what a user may do, nothing is checked yet:
// the grant is a [CredentialGrant], and the first command checks it.
func (s *RequestAuth) Authenticate(ctx context.Context, c Credentials) (Identity, bool, error) {
	if s.a.defersToMaster(c) {
		return s.ask(ctx, question{creds: c}, s.a.unchecked)
	}
	return s.AuthenticateNow(ctx, c)
}

// AuthenticateNow is Authenticate for a caller whose rights are needed before
// anything is sent: the credentials are checked in any case.
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

// Release ends the request: it releases every grant and drops the credentials.
// It is called once every Authenticate has returned; calling it again does
// nothing.
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
