package lowstate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The credentials that count for a chunk: the session's, or the chunk's own.
func TestSessionToken(t *testing.T) {
	t.Parallel()
	session, other := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	const chunk = `"client": "local", "tgt": "*", "fun": "test.ping"`
	password := `, "eauth": "pam", "username": "u", "password": "p"`
	g := New(Options{Clients: Clients(testMaster()), Enabled: enabled})
	for name, tc := range map[string]struct {
		call  Call
		chunk string
		want  string // the token, or the user
	}{
		"no credentials":               {Call{Authority: Authority{Token: session}}, ``, session},
		"a password":                   {Call{Authority: Authority{Token: session}}, password, session},
		"a token":                      {Call{Authority: Authority{Token: session}}, `, "token": "` + other + `"`, session},
		"nonsense":                     {Call{Authority: Authority{Token: session}}, `, "token": 5, "eauth": []`, session},
		"no credentials, chunk first":  {Call{Authority: Authority{Token: session}, ChunkFirst: true}, ``, session},
		"a password, chunk first":      {Call{Authority: Authority{Token: session}, ChunkFirst: true}, password, "u"},
		"a token, chunk first":         {Call{Authority: Authority{Token: session}, ChunkFirst: true}, `, "token": "` + other + `"`, other},
		"nonsense, chunk first":        {Call{Authority: Authority{Token: session}, ChunkFirst: true}, `, "token": 5`, ""},
		"only a user name":             {Call{Authority: Authority{Token: session}, ChunkFirst: true}, `, "username": "u", "password": "p"`, session},
		"no session":                   {Call{}, password, "u"},
		"nothing at all":               {Call{}, ``, ""},
		"a session without hex digits": {Call{Authority: Authority{Token: "../x"}}, password, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chunks, err := Parse(nil, []byte(`{`+chunk+tc.chunk+`}`), 0)
			require.NoError(t, err)
			call := tc.call
			call.Chunks = chunks
			r := g.newRun(call)
			err = r.admit(0)
			if tc.want == "" {
				requireAnswer(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, r.tasks[0].creds.Token+r.tasks[0].creds.Username)
		})
	}
}

// A session's token authenticates once, whatever the chunks contain.
func TestSessionTokenAtTheMaster(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, one("web1"))
	login, err := b.tokenOf("bench")
	require.NoError(t, err)
	logins := b.Count("mk_token")
	chunks, err := Parse(nil, []byte(`[{`+ping+`}, {`+ping+`, "eauth": "sharedsecret", "username": "bench", "password": "wrong"},
		{"client": "runner", "fun": "test.arg", "token": "x", "password": "wrong"}]`), 0)
	require.NoError(t, err)
	call := Call{Chunks: chunks, Authority: Authority{Token: login}}
	res, err := b.gateway.Run(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, `{"args": [], "kwargs": {}}`, string(res.Answers[2].JSON()))
	require.Equal(t, logins, b.Count("mk_token"))
	require.Equal(t, "bench", res.Records[1].User)

	call.Authority.Token = strings.Repeat("a", 64)
	_, err = b.gateway.Run(t.Context(), call)
	requireAnswer(t, err)
}
