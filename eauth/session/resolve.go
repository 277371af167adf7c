package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth"
)

// Resolve returns the session of a credential, which is a session's id or a
// Salt token. ok is false when there is none, because the credential is
// malformed (nothing is looked up then), unknown, expired, or logged out. A
// session is also over when others have removed its token, which is noticed
// within a second. err is as of [eauth.Backend].
func (s *Sessions) Resolve(ctx context.Context, credential string) (*Session, bool, error) {
	if isID(credential) {
		sess, ok, err := s.byID(ctx, credential)
		if ok || err != nil {
			return sess, ok, err
		}
	}
	// A token of hash_type sha1 has the form of an id.
	if s.auth.WellFormed(credential) {
		return s.byToken(ctx, credential)
	}
	return nil, false, nil
}

func (s *Sessions) byID(ctx context.Context, id string) (*Session, bool, error) {
	sess, ok, err := s.open(ctx, id)
	if !ok || err != nil || !s.good(sess) {
		return nil, false, err
	}
	_, ok, err = s.recent.look(ctx, sess.Token)
	if err != nil && !s.tokens.Local() && errors.Is(err, eauth.ErrUnavailable) {
		// The master is down, or has just started. It checks the token itself
		// when it receives a command; a request that needs no master must not
		// fail here.
		return sess, true, nil
	}
	if !ok || err != nil {
		return nil, false, err
	}
	return sess, true, nil
}

func (s *Sessions) byToken(ctx context.Context, token string) (*Session, bool, error) {
	t, ok, err := s.recent.look(ctx, token)
	if !ok || err != nil {
		return nil, false, err
	}
	sess := newSession("", t)
	sess.Token = token
	if !s.good(sess) {
		return nil, false, nil
	}
	return sess, true, nil
}

// good reports whether the session can be used at all.
func (s *Sessions) good(sess *Session) bool {
	return sess.User != "" && time.Now().Before(sess.Expire) && s.auth.Knows(sess.Eauth)
}

// open reads the session with this id, expired or not.
func (s *Sessions) open(ctx context.Context, id string) (*Session, bool, error) {
	r, ok, err := s.store.Get(ctx, HashOf(id))
	if err != nil {
		return nil, false, fmt.Errorf("find a session: %w", storeError(err))
	}
	if !ok {
		return nil, false, nil
	}
	sess, err := unseal(id, r.Sealed)
	if err != nil {
		s.log.WarnContext(ctx, "a stored session is damaged", slog.Any("error", err))
		return nil, false, nil
	}
	return sess, true, nil
}
