package caller

import (
	"context"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/web"
)

// fakeSessions are logins by their ids.
type fakeSessions map[string]*session.Session

func (s fakeSessions) Resolve(_ context.Context, credential string) (*session.Session, bool, error) {
	sess, ok := s[credential]
	return sess, ok, nil
}

func (fakeSessions) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

func newJWTs(t *testing.T, key byte) *JWTs {
	t.Helper()
	j, err := NewJWTs([]byte(strings.Repeat(string(rune(key)), 32)))
	require.NoError(t, err)
	return j
}

func TestJWT(t *testing.T) {
	t.Parallel()
	j, now := newJWTs(t, 'a'), time.Now()
	user := &Caller{
		Session:    &session.Session{ID: "the session's id", User: "saltdev", Eauth: "pam", Expire: now.Add(12 * time.Hour)},
		Credential: Credential{Text: "the session's id"},
	}
	text, expires, err := j.Issue(user)
	require.NoError(t, err)
	require.WithinRange(t, expires, now.Add(jwtLife-2*time.Second), now.Add(jwtLife+time.Minute))
	require.True(t, Credential{Text: text}.IsJWT())

	var parts claims
	_, _, err = jwt.NewParser().ParseUnverified(text, &parts)
	require.NoError(t, err)
	require.Equal(t, "saltdev", parts.Subject)
	require.NotContains(t, parts.Sealed, "session", "the credential is encrypted")

	got, ok := j.open(text)
	require.True(t, ok)
	require.Equal(t, "the session's id", got.Text)
	require.True(t, expires.Equal(got.expires))

	again, ok := newJWTs(t, 'a').open(text)
	require.True(t, ok, "another gateway with the same key")
	require.Equal(t, got, again)
	_, ok = newJWTs(t, 'b').open(text)
	require.False(t, ok, "another key")

	j.now = func() time.Time { return now.Add(jwtLife + time.Second) }
	_, ok = j.open(text)
	require.False(t, ok, "expired")
}

// A JWT does not outlive what it is issued for, nor the JWT by which it was requested.
func TestJWTEndsWithItsCredential(t *testing.T) {
	t.Parallel()
	j, soon := newJWTs(t, 'a'), time.Now().Add(10*time.Minute).Truncate(time.Second)
	for name, c := range map[string]*Caller{
		"session": {Session: &session.Session{User: "saltdev", Expire: soon}, Credential: Credential{Text: "x"}},
		"token":   {Principal: &issuer.Principal{User: "saltdev", Expires: soon}, Credential: Credential{Text: "x"}},
		"jwt":     {Session: &session.Session{User: "saltdev"}, Credential: Credential{Text: "x", expires: soon}},
	} {
		_, expires, err := j.Issue(c)
		require.NoError(t, err, name)
		require.True(t, soon.Equal(expires), name)
	}
	_, _, err := j.Issue(&Caller{})
	require.Error(t, err)
	_, _, err = j.Issue(&Caller{Session: &session.Session{User: "saltdev"}})
	require.Error(t, err, "without a credential")
}

// What is not one of ours is not opened, whoever has signed it.
func TestForeignJWT(t *testing.T) {
	t.Parallel()
	j := newJWTs(t, 'a')
	good := func() claims {
		sealed := base64.RawURLEncoding.EncodeToString(j.seal.Seal(nil, nil, []byte("id"), []byte(jwtType)))
		return claims{Sealed: sealed, RegisteredClaims: jwt.RegisteredClaims{
			Issuer: jwtIssuer, Audience: jwt.ClaimStrings{jwtAudience}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Minute)),
		}}
	}
	for name, change := range map[string]func(*jwt.Token, *claims){
		"algorithm none": func(t *jwt.Token, _ *claims) { t.Method, t.Header["alg"] = jwt.SigningMethodNone, "none" },
		"another HMAC":   func(t *jwt.Token, _ *claims) { t.Method, t.Header["alg"] = jwt.SigningMethodHS512, "HS512" },
		"issuer":         func(_ *jwt.Token, c *claims) { c.Issuer = "other" },
		"audience":       func(_ *jwt.Token, c *claims) { c.Audience = nil },
		"no end":         func(_ *jwt.Token, c *claims) { c.ExpiresAt = nil },
		"type":           func(t *jwt.Token, _ *claims) { t.Header["typ"] = "JWT" },
		"sealed":         func(_ *jwt.Token, c *claims) { c.Sealed = "eA" },
		"sealed for else": func(_ *jwt.Token, c *claims) {
			c.Sealed = base64.RawURLEncoding.EncodeToString(j.seal.Seal(nil, nil, []byte("id"), nil))
		},
		"": func(*jwt.Token, *claims) {}, // the one that opens
	} {
		is := good()
		tok := jwt.NewWithClaims(jwt.SigningMethodHS256, &is)
		tok.Header["typ"] = jwtType
		change(tok, &is)
		key := any(j.sign)
		if tok.Method == jwt.SigningMethodNone {
			key = jwt.UnsafeAllowNoneSignatureType
		}
		text, err := tok.SignedString(key)
		require.NoError(t, err, name)
		_, ok := j.open(text)
		require.Equal(t, name == "", ok, name)
	}
}

