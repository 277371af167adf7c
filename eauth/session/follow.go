package session

import (
	"context"
)

// Follow returns a context that ends with a session: with the cause
// [ErrExpired] when it expires, with [ErrRevoked] within a second after its
// token was logged out, at once when that was done here, or was removed from
// the master's store by others. Where that store is out of reach the master is
// asked, as often as can be asked of it, so with very many sessions it takes
// longer. The function that comes with it must be called.
func (s *Sessions) Follow(ctx context.Context, sess *Session) (context.Context, context.CancelFunc) {
	ctx, stopTimer := context.WithDeadlineCause(ctx, sess.Expire, ErrExpired)
	ctx, end := context.WithCancelCause(ctx)
	forget := s.streams.add(sess.Token, sess.Expire, end)
	// The session may have ended between its look-up and now.
	if s.gone(ctx, sess.Token) {
		end(ErrRevoked)
	}
	forgotten := context.AfterFunc(ctx, forget) // a caller may never come to it
	return ctx, func() {
		end(context.Canceled)
		stopTimer()
		forgotten()
		forget()
	}
}

// gone tells whether a token is known to have ended, without asking the master.
func (s *Sessions) gone(ctx context.Context, token string) bool {
	if !s.tokens.Local() {
		denied, err := s.denied(ctx, token)
		return denied && err == nil
	}
	_, ok, err := s.look(ctx, token)
	return !ok && err == nil
}
