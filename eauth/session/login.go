package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/internal/redact"
)

// idSize is the length of an id in bytes, the same as that of salt-api's.
const idSize = 20

func newID() string {
	var b [idSize]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	return hex.EncodeToString(b[:])
}

// isID reports whether s can be the id of a session.
func isID(s string) bool {
	if len(s) != 2*idSize {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Token checks c once, as a login, and makes a Salt token for the caller alone.
// There is no session: ID is empty. It returns ok and err as [eauth.Backend]
// does.
func (s *Sessions) Token(ctx context.Context, c eauth.Credentials) (*Session, bool, error) {
	t, ok, err := s.auth.Login(ctx, c)
	if !ok || err != nil {
		return nil, false, err
	}
	return newSession("", t), true, nil
}

// Login is Token, but also creates a session for the token.
func (s *Sessions) Login(ctx context.Context, c eauth.Credentials) (*Session, bool, error) {
	sess, ok, err := s.Token(ctx, c)
	if !ok || err != nil {
		return nil, false, err
	}
	sess.ID = newID()
	// The rest does not stop with the request: a half made session would leave
	// a token behind.
	detached := context.WithoutCancel(ctx)
	err = ctx.Err()
	if err == nil {
		err = s.begin(detached, sess)
	}
	if err != nil {
		return nil, false, errors.Join(fmt.Errorf("log in: %w", err), s.remove(detached, sess.Token))
	}
	return sess, true, nil
}

// begin stores a session, and ends the user's oldest ones if there are too
// many.
func (s *Sessions) begin(ctx context.Context, sess *Session) error {
	sealed, err := seal(sess)
	if err != nil {
		return err
	}
	s.sweep(ctx)
	ended, err := s.store.Put(ctx, Record{
		Key:   HashOf(sess.ID),
		Token: HashOf(sess.Token),
		User:  HashOf(sess.Eauth + "\x00" + sess.User),
		// Our own clock orders a user's sessions, not the master's.
		Start:  time.Now(),
		Expire: sess.Expire,
		Sealed: sealed,
	}, s.perUser)
	for _, old := range ended {
		s.displace(ctx, sess, old)
	}
	return storeError(err)
}

// displace ends a session that another one has displaced. If its token, which
// was never revealed, cannot be removed, it is left to expire.
func (s *Sessions) displace(ctx context.Context, by *Session, old Record) {
	s.recent.forget(old.Token)
	s.streams.End(ErrRevoked, old.Token)
	err := s.tokens.RemoveHashed(ctx, old.Token)
	s.log.InfoContext(ctx, "a user has too many sessions: the oldest was ended",
		slog.String("user", by.User), slog.String("eauth", by.Eauth), slog.Bool("token_removed", err == nil))
}

// remove removes a token. Its error does not quote the token.
func (s *Sessions) remove(ctx context.Context, token string) error {
	return redact.Error(s.tokens.Remove(ctx, token), token)
}
