package master

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/internal/redact"
)

// Master is the part of a master that the backend needs.
type Master interface {
	// MakeToken lets the master authenticate, as its command mk_token does. ok
	// is false when the credentials are wrong. err wraps [eauth.ErrUnavailable]
	// when the master does not respond. life is the lifetime that the user
	// requests, 0 for none; the master decides.
	MakeToken(ctx context.Context, eauth, username, password string, life time.Duration) (t eauth.Token, ok bool, err error)

	// RemoveToken removes a token that MakeToken made. A token that no longer
	// exists is no error.
	RemoveToken(ctx context.Context, token string) error
}

// The default queue leaves most workers of a master, which has five by default,
// to other commands while passwords are guessed.
const (
	DefaultKnownGood = 4
	DefaultOthers    = 2
)

// Options set up a [Backend]. The zero value is usable.
type Options struct {
	Guard  guard.Options // with the default queue above where none is set
	Logger *slog.Logger  // receives tokens that could not be removed; nil discards
}

// Backend authenticates at the master.
type Backend struct {
	*guard.Guard
}

var _ eauth.Backend = (*Backend)(nil)

// New returns a backend over m, guarded.
func New(m Master, o Options) *Backend {
	if o.Guard.Admission == (admission.Options{}) {
		o.Guard.Admission = admission.Options{KnownGood: DefaultKnownGood, Others: DefaultOthers}
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
	token, ok, err := l.master.MakeToken(ctx, c.Eauth, c.Username, c.Password, c.TokenExpire)
	if err != nil {
		return eauth.Identity{}, false, fmt.Errorf("authenticate at the master: %w", err)
	}
	if !ok {
		return eauth.Identity{}, false, nil
	}
	g := &grant{login: l, token: token}
	if token.User == "" || token.Value == "" {
		g.Release(ctx)
		return eauth.Identity{}, false, errors.New("authenticate at the master: it said yes without a name or a token")
	}
	// The name of the module is the caller's, which was looked up in
	// external_auth; the master only repeats it.
	g.token.Eauth = c.Eauth
	id := eauth.Identity{User: token.User, Eauth: c.Eauth, Groups: token.Groups, AuthList: token.AuthList, Grant: g}
	return id, true, nil
}

// removeTimeout bounds how long the end of a request waits for the removal of
// its token.
const removeTimeout = 5 * time.Second

// grant is the authority of a token made for one request.
type grant struct {
	login *login
	token eauth.Token
	once  sync.Once // for its end: kept, or removed
}

var _ eauth.Keeper = (*grant)(nil)

func (g *grant) Token(context.Context) (string, error) { return g.token.Value, nil }

var errReleased = errors.New("the token was taken back already")

// Keep hands the token over. Its lifetime was fixed when it was made.
func (g *grant) Keep(context.Context, time.Duration) (eauth.Token, error) {
	err := errReleased
	g.once.Do(func() { err = nil })
	if err != nil {
		return eauth.Token{}, err
	}
	return g.token, nil
}

// Renew returns no token: another one would require the password, which is not
// kept.
func (g *grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }

// Exposed does nothing: the token ends with the request.
func (*grant) Exposed(string) {}

// Release removes the token, even though the request's context has often ended
// by now.
func (g *grant) Release(ctx context.Context) {
	g.once.Do(func() {
		if g.token.Value == "" {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		if err := g.login.master.RemoveToken(ctx, g.token.Value); err != nil {
			g.login.log.WarnContext(ctx, "a token made for one request could not be taken back and stays until it expires",
				slog.Any("err", redact.Error(err, g.token.Value)))
		}
	})
}

// String and GoString keep the token out of a printed identity.
func (g *grant) String() string   { return "a token of the master" }
func (g *grant) GoString() string { return g.String() }
