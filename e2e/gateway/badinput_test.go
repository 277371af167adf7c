package gateway

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// badRow is a request with something wrong in it and its whole answer.
type badRow struct {
	envtest.Request
	status int
	text   string // of the error
	body   string // the body, where it is not that

	// refused says that the HTTP side gives the answer by itself: rest_wsgi
	// then puts the status before the text.
	refused bool

	only   string // the one surface that it is for
	header map[string]string
}

// The texts that many rows have.
const (
	textNoLogin   = "No authentication credentials given"
	textBadMethod = "Specified method is invalid for this resource"
	textBadType   = "Content type not supported"
)

// TestBadInput has what the gateway answers by itself, on both listeners, and
// what is like that and good. What a real master refuses is in e2e/commands.
func TestBadInput(t *testing.T) {
	t.Parallel()
	g := start(t, options{})
	// Wrong logins slow down nobody whose credentials were right lately.
	loginAll(t, g)
	t.Cleanup(func() { loginAll(t, g) })
	for name, row := range badRows(t, g) {
		for surface, base := range g.surfaces() {
			if row.only != "" && row.only != surface {
				continue
			}
			t.Run(name+" "+surface, func(t *testing.T) {
				t.Parallel()
				row.check(t, surface, g.ask(t, base, row.Request))
			})
		}
	}
}

// loginAll logs every user in, so that the gateway knows their passwords to be
// right and counts no failure of theirs.
func loginAll(t *testing.T, g *running) {
	t.Helper()
	for user, status := range map[string]int{env.User: 200, env.ReadOnly: 200, env.Stranger: 401} {
		a, err := g.Post(context.Background(), g.WSGI, env.Chunk(user, envtest.GoodPing))
		require.NoError(t, err)
		require.Equal(t, status, a.Status, a.Body)
	}
}

func (row badRow) check(t *testing.T, surface string, a env.Answer) {
	t.Helper()
	want := row.body
	if want == "" {
		text := row.text
		if row.refused && surface == "wsgi" {
			text = fmt.Sprintf("%d: %s", row.status, text)
		}
		want = envtest.ErrorBody(surface, row.status, text)
	}
	require.Equal(t, row.status, a.Status, a.Body)
	require.Equal(t, strconv.Itoa(len(want)), a.Header.Get("Content-Length"))
	if row.Method != http.MethodHead {
		require.Equal(t, want, a.Body)
	}
	require.Equal(t, envtest.JSON, a.Header.Get("Content-Type"))
	require.NotEmpty(t, a.Header.Get("X-Request-Id"))
	if row.status == http.StatusUnauthorized {
		require.Equal(t, "Session", a.Header.Get("WWW-Authenticate"))
	}
	for name, value := range row.header {
		require.Equal(t, value, a.Header.Get(name), name)
	}
}

func badRows(t *testing.T, g *running) map[string]badRow {
	rows := make(map[string]badRow)
	for _, more := range []map[string]badRow{
		credentialRows(t, g), syntaxRows(), chunkRows(), unknownRows(), httpRows(),
	} {
		for name, row := range more {
			require.NotContains(t, rows, name)
			rows[name] = row
		}
	}
	return rows
}

// login is a chunk of test.ping with these credentials.
func login(credentials string) envtest.Request {
	return envtest.Request{Body: `[{` + credentials + `, ` + envtest.GoodPing + `}]`}
}

func password(eauth, user, password string) envtest.Request {
	return login(fmt.Sprintf(`"eauth": %q, "username": %q, "password": %q`, eauth, user, password))
}

// credentialRows are credentials that are wrong: for every cause there is the
// same answer.
func credentialRows(t *testing.T, g *running) map[string]badRow {
	store := tokenstore.Store{Dir: g.TokenDir(), HashType: "sha256", Layout: tokenstore.Enveloped}
	expired := tokenstore.Record{
		Token: store.NewToken(), User: env.User, Eauth: "pam",
		Start: time.Now().Add(-2 * time.Hour), Expire: time.Now().Add(-time.Hour),
	}
	require.NoError(t, store.Write(expired))
	t.Cleanup(func() { require.NoError(t, store.Remove(expired.Token)) })

	long := strings.Repeat("x", 512)
	rows := map[string]badRow{"no credentials": {
		Request: envtest.Request{Body: `[{` + envtest.GoodPing + `}]`}, status: 401, text: textNoLogin,
	}}
	for name, q := range map[string]envtest.Request{
		"wrong password":           password("pam", env.User, "wrong"),
		"wrong password, by Salt":  password("sharedsecret", sandbox.UserAll, "wrong"),
		"unknown user":             password("pam", "who-is-that", "wrong"),
		"another user's password":  password("pam", env.ReadOnly, env.User),
		"empty password":           password("pam", env.User, ""),
		"empty user":               password("pam", "", env.User),
		"no user":                  login(`"eauth": "pam", "password": "x"`),
		"no password":              login(`"eauth": "pam", "username": "saltdev"`),
		"user is a number":         login(`"eauth": "pam", "username": 1, "password": "x"`),
		"password is a list":       login(`"eauth": "pam", "username": "saltdev", "password": ["saltdev"]`),
		"eauth that is not set up": password("ldap", env.User, env.User),
		"eauth is null":            login(`"eauth": null, "username": "saltdev", "password": "saltdev"`),
		"expired token":            login(`"token": "` + expired.Token + `"`),
		"unknown token":            login(`"token": "` + store.NewToken() + `"`),
		"NUL in the user":          login(`"eauth": "pam", "username": "saltdev\u0000x", "password": "saltdev"`),
		"NUL in the password":      login(`"eauth": "pam", "username": "saltdev", "password": "saltdev\u0000x"`),
		"too long a user":          password("pam", long, "x"),
		"too long a password":      password("pam", env.User, long),
	} {
		row := badRow{Request: q, status: 401, text: envtest.TextWrong}
		if name != "wrong password" && regexp.MustCompile(`user|password|by Salt`).MatchString(name) {
			row.only = "main" // a wrong login takes a second, on whichever surface
		}
		rows[name] = row
	}
	return rows
}

// TestDisabledClient is about a client that netapi_enable_clients leaves out.
func TestDisabledClient(t *testing.T) {
	t.Parallel()
	g := start(t, strict())
	for surface, base := range g.surfaces() {
		a := g.ask(t, base, envtest.Request{Body: env.Chunk(env.User, `"client": "local_async", "tgt": "*", "fun": "test.ping"`)})
		require.Equal(t, http.StatusBadRequest, a.Status, surface)
		require.Equal(t, envtest.ErrorBody(surface, http.StatusBadRequest, "Client disabled: 'local_async'. "+
			"Add to 'netapi_enable_clients' master config option to enable."), a.Body, surface)
	}
}

// TestAskedNobody shows that credentials which cannot be right go to no
// backend: not to PAM, not to the token store, not to the master.
func TestAskedNobody(t *testing.T) {
	t.Parallel()
	g := start(t, options{})
	require.Equal(t, http.StatusOK, g.post(t, env.Chunk(env.User, envtest.GoodPing)).Status)
	before := envtest.Authentications(t, g.Env)
	rows := credentialRows(t, g)
	impossible := regexp.MustCompile(`NUL|too long|is a |is null|not set up|no user|empty user|no credentials`)
	asked := 0
	for name, row := range rows {
		if impossible.MatchString(name) {
			row.check(t, "wsgi", g.ask(t, g.WSGI, row.Request))
			asked++
		}
	}
	require.Equal(t, 11, asked)
	require.Equal(t, before, envtest.Authentications(t, g.Env))
}
