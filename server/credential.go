package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"saltern/eauth"
	"saltern/eauth/session"
)

// Sessions is who has logged in. *session.Sessions is one.
type Sessions interface {
	Login(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error)
	Token(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error)
	Resolve(ctx context.Context, credential string) (*session.Session, bool, error)
	Logout(ctx context.Context, credential string) error
	Follow(ctx context.Context, s *session.Session) (context.Context, context.CancelFunc)
}

var _ Sessions = (*session.Sessions)(nil)

// sessionCookie is the name that salt-api gives its cookie.
const sessionCookie = "session_id"

// credential is a session id or a token that came beside the body.
type credential struct {
	text   string
	cookie bool // the browser sent it, whoever made the page that asked
}

// credentialOf looks at X-Auth-Token, Authorization: Bearer and the cookie, in
// this order. An empty header is one that is not there: SaltGUI sends one
// before it has a token.
func credentialOf(r *http.Request) (credential, bool) {
	if token := only(r.Header["X-Auth-Token"]); token != "" {
		return credential{text: token}, true
	}
	scheme, token, _ := strings.Cut(only(r.Header["Authorization"]), " ")
	if token = strings.TrimSpace(token); strings.EqualFold(scheme, "Bearer") && token != "" {
		return credential{text: token}, true
	}
	if c, err := r.Cookie(sessionCookie); err == nil && c.Value != "" {
		return credential{text: c.Value, cookie: true}, true
	}
	return credential{}, false
}

// only returns a header's value. Of several, nobody can tell which one a proxy
// has looked at: they become one that fits nobody.
func only(values []string) string { return strings.Join(values, ", ") }

const textNoPermission = "No permission -- see authorization schemes"

func errNoPermission() error {
	return &refusal{status: http.StatusUnauthorized, text: textNoPermission}
}

// caller returns the session of whoever asks; the error is a refusal.
func (s *mainSurface) caller(x *exchange, r *http.Request) (*session.Session, error) {
	c, ok := credentialOf(r)
	if !ok {
		return nil, errNoPermission()
	}
	return s.resolve(x, r, c)
}

// resolve returns the session that a credential stands for.
func (s *mainSurface) resolve(x *exchange, r *http.Request, c credential) (*session.Session, error) {
	x.audit.shown = true
	if c.cookie {
		if err := s.crossOrigin.Check(r); err != nil {
			return nil, &refusal{status: http.StatusForbidden, text: "Cross-origin request refused", err: err}
		}
	}
	if isToken(c) {
		return s.actAs(x, r, c)
	}
	sess, ok, err := s.sessions.Resolve(r.Context(), c.text)
	if err != nil {
		return nil, authError(err)
	}
	if !ok {
		return nil, errNoPermission()
	}
	x.known(sess.User, sess.Eauth)
	x.Header().Set("Cache-Control", "private")
	return sess, nil
}

// actAs takes the holder of an API token or an access token for its owner,
// until the request ends.
func (s *mainSurface) actAs(x *exchange, r *http.Request, c credential) (*session.Session, error) {
	a, err := s.bearers.act(x, r, c, s.bearers.endpoint(r))
	if err != nil {
		return nil, err
	}
	x.release(r.Context())
	x.acting = a
	return a.Session, nil
}

// authError is the answer when nobody could tell who is asking.
func authError(err error) error {
	switch {
	case errors.Is(err, eauth.ErrBusy):
		return &refusal{status: http.StatusServiceUnavailable, text: "Too many logins at once", err: err}
	case errors.Is(err, eauth.ErrUnavailable):
		return &refusal{status: http.StatusServiceUnavailable, text: "Salt Master is not available.", err: err}
	}
	return err
}

// noSessions is a gateway where nobody has logged in.
type noSessions struct{}

func (noSessions) Login(context.Context, eauth.Credentials) (*session.Session, bool, error) {
	return nil, false, eauth.ErrUnavailable
}

func (noSessions) Token(context.Context, eauth.Credentials) (*session.Session, bool, error) {
	return nil, false, eauth.ErrUnavailable
}

func (noSessions) Resolve(context.Context, string) (*session.Session, bool, error) {
	return nil, false, nil
}

func (noSessions) Logout(context.Context, string) error { return nil }

func (noSessions) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
