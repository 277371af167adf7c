package tokens

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// The token of the README: for state.apply on the minions whose names begin
// with web, and nothing else. States are applied for real, by minions with such
// names and with others.
func TestTokenForWeb(t *testing.T) {
	const web = "web-1"
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		require.NoError(t, r.AddMinion(t.Context(), web))
		t.Cleanup(func() { require.NoError(t, r.RemoveMinion(context.Background(), web)) })
		done := t.TempDir()
		state := filepath.Join(r.FileRoot(), "deployed.sls")
		require.NoError(t, os.WriteFile(state, fmt.Appendf(nil,
			"deployed:\n  file.managed:\n    - name: %s/{{ grains['id'] }}\n    - contents: {{ pillar.get('version', 1) }}\n", done), 0o600))
		t.Cleanup(func() { require.NoError(t, os.Remove(state)) })
		deployed := func() []string { return envtest.FileNames(t, done) }

		envtest.AddRole(t, r, "deploy-web", `[{"web*": ["state\\.apply$"]}]`)
		made := envtest.MakeToken(t, r, envtest.Login(t, r, env.User), "ci-web", "deploy-web")
		exchanged := envtest.Send(t, r, r.Main, envtest.Request{Path: authorizePath[1:], Kind: "application/x-www-form-urlencoded", Body: "api_token=" + made.Token})
		for n, credential := range []string{made.Token, envtest.Member(t, exchanged, "access_token")} {
			run := func(chunk string) env.Answer { return envtest.Bearing(t, r, credential, "POST /run", chunk) }
			for _, tgt := range []string{"web*", "*", "web-1", "ms--0 or web-1"} {
				kind := "glob"
				if tgt[0] == 'm' {
					kind = "compound"
				}
				a := run(fmt.Sprintf(`{"client": "local", "tgt": %q, "tgt_type": %q, "fun": "state.apply", "arg": ["deployed"],
					"kwarg": {"pillar": {"version": "%d %s"}}}`, tgt, kind, n, tgt))
				require.Equal(t, http.StatusOK, a.Status, a.Body)
				var answer struct {
					Return []map[string]map[string]struct {
						Result  bool
						Changes map[string]any
					}
				}
				require.NoError(t, json.Unmarshal([]byte(a.Body), &answer), a.Body)
				require.Len(t, answer.Return, 1)
				require.Len(t, answer.Return[0], 1, a.Body)
				for _, one := range answer.Return[0][web] {
					require.True(t, one.Result, a.Body)
					require.NotEmpty(t, one.Changes)
				}
				require.Equal(t, []string{web}, deployed())
				text, err := os.ReadFile(filepath.Join(done, web))
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("%d %s\n", n, tgt), string(text))
			}

			before := callerJobs(t, r)
			for _, chunk := range []string{
				`{"client": "local", "tgt": "web*", "fun": "test.ping"}`,
				`{"client": "local", "tgt": "web*", "fun": "cmd.run", "arg": ["id"]}`,
				`{"client": "local", "tgt": "web*", "fun": "state.apply_", "arg": ["deployed"]}`,
				`{"client": "local", "tgt": "web*", "fun": "state.sls", "arg": ["deployed"]}`,
				`{"client": "local", "tgt": "web*", "fun": "state.highstate"}`,
				`{"client": "local", "tgt": "web*", "fun": ["state.apply", "cmd.run"], "arg": [["deployed"], ["id"]]}`,
				`{"client": "local", "tgt": "web*", "fun": "state.apply", "arg": ["deployed"], "ret": "raw_file"}`,
				`{"client": "runner", "fun": "state.orchestrate", "arg": ["deployed"]}`,
				`{"client": "runner", "fun": "jobs.list_jobs"}`,
				`{"client": "wheel", "fun": "key.list_all"}`,
			} {
				a := run(chunk)
				require.Equal(t, http.StatusForbidden, a.Status, "%s: %s", chunk, a.Body)
			}
			require.Equal(t, before, callerJobs(t, r), "nothing of it ran")
			for _, tgt := range []string{"ms--0", "ms--*", "nobody"} {
				a := run(fmt.Sprintf(`{"client": "local", "tgt": %q, "fun": "state.apply", "arg": ["deployed"]}`, tgt))
				require.Equal(t, `{"return": [{}]}`, a.Body, "nobody is both")
			}
			require.Equal(t, []string{web}, deployed())
		}
	})
}
