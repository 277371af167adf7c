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

	// Reuse is how long credentials that were right need no second check by the
	// master: a request uses the token of an earlier one. 0 is never. Reusable
	// reports whether an eauth module permits it; one with one-time passwords,
	// or with a say in its users' rights, must not. nil permits none.
	Reuse    time.Duration
	Reusable func(eauth string) bool
}

// Backend authenticates at the master.
type Backend struct {
	*guard.Guard
	login *login
}

var _ eauth.Backend = (*Backend)(nil)

// New returns a backend over m, guarded. It must be closed where it reuses
// tokens.
func New(m Master, o Options) *Backend {
	if o.Guard.Admission == (admission.Options{}) {
		o.Guard.Admission = admission.Options{KnownGood: DefaultKnownGood, Others: DefaultOthers}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	l := &login{master: m, log: o.Logger, reusable: o.Reusable}
	if o.Reuse > 0 && o.Reusable != nil {
		l.reuse = newReuse(o.Reuse, l.remove)
	}
	b := &Backend{guard.New(l, o.Guard), l}
	l.again = b.Authenticate
	return b
}

// Close removes the tokens that are kept for a next request.
func (b *Backend) Close(ctx context.Context) {
	if b.login.reuse != nil {
		b.login.reuse.close(ctx)
	}
}

// login is the backend behind the guard: what the guard refuses is refused
// whether or not the credentials were right a moment ago.
type login struct {
	master Master
	log    *slog.Logger

	reuse    *reuse // nil where each request has its own token
	reusable func(eauth string) bool
	again    func(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) // the guard
}

func (l *login) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	if c.Token != "" {
		return eauth.Identity{}, false, nil // a token is not a password
	}
	reuses := l.reuse != nil && l.reusable(c.Eauth)
	if reuses && !c.Fresh {
		if s := l.reuse.take(c); s != nil {
			id := s.id
			id.Grant = &sharedGrant{reuse: l.reuse, creds: c, again: l.again, token: s}
			return id, true, nil
		}
	}
	id, token, ok, err := l.check(ctx, c)
	switch {
	case err != nil || !reuses:
		return id, ok, err
	case !ok:
		l.reuse.wrong(ctx, c)
		return id, ok, nil
	case id.AuthList != nil: // what the user may do is fixed in the token
		return id, ok, nil
	}
	if s := l.reuse.right(ctx, c, id, token); s != nil {
		id.Grant = &sharedGrant{reuse: l.reuse, token: s}
	}
	return id, true, nil
}

// check has the master check c.
func (l *login) check(ctx context.Context, c eauth.Credentials) (eauth.Identity, eauth.Token, bool, error) {
	token, ok, err := l.master.MakeToken(ctx, c.Eauth, c.Username, c.Password, c.TokenExpire)
	if err != nil {
		return eauth.Identity{}, eauth.Token{}, false, fmt.Errorf("authenticate at the master: %w", err)
	}
	if !ok {
		return eauth.Identity{}, eauth.Token{}, false, nil
	}
	g := &grant{login: l, token: token}
	if token.User == "" || token.Value == "" {
		g.Release(ctx)
		return eauth.Identity{}, eauth.Token{}, false, errors.New("authenticate at the master: it said yes without a name or a token")
	}
	// The name of the module is the caller's, which was looked up in
	// external_auth; the master only repeats it.
	g.token.Eauth = c.Eauth
	id := eauth.Identity{User: token.User, Eauth: c.Eauth, Groups: token.Groups, AuthList: token.AuthList, Grant: g}
	return id, g.token, true, nil
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

// Release removes the token.
func (g *grant) Release(ctx context.Context) {
	g.once.Do(func() { g.login.remove(ctx, g.token.Value) })
}

// remove removes a token, even though the request's context has often ended by
// now.
func (l *login) remove(ctx context.Context, token string) {
	if token == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	if err := l.master.RemoveToken(ctx, token); err != nil {
		l.log.WarnContext(ctx, "a token of the master could not be taken back and stays until it expires",
			slog.Any("err", redact.Error(err, token)))
	}
}

// String and GoString keep the token out of a printed identity.
func (g *grant) String() string   { return "a token of the master" }
func (g *grant) GoString() string { return g.String() }
