package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server"
)

// seenTimeout is how long a login waits for the store of tokens, which may be
// on another machine.
const seenTimeout = time.Second

// seenLogins has the store of tokens know the groups that a user logged in
// with: the tokens of one whom only the master can look up act with these.
type seenLogins struct {
	server.Sessions
	seen func(ctx context.Context, user, eauth string, groups []string) error
	log  *slog.Logger
}

// Login is server.Sessions'.
func (s seenLogins) Login(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	sess, ok, err := s.Sessions.Login(ctx, c)
	if err == nil && ok {
		s.note(ctx, sess)
	}
	return sess, ok, err
}

// Token is server.Sessions'.
func (s seenLogins) Token(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	sess, ok, err := s.Sessions.Token(ctx, c)
	if err == nil && ok {
		s.note(ctx, sess)
	}
	return sess, ok, err
}

// note never keeps a user out: without it the tokens act with the groups of
// the login before.
func (s seenLogins) note(ctx context.Context, sess *session.Session) {
	ctx, cancel := context.WithTimeout(ctx, seenTimeout)
	defer cancel()
	if err := s.seen(ctx, sess.User, sess.Eauth, sess.Groups); err != nil {
		s.log.WarnContext(ctx, "the groups of a user were not noted for his tokens",
			slog.String("user", sess.User), slog.Any("error", err))
	}
}
