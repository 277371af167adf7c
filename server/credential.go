package server

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/web"
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

// credentialsOf returns the credentials beside the body, in the order in which
// they are tried: the first one that is good counts. An empty header is one
// that is not there: SaltGUI sends one before it has a token.
//
// salt-api knows X-Auth-Token, before the cookie, and no Authorization. What
// stands there may be for a proxy in front or made by one: a Bearer that is no
// session and no token of the master leaves the cookie to count. Not so one
// that begins as the gateway's own tokens do. Its sender wants to act within
// its scopes, and once it has been revoked is not to act without them.
func credentialsOf(r *http.Request) []credential {
	if token := only(r.Header["X-Auth-Token"]); token != "" {
		return []credential{{text: token}}
	}
	var all []credential
	if bearer := bearerOf(r); bearer != "" {
		all = append(all, credential{text: bearer})
		if isToken(all[0]) {
			return all
		}
	}
	if c, ok := cookieOf(r); ok {
		all = append(all, c)
	}
	return all
}

// bearerOf returns the token of Authorization: Bearer. Several that differ are
// none, or where one of them is the gateway's, one that is good for nobody.
func bearerOf(r *http.Request) string {
	var tokens []string
	for _, value := range r.Header["Authorization"] {
		scheme, token, _ := strings.Cut(value, " ")
		if token = strings.TrimSpace(token); strings.EqualFold(scheme, "Bearer") && token != "" {
			tokens = append(tokens, token)
		}
	}
	all := only(tokens)
	own := ownSecret.FindString(all)
	switch several := strings.Contains(all, ","); {
	case !several:
		return all
	case own != "":
		return own + ", and another"
	}
	return ""
}

// cookieOf returns the credential of the cookie. Of several the last one
// counts, and blanks and commas do not matter, as in salt-api: there are proxies
// that join the lines of a header with commas.
func cookieOf(r *http.Request) (credential, bool) {
	last := ""
	for _, line := range r.Header["Cookie"] {
		for part := range strings.SplitSeq(strings.ReplaceAll(line, ", ", ";"), ";") {
			name, value, ok := strings.Cut(part, "=")
			if ok && strings.TrimSpace(name) == sessionCookie {
				last = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
	}
	return credential{text: last, cookie: true}, last != ""
}

// only returns a header's value, of which the first may be empty. Of several
// that differ, nobody can tell which one a proxy has looked at: they become one
// that fits nobody.
func only(values []string) string {
	for len(values) > 1 && values[0] == "" {
		values = values[1:]
	}
	return strings.Join(slices.Compact(slices.Clone(values)), ", ")
}

const textNoPermission = "No permission -- see authorization schemes"

func errNoPermission() error {
	return &web.Error{Status: http.StatusUnauthorized, Text: textNoPermission}
}

// caller returns the session of whoever asks; the error is a refusal.
func (s *mainSurface) caller(x *exchange, r *http.Request) (*session.Session, error) {
	sess, _, err := s.resolve(x, r, credentialsOf(r))
	return sess, err
}

// resolved is what came of looking at credentials.
type resolved struct {
	of   []credential
	sess *session.Session
	good credential
	err  error
}

// resolve returns the session that the first good one of the credentials stands
// for, and which one that is; the error is a refusal. The credentials are looked
// at once for each request, and make its budget a caller's.
func (s *mainSurface) resolve(x *exchange, r *http.Request, all []credential) (*session.Session, credential, error) {
	if x.resolved == nil || !slices.Equal(x.resolved.of, all) {
		sess, good, err := s.firstGood(x, r, all)
		x.resolved = &resolved{all, sess, good, err}
		if err == nil {
			x.budget.Known()
		}
	}
	return x.resolved.sess, x.resolved.good, x.resolved.err
}

// identifies reports whether what came beside the body says who asks.
func (s *mainSurface) identifies(x *exchange, r *http.Request) bool {
	_, _, err := s.resolve(x, r, credentialsOf(r))
	return err == nil
}

func (s *mainSurface) firstGood(x *exchange, r *http.Request, all []credential) (*session.Session, credential, error) {
	for _, c := range all {
		sess, ok, err := s.look(x, r, c)
		if ok || err != nil {
			return sess, c, err
		}
	}
	return nil, credential{}, errNoPermission()
}

// look returns the session that a credential stands for, if it is good.
func (s *mainSurface) look(x *exchange, r *http.Request, c credential) (*session.Session, bool, error) {
	x.recorder.SetShown()
	if c.cookie {
		if err := s.crossOrigin.Check(r); err != nil {
			return nil, false, &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused", Err: err}
		}
	}
	if isToken(c) {
		sess, err := s.actAs(x, r, c)
		return sess, err == nil, err
	}
	sess, ok, err := s.sessions.Resolve(r.Context(), c.text)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		return nil, false, nil
	}
	x.recorder.SetUser(sess.User, sess.Eauth)
	x.Header().Set("Cache-Control", "private")
	return sess, true, nil
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
