package differential

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster"
)

// TestDifferentialWholeList shows row D13 of docs/differences.md: what becomes
// of a good chunk before a bad one.
func TestDifferentialWholeList(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		jids := new(saltmaster.JIDs)
		for url, runs := range map[string]bool{r.SaltAPIURL() + "/run": true, r.Main + "/": false} {
			jid := jids.Next()
			body := `[{` + envtest.PAMLogin + `, "client": "local_async", "tgt": "ms--0", "fun": "test.ping", "jid": "` + jid + `"}, {"client": "nope"}]`
			a, err := r.Post(t.Context(), url, body)
			require.NoError(t, err)
			require.Equal(t, http.StatusBadRequest, a.Status, url)
			require.Equal(t, runs, envtest.InJobCache(t, r, jid), url)
		}
	})
}
