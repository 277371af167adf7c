package lowstate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whose a chunk is: the session's, or the chunk's own.
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
		"no credentials":               {Call{Token: session}, ``, session},
		"a password":                   {Call{Token: session}, password, session},
		"a token":                      {Call{Token: session}, `, "token": "` + other + `"`, session},
		"nonsense":                     {Call{Token: session}, `, "token": 5, "eauth": []`, session},
		"no credentials, chunk first":  {Call{Token: session, ChunkFirst: true}, ``, session},
		"a password, chunk first":      {Call{Token: session, ChunkFirst: true}, password, "u"},
		"a token, chunk first":         {Call{Token: session, ChunkFirst: true}, `, "token": "` + other + `"`, other},
		"nonsense, chunk first":        {Call{Token: session, ChunkFirst: true}, `, "token": 5`, ""},
		"only a user name":             {Call{Token: session, ChunkFirst: true}, `, "username": "u", "password": "p"`, session},
		"no session":                   {Call{}, password, "u"},
		"nothing at all":               {Call{}, ``, ""},
		"a session without hex digits": {Call{Token: "../x"}, password, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chunks, err := Parse(nil, []byte(`{`+chunk+tc.chunk+`}`), 0)
			require.NoError(t, err)
			call := tc.call
			call.Chunks, call.Records = chunks, make([]Record, 1)
			creds, err := g.admit(&call, 0)
			if tc.want == "" {
				requireAnswer(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, creds.Token+creds.Username)
		})
	}
}

// A session's token authenticates once, whatever the chunks say.
func TestSessionTokenAtTheMaster(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, one("web1"))
	login, err := b.tokenOf("bench")
	require.NoError(t, err)
	logins := b.Count("mk_token")
	chunks, err := Parse(nil, []byte(`[{`+ping+`}, {`+ping+`, "eauth": "sharedsecret", "username": "bench", "password": "wrong"},
		{"client": "runner", "fun": "test.arg", "token": "x", "password": "wrong"}]`), 0)
	require.NoError(t, err)
	call := &Call{Chunks: chunks, Token: login}
	answers, err := b.gateway.Run(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, `{"args": [], "kwargs": {}}`, string(answers[2]))
	require.Equal(t, logins, b.Count("mk_token"))
	require.Equal(t, "bench", call.Records[1].User)

	call.Token = strings.Repeat("a", 64)
	_, err = b.gateway.Run(t.Context(), call)
	requireAnswer(t, err)
}
