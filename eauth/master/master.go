// Package master is the eauth backend that lets the master do it: the
// credentials go to the master's own eauth module, whichever that is. The
// master answers with a token, which serves the whole request and is then
// taken back, so a request costs one authentication and leaves nothing behind.
//
//	b := master.New(saltMaster, master.Options{})
//	id, ok, err := b.Authenticate(ctx, eauth.Credentials{
//		Eauth: "ldap", Username: "alice", Password: "secret",
//	})
//
// The master holds a wrong password in one of its few workers for a second or
// so; that is why a guard stands before it. The package imports eauth and its
// guard only.
package master

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"saltern/eauth"
	"saltern/eauth/guard"
	"saltern/eauth/internal/redact"
	"saltern/eauth/lane"
)

// Master is what the backend needs of a master.
type Master interface {
	// MakeToken has the master authenticate, as its command mk_token does.
	// ok is false when the credentials are wrong. err wraps
	// [eauth.ErrUnavailable] when the master does not answer.
	MakeToken(ctx context.Context, eauth, username, password string) (token, user string, ok bool, err error)

	// RemoveToken takes back a token that MakeToken made. A token that is gone
	// already is no error.
	RemoveToken(ctx context.Context, token string) error
}

// The default lanes leave most workers of a master, which has five by default,
// to others while passwords are guessed.
const (
	DefaultProven   = 4
	DefaultUnproven = 2
)

// Options set up a [Backend]. The zero value is fit for use.
type Options struct {
	Guard  guard.Options // with the default lanes above where none are set
	Logger *slog.Logger  // hears of tokens that could not be taken back; nil discards
}

// Backend authenticates at the master.
type Backend struct {
	*guard.Guard
}

var _ eauth.Backend = (*Backend)(nil)

// New returns a backend over m, guarded.
func New(m Master, o Options) *Backend {
	if o.Guard.Lanes == (lane.Options{}) {
		o.Guard.Lanes = lane.Options{Proven: DefaultProven, Unproven: DefaultUnproven}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Backend{guard.New(&login{master: m, log: o.Logger}, o.Guard)}
}

// login is the backend behind the guard.
type login struct {
	master Master
	log    *slog.Logger
}

func (l *login) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	if c.Token != "" {
		return eauth.Identity{}, false, nil // a token is not a password
	}
	token, user, ok, err := l.master.MakeToken(ctx, c.Eauth, c.Username, c.Password)
	if err != nil {
		return eauth.Identity{}, false, fmt.Errorf("authenticate at the master: %w", err)
	}
	if !ok {
		return eauth.Identity{}, false, nil
	}
	g := &grant{login: l, token: token}
	if user == "" || token == "" {
		g.Release(ctx)
		return eauth.Identity{}, false, errors.New("authenticate at the master: it said yes without a name or a token")
	}
	return eauth.Identity{User: user, Eauth: c.Eauth, Grant: g}, true, nil
}

// removeTimeout bounds how long the end of a request waits for its token to
// be taken back.
const removeTimeout = 5 * time.Second

// grant is the authority of a token made for one request.
type grant struct {
	login *login
	token string
	once  sync.Once
}

func (g *grant) Token(context.Context) (string, error) { return g.token, nil }

// Renew has nothing to offer: another token would take the password, which is
// not kept.
func (g *grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }

// Exposed does nothing: the token ends with the request.
func (*grant) Exposed(string) {}

// Release takes the token back, even though the request's context has often
// ended by now.
func (g *grant) Release(ctx context.Context) {
	g.once.Do(func() {
		if g.token == "" {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		if err := g.login.master.RemoveToken(ctx, g.token); err != nil {
			g.login.log.WarnContext(ctx, "a token made for one request could not be taken back and stays until it expires",
				slog.Any("err", redact.Error(err, g.token)))
		}
	})
}

// String and GoString keep the token out of whatever prints an identity.
func (g *grant) String() string   { return "a token of the master" }
func (g *grant) GoString() string { return g.String() }