// A JWT is accepted by the resolver for as long as its session is, and the session
// ends, for streams, with the JWT.
func TestResolveJWT(t *testing.T) {
	t.Parallel()
	j := newJWTs(t, 'a')
	sess := &session.Session{ID: "id", User: "saltdev", Eauth: "pam", Expire: time.Now().Add(time.Hour)}
	known := fakeSessions{"id": sess}
	v := &Resolver{Sessions: known, JWTs: j}
	text, expires, err := j.Issue(OfLogin(sess))
	require.NoError(t, err)

	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	x := web.NewExchange(httptest.NewRecorder(), time.Second)
	found, ok, err := v.Lookup(x, r, Credential{Text: text})
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, found.LoggedIn)
	require.Equal(t, "saltdev", found.User)
	require.True(t, expires.Equal(found.Session.Expire))
	require.True(t, sess.Expire.After(expires), "the session itself goes on")

	_, ok, err = v.Lookup(x, r, Credential{Text: text, Cookie: true})
	require.NoError(t, err)
	require.False(t, ok, "not in a cookie")

	delete(known, "id")
	_, ok, err = v.Lookup(x, r, Credential{Text: text})
	require.NoError(t, err)
	require.False(t, ok, "it ends with its session")
}

// fakeTokens are the principals of tokens.
type fakeTokens struct {
	Tokens
	known map[string]*issuer.Principal
}

func (f fakeTokens) Check(_ context.Context, secret string, _ issuer.Origin) (*issuer.Principal, bool, error) {
	p, ok := f.known[secret]
	return p, ok, nil
}

// The principal of a token in a JWT ends with the JWT. Once the token is revoked the
// JWT is refused, also beside the cookie of a session, which is not tried in its place.
func TestResolveJWTOfToken(t *testing.T) {
	t.Parallel()
	j := newJWTs(t, 'a')
	secret := apitoken.NewSecret(apitoken.KindAPI).Reveal()
	p := &issuer.Principal{User: "saltdev", Eauth: "pam", Expires: time.Now().Add(90 * 24 * time.Hour), Scopes: new(role.Set)}
	tokens := fakeTokens{known: map[string]*issuer.Principal{secret: p}}
	sessions := fakeSessions{"cookie": {ID: "cookie", User: "saltdev", Eauth: "pam", Expire: time.Now().Add(time.Hour)}}
	v := &Resolver{Sessions: sessions, Tokens: tokens, JWTs: j}
	text, expires, err := j.Issue(&Caller{User: "saltdev", Eauth: "pam", Principal: p, Credential: Credential{Text: secret}})
	require.NoError(t, err)
	require.WithinRange(t, expires, time.Now(), time.Now().Add(jwtLife))

	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+text)
	r.Header.Set("Cookie", "session_id=cookie")
	identify := func() (*Caller, error) {
		return v.Caller(web.NewExchange(httptest.NewRecorder(), time.Second), r, CredentialsOf(r))
	}
	found, err := identify()
	require.NoError(t, err)
	require.NotNil(t, found.Principal)
	require.True(t, expires.Equal(found.Principal.Expires))
	require.True(t, p.Expires.After(expires), "the token itself goes on")

	delete(tokens.known, secret)
	_, err = identify()
	require.Equal(t, errBadToken(), err)

	r.Header.Add("Authorization", "Bearer of-a-proxy")
	_, err = identify()
	require.Equal(t, errBadToken(), err, "nor beside another one")

	foreign, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "saltdev"}).SignedString([]byte("a proxy's"))
	require.NoError(t, err)
	r.Header["Authorization"] = []string{"Bearer " + foreign}
	found, err = identify()
	require.NoError(t, err)
	require.NotNil(t, found.Session, "that of a proxy is passed over")
}

func FuzzJWT(f *testing.F) {
	j, err := NewJWTs(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	text, _, err := j.Issue(OfLogin(&session.Session{ID: "id", User: "u"}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, changed string) {
		if got, ok := j.open(changed); ok && got.Text != "id" {
			t.Fatalf("%q opens as %q", changed, got.Text)
		}
	})
}
