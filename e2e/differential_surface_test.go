package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"saltern/e2e/rig"
	"saltern/saltmaster"
)

// TestDifferentialWholeList shows row D13 of the README's list: what becomes
// of a good chunk before a bad one.
func TestDifferentialWholeList(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *rig.Rig) {
		jids := new(saltmaster.JIDs)
		for url, runs := range map[string]bool{r.SaltAPIURL() + "/run": true, r.Main + "/": false} {
			jid := jids.Next()
			body := `[{` + pamLogin + `, "client": "local_async", "tgt": "ms--0", "fun": "test.ping", "jid": "` + jid + `"}, {"client": "nope"}]`
			a, err := r.Post(t.Context(), url, body)
			require.NoError(t, err)
			require.Equal(t, http.StatusBadRequest, a.Status, url)
			require.Equal(t, runs, inJobCache(t, r, jid), url)
		}
	})
}

// TestDifferentialSurface shows the rows of the README's list that are about
// HTTP itself: both sides of each.
func TestDifferentialSurface(t *testing.T) {
	const (
		ping     = `[{` + pamLogin + `, "client": "local", "tgt": "ms--0", "fun": "test.ping"}]`
		pingForm = "eauth=pam&username=saltdev&password=saltdev&client=local&tgt=ms--0&fun=test.ping"
	)
	eachRelease(t, func(t *testing.T, r *rig.Rig) {
		send := func(base, method, path, contentType, body string) rig.Answer {
			req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("Origin", "https://elsewhere.example")
			if contentType != "" {
				req.Header.Set("Content-Type", contentType)
			}
			a, err := r.Do(req)
			require.NoError(t, err)
			return a
		}
		for name, c := range map[string]struct {
			method, contentType, body string
			apiPath, salternPath      string
			saltAPI, saltern          int
		}{
			"D16 credentials": {http.MethodPost, "application/json", ping, "/", "/", 401, 200},
			"D16 run":         {http.MethodPost, "application/json", ping, "/run", "/run", 200, 404},
			"D16 login":       {http.MethodGet, "", "", "/login", "/login", 200, 404},
			"D16 hook":        {http.MethodPost, "application/json", "{}", "/hook", "/hook", 401, 404},
			"D17 a form":      {http.MethodPost, "application/x-www-form-urlencoded", pingForm, "/run", "/", 200, 415},
			"D17 YAML":        {http.MethodPost, "application/x-yaml", ping, "/run", "/", 200, 415},
			"a welcome":       {http.MethodGet, "", "", "/", "/", 200, 200},
		} {
			t.Run(name, func(t *testing.T) {
				fromAPI := send(r.SaltAPIURL(), c.method, c.apiPath, c.contentType, c.body)
				fromSaltern := send(r.Main, c.method, c.salternPath, c.contentType, c.body)
				require.Equal(t, c.saltAPI, fromAPI.Status, fromAPI.Body)
				require.Equal(t, c.saltern, fromSaltern.Status, fromSaltern.Body)
			})
		}
		t.Run("D18", func(t *testing.T) {
			const allowed = "Access-Control-Allow-Origin"
			require.Equal(t, "https://elsewhere.example", send(r.SaltAPIURL(), http.MethodGet, "/", "", "").Header.Get(allowed))
			require.Empty(t, send(r.Main, http.MethodGet, "/", "", "").Header.Values(allowed))
		})
	})
}
