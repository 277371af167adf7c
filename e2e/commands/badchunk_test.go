package commands

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster"
)

// TestOneBadChunk sends good chunks with a bad one last: nothing is published,
// since all are checked before any runs.
func TestOneBadChunk(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		jids := new(saltmaster.JIDs)
		good := func(client, jid string) string {
			return `{` + envtest.PAMLogin + `, "client": "` + client + `", "tgt": "ms--0", "fun": "test.ping", "jid": "` + jid + `"}`
		}
		for bad, status := range map[string]int{
			`{}`:            http.StatusBadRequest,
			`5`:             http.StatusBadRequest,
			`{"client": 1}`: http.StatusBadRequest,
			`{` + envtest.PAMLogin + `, "client": "nope", "fun": "test.ping"}`:                          http.StatusBadRequest,
			`{` + envtest.PAMLogin + `, "client": "local", "tgt": "*", "fun": {}}`:                      http.StatusBadRequest,
			`{` + envtest.PAMLogin + `, "client": "local", "tgt": "*", "fun": "test.ping", "jid": "1"}`: http.StatusBadRequest,
			`{` + envtest.GoodPing + `}`:                http.StatusUnauthorized,
			`{"token": null, ` + envtest.GoodPing + `}`: http.StatusUnauthorized,
			`{"eauth": "pam", "username": "who-is-that", "password": "x", ` + envtest.GoodPing + `}`:                  http.StatusUnauthorized,
			`{"token": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", ` + envtest.GoodPing + `}`: http.StatusUnauthorized,
			`{` + envtest.PAMLogin + `, "client": "runner", "fun": "test.arg", "kwarg": 1}`:                           http.StatusBadRequest,
			`{` + envtest.PAMLogin + `, "client": "local", "tgt": "*", "fun": "test.ping", "Fun": "x"}`:               http.StatusBadRequest,
			`{` + envtest.PAMLogin + `, "client": "local", "tgt": "*", "fun": "test.ping", "timeout": 0}`:             http.StatusBadRequest,
		} {
			sync, async := jids.Next(), jids.Next()
			a := envtest.Post(t, r, `[`+good("local", sync)+`, `+good("local_async", async)+`, `+bad+`]`)
			require.Equal(t, status, a.Status, bad)
			require.False(t, envtest.InJobCache(t, r, sync), bad)
			require.False(t, envtest.InJobCache(t, r, async), bad)
		}

		// The same without a bad one leaves both in the job cache.
		sync, async := jids.Next(), jids.Next()
		a := envtest.Post(t, r, `[`+good("local", sync)+`, `+good("local_async", async)+`]`)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Equal(t, `{"return": [{"ms--0": true}, {"jid": "`+async+`", "minions": ["ms--0"]}]}`, a.Body)
		require.True(t, envtest.InJobCache(t, r, sync))
		require.True(t, envtest.InJobCache(t, r, async))
	})
}
