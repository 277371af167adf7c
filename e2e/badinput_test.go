package e2e

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
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// badRow is a request with something wrong in it and its whole answer.
type badRow struct {
	asked
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
	textWrong     = "Authentication error occurred."
	textNoRight   = "Authorization error occurred."
	textNoLogin   = "No authentication credentials given"
	textBadMethod = "Specified method is invalid for this resource"
	textBadType   = "Content type not supported"
	textWelcome   = `{"return": "Welcome", "clients": ["local", "local_async", "local_batch", "local_subset", ` +
		`"runner", "runner_async", "ssh", "wheel", "wheel_async"]}`
	goodPing       = `"client": "local", "tgt": "ms--0", "fun": "test.ping"`
	goodPingAnswer = `{"return": [{"ms--0": true}]}`
)

// TestBadInput has the rows for which the master does not have to be away, on
// both listeners.
func TestBadInput(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		// Wrong logins slow down nobody whose credentials were right lately.
		loginAll(t, r)
		t.Cleanup(func() { loginAll(t, r) })
		for name, row := range badRows(t, r) {
			for surface, base := range surfaces(r) {
				if row.only != "" && row.only != surface {
					continue
				}
				t.Run(name+" "+surface, func(t *testing.T) {
					t.Parallel()
					row.check(t, surface, ask(t, r, base, row.asked))
				})
			}
		}
	})
}

// loginAll logs every user in, so that the gateway knows their passwords to be
// right and counts no failure of theirs.
func loginAll(t *testing.T, r *env.Env) {
	t.Helper()
	for user, status := range map[string]int{env.User: 200, env.ReadOnly: 200, env.Stranger: 401} {
		a, err := r.Post(context.Background(), r.WSGI, env.Chunk(user, goodPing))
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
		want = refused(surface, row.status, text)
	}
	require.Equal(t, row.status, a.Status, a.Body)
	require.Equal(t, strconv.Itoa(len(want)), a.Header.Get("Content-Length"))
	if row.method != http.MethodHead {
		require.Equal(t, want, a.Body)
	}
	require.Equal(t, asJSON, a.Header.Get("Content-Type"))
	require.NotEmpty(t, a.Header.Get("X-Request-Id"))
	if row.status == http.StatusUnauthorized {
		require.Equal(t, "Session", a.Header.Get("WWW-Authenticate"))
	}
	for name, value := range row.header {
		require.Equal(t, value, a.Header.Get(name), name)
	}
}

func badRows(t *testing.T, r *env.Env) map[string]badRow {
	rows := make(map[string]badRow)
	for _, more := range []map[string]badRow{
		credentialRows(t, r), permissionRows(t, r), syntaxRows(), chunkRows(), unknownRows(), httpRows(),
	} {
		for name, row := range more {
			require.NotContains(t, rows, name)
			rows[name] = row
		}
	}
	return rows
}

// login is a chunk of test.ping with these credentials.
func login(credentials string) asked { return asked{body: `[{` + credentials + `, ` + goodPing + `}]`} }

func password(eauth, user, password string) asked {
	return login(fmt.Sprintf(`"eauth": %q, "username": %q, "password": %q`, eauth, user, password))
}

// credentialRows are credentials that are wrong: for every cause there is the
// same answer.
func credentialRows(t *testing.T, r *env.Env) map[string]badRow {
	store := tokensOf(t, r)
	expired := tokenstore.Record{
		Token: store.NewToken(), User: env.User, Eauth: "pam",
		Start: time.Now().Add(-2 * time.Hour), Expire: time.Now().Add(-time.Hour),
	}
	require.NoError(t, store.Write(expired))
	t.Cleanup(func() { require.NoError(t, store.Remove(expired.Token)) })

	long := strings.Repeat("x", 512)
	rows := map[string]badRow{"no credentials": {
		asked: asked{body: `[{` + goodPing + `}]`}, status: 401, text: textNoLogin,
	}}
	for name, q := range map[string]asked{
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
		row := badRow{asked: q, status: 401, text: textWrong}
		if name != "wrong password" && regexp.MustCompile(`user|password|by Salt`).MatchString(name) {
			row.only = "main" // a wrong login takes a second, on whichever surface
		}
		rows[name] = row
	}
	return rows
}

