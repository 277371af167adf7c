package servertest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server"
)

// SessionID and SaltToken are the credentials of the one session.
var (
	SessionID = strings.Repeat("5e", 20)
	SaltToken = strings.Repeat("7a", 32)
)

const (
	// AuthToken is the beginning of a header with a credential.
	AuthToken = "X-Auth-Token: "

	// Login is a request body for /login that succeeds.
	Login = `{"username": "saltdev", "password": "saltdev", "eauth": "pam"}`
)

// Sessions has the user saltdev, whose password is saltdev, and one session.
type Sessions struct {
	Ended chan string // gets the credentials that were logged out
	Left  time.Time   // what a logout leaves
	Err   error       // the error of every method
}

var _ server.Sessions = Sessions{}

// Session returns the one session.
func Session() *session.Session {
	return &session.Session{
		ID: SessionID, Token: SaltToken, User: "saltdev", Eauth: "pam",
		Start: time.UnixMicro(1795354267_715331), Expire: time.UnixMicro(1795397467_500000),
	}
}

// Login implements [server.Sessions].
func (f Sessions) Login(_ context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	ok := c.Username == "saltdev" && c.Password == "saltdev" && c.Eauth == "pam"
	return Session(), ok, f.Err
}

// Token implements [server.Sessions].
func (f Sessions) Token(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	return f.Login(ctx, c)
}

// Resolve implements [server.Sessions].
func (f Sessions) Resolve(_ context.Context, credential string) (*session.Session, bool, error) {
	return Session(), credential == SessionID || credential == SaltToken, f.Err
}

// Logout implements [server.Sessions].
func (f Sessions) Logout(_ context.Context, credential string) (time.Time, error) {
	f.Ended <- credential
	return f.Left, nil
}

// Follow implements [server.Sessions].
func (f Sessions) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// StartWithSessions starts a server with the one session.
func StartWithSessions(t *testing.T, g server.Gateway, change func(*server.Config)) (*Server, Sessions) {
	t.Helper()
	f := Sessions{Ended: make(chan string, 1)}
	return Start(t, g, func(c *server.Config) {
		c.Sessions = f
		c.Perms = func(*session.Session) []byte { return []byte(`["test.*", "@runner"]`) }
		if change != nil {
			change(c)
		}
	}), f
}

// EndingSessions are sessions that can be ended.
type EndingSessions struct {
	Sessions
	mu    sync.Mutex
	ended error
	wake  chan struct{}
}

// End ends the contexts of all sessions. It is called once.
func (f *EndingSessions) End(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = why
	close(f.wake)
}

// Follow implements [server.Sessions].
func (f *EndingSessions) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-ctx.Done():
		case <-f.wake:
			f.mu.Lock()
			defer f.mu.Unlock()
			cancel(f.ended)
		}
	}()
	return ctx, func() { cancel(nil) }
}
