package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/session/bolt"
	"github.com/saltern-api/saltern/server"
)

// sessionsFile is the file of logins in the state directory.
const sessionsFile = "sessions.db"

// openSessions opens the store of logins.
func (g *Gateway) openSessions() error {
	dir := g.config.Settings.StateDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("state_dir: %w", err)
	}
	store, err := bolt.Open(filepath.Join(dir, sessionsFile))
	if err != nil {
		return fmt.Errorf("state_dir: %w", err)
	}
	g.opened.add("the store of sessions", store.Close)
	g.sessions = session.New(session.Options{
		Store: store, Auth: g.auth.Authenticator, Tokens: g.auth.Master, Logger: g.log,
	})
	g.opened.addFunc("the sessions", g.sessions.Close)
	return nil
}

// recordTimeout is how long a login waits for the store of tokens, which may be
// on another machine.
const recordTimeout = time.Second

// groupRecorder stores a user's groups at login. API tokens of users whose
// groups only the master can look up run with the stored ones.
type groupRecorder struct {
	server.Sessions
	seen func(ctx context.Context, user, eauth string, groups []string) error
	log  *slog.Logger
}

// Login implements server.Sessions.
func (r groupRecorder) Login(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	s, ok, err := r.Sessions.Login(ctx, c)
	if err == nil && ok {
		r.record(ctx, s)
	}
	return s, ok, err
}

// Token implements server.Sessions.
func (r groupRecorder) Token(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	s, ok, err := r.Sessions.Token(ctx, c)
	if err == nil && ok {
		r.record(ctx, s)
	}
	return s, ok, err
}

// record does not fail a login: without it the tokens run with the groups of
// the previous login.
func (r groupRecorder) record(ctx context.Context, s *session.Session) {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	if err := r.seen(ctx, s.User, s.Eauth, s.Groups); err != nil {
		r.log.WarnContext(ctx, "the groups of a user were not stored for the user's API tokens",
			slog.String("user", s.User), slog.Any("error", err))
	}
}