// permissionRows are callers who are known and ask for what they may not do.
func permissionRows(t *testing.T, r *env.Env) map[string]badRow {
	made, ok, err := masterOf(t, r).MakeToken(t.Context(), "sharedsecret", sandbox.UserTestOnly, r.Secret())
	require.NoError(t, err)
	require.True(t, ok)
	t.Cleanup(func() { require.NoError(t, tokensOf(t, r).Remove(made.Token)) })

	cmd := `"client": "local", "tgt": "*", "fun": "cmd.run", "arg": ["true"]`
	async := `"client": "local_async", "tgt": "*", "fun": "cmd.run", "arg": ["true"]`
	run := `"client": "runner", "fun": "test.arg"`
	rows := make(map[string]badRow)
	for name, body := range map[string]string{
		"cmd.run by who may test":       env.Chunk(env.ReadOnly, cmd),
		"cmd.run async by who may test": env.Chunk(env.ReadOnly, async),
		"runner by who may test":        env.Chunk(env.ReadOnly, run),
		"cmd.run without a right":       env.Chunk(env.Stranger, cmd),
		"runner without a right":        env.Chunk(env.Stranger, run),
		"test.ping without a right":     env.Chunk(env.Stranger, goodPing),
		"cmd.run by token":              `[{"token": "` + made.Token + `", ` + cmd + `}]`,
		"runner by token":               `[{"token": "` + made.Token + `", ` + run + `}]`,
	} {
		rows[name] = badRow{asked: asked{body: body}, status: 401, text: textNoRight}
	}
	return rows
}

// TestNumericText is the other side of a row: text that is a number is one.
func TestNumericText(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		a := post(t, r, env.Chunk(env.User, goodPing+`, "timeout": "5", "gather_job_timeout": "2.5"`))
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Equal(t, goodPingAnswer, a.Body)
	})
}

// TestUnknownRunner gets salt-api's sentence, and none of the master's
// traceback.
func TestUnknownRunner(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		for _, fun := range []string{"no.such", "jobs.no_such"} {
			t.Run(fun, func(t *testing.T) {
				t.Parallel()
				a := post(t, r, env.Chunk(env.User, `"client": "runner", "fun": "`+fun+`"`))
				require.Equal(t, http.StatusInternalServerError, a.Status, a.Body)
				require.Equal(t, said("'"+fun+"' is not available."), a.Body)
			})
		}
		a := post(t, r, env.Chunk(env.User, `"client": "runner", "fun": "nope"`))
		require.Equal(t, http.StatusBadRequest, a.Status, "not even of the form of a function")
		require.Equal(t, said("A command invocation error occurred: Check syntax."), a.Body)
	})
}

// TestDisabledClient is about a client that netapi_enable_clients leaves out.
func TestDisabledClient(t *testing.T) {
	eachStrict(t, func(t *testing.T, r *env.Env) {
		for surface, base := range surfaces(r) {
			a := ask(t, r, base, asked{body: env.Chunk(env.User, `"client": "local_async", "tgt": "*", "fun": "test.ping"`)})
			require.Equal(t, http.StatusBadRequest, a.Status, surface)
			require.Equal(t, refused(surface, http.StatusBadRequest, "Client disabled: 'local_async'. "+
				"Add to 'netapi_enable_clients' master config option to enable."), a.Body, surface)
		}
	})
}

// TestAskedNobody shows that credentials which cannot be right go to no
// backend: not to PAM, not to the token store, not to the master.
func TestAskedNobody(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		require.Equal(t, http.StatusOK, post(t, r, env.Chunk(env.User, goodPing)).Status)
		before := authentications(t, r)
		rows := credentialRows(t, r)
		impossible := regexp.MustCompile(`NUL|too long|is a |is null|not set up|no user|empty user|no credentials`)
		asked := 0
		for name, row := range rows {
			if impossible.MatchString(name) {
				row.check(t, "wsgi", ask(t, r, r.WSGI, row.asked))
				asked++
			}
		}
		require.Equal(t, 11, asked)
		require.Equal(t, before, authentications(t, r))
	})
}
