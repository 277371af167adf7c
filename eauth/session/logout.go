package session

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Logout ends a session and its Salt token; or a Salt token, with every session
// based on it. The token is removed from the master's store, or else denied
// here until it expires: then left is that time, until which the master takes it. An
// unknown credential is no error. Logout is not canceled with the request, since a
// client that disconnects still means to log out.
func (s *Sessions) Logout(ctx context.Context, credential string) (left time.Time, err error) {
	ctx = context.WithoutCancel(ctx)
	if isID(credential) {
		sess, ok, err := s.open(ctx, credential)
		if err != nil {
			return time.Time{}, fmt.Errorf("log out: %w", err)
		}
		if ok {
			return s.end(ctx, sess.Token, sess.Expire)
		}
	}
	if !s.auth.WellFormed(credential) {
		return time.Time{}, nil
	}
	t, ok, err := s.tokens.LookupToken(ctx, credential)
	if err != nil {
		return time.Time{}, fmt.Errorf("log out: %w", err)
	}
	if !ok {
		t.Expire = time.Time{} // nothing to deny
	}
	return s.end(ctx, credential, t.Expire)
}

// end removes a token, or denies it until it expires, and ends the sessions and
// streams based on it. until is that of the denial.
func (s *Sessions) end(ctx context.Context, token string, expire time.Time) (until time.Time, err error) {
	s.sweep(ctx)
	h := HashOf(token)
	if err := s.remove(ctx, token); err != nil && time.Now().Before(expire) {
		until = expire
		s.log.DebugContext(ctx, "a token is denied, as it could not be removed", slog.Any("error", err))
	}
	err = s.store.End(ctx, h, until, s.mostDenied)
	// Even if that failed: the token may have been removed.
	s.recent.forget(h)
	s.streams.End(ErrRevoked, h)
	if err != nil {
		return time.Time{}, fmt.Errorf("log out: %w", storeError(err))
	}
	return until, nil
}
