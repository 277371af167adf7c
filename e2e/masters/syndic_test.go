package masters

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestSyndic runs commands before a master of masters: it has a minion of its own, and two behind a syndic, whose
// master has the key of a third one that is away. The answers are those of salt-api.
func TestSyndic(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			above := suite.Own(t, env.Options{Sandbox: sandbox.Options{
				Salt: salt, SaltAPI: true, Minions: []string{"ms--0"}, WorkerThreads: 5,
				MasterConfig: map[string]any{"order_masters": true},
			}})
			below, err := sandbox.Start(t.Context(), sandbox.Options{
				Salt: syndicOf(t, release, salt), SyndicOf: above.Sandbox, Minions: []string{"low-0", "low-1"}, WorkerThreads: 3,
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, below.Stop(context.Background())) })
			keys := filepath.Join(below.Dir(), "pki", "minions")
			key, err := os.ReadFile(filepath.Join(keys, "low-0"))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(keys, "dead-0"), key, 0o600))

			requireAnsweredAsBySaltAPI(t, above)
			requireLookedUp(t, above)
		})
	}
}

var jids = regexp.MustCompile(`20[0-9]{18}`)

// requireAnsweredAsBySaltAPI sends all chunks to both gateways, some at a time: most answers take as long as the master's
// timeouts.
func requireAnsweredAsBySaltAPI(t *testing.T, r *env.Env) {
	t.Helper()
	// Salt-api of 3008 sends saltutil.find_job to minions of its own only.
	const atWork = `"client": "local", "tgt": "low-0", "fun": "test.sleep", "arg": [25], "timeout": 2`
	requests := []envtest.Aimed{{Base: r.WSGI, Request: envtest.Request{Body: asUser(r, atWork)}}}
	for _, chunk := range chunksForSyndic {
		requests = append(requests,
			envtest.Aimed{Base: r.SaltAPIURL(), Request: envtest.Request{Path: "run", Body: asUser(r, chunk)}},
			envtest.Aimed{Base: r.WSGI, Request: envtest.Request{Body: asUser(r, chunk)}})
	}
	answers := envtest.SendSome(t, r, requests, 5)
	require.JSONEq(t, `{"return": [{"low-0": true}]}`, answers[0].Body, "a minion that is still at work after all timeouts")
	for i, chunk := range chunksForSyndic {
		require.Equal(t, inOrder(t, answers[2*i+1]), inOrder(t, answers[2*i+2]), chunk)
	}
}

func asUser(r *env.Env, chunk string) string {
	return fmt.Sprintf(`[{"eauth": "sharedsecret", "username": %q, "password": %q, %s}]`, sandbox.UserAll, r.Secret(), chunk)
}

// requireLookedUp checks what is known of a job in the end: in the job cache, as both gateways read it, and in the
// records.
func requireLookedUp(t *testing.T, r *env.Env) {
	t.Helper()
	a := envtest.Post(t, r, asUser(r, `"client": "local_async", "tgt": "*-0", "fun": "test.ping"`))
	jid := jids.FindString(a.Body)
	for _, chunk := range []string{
		`"client": "runner", "fun": "jobs.lookup_jid", "jid": "` + jid + `"`,
		`"client": "runner", "fun": "jobs.list_job", "jid": "` + jid + `"`,
	} {
		envtest.RequireEventually(t, func() bool {
			got := envtest.Post(t, r, asUser(r, chunk)).Body
			return strings.Contains(got, `"low-0": `) && strings.Contains(got, `"ms--0": `)
		})
		api := envtest.Send(t, r, r.SaltAPIURL(), envtest.Request{Path: "run", Body: asUser(r, chunk)})
		require.Equal(t, inOrder(t, api), inOrder(t, envtest.Post(t, r, asUser(r, chunk))))
	}
	session := envtest.Login(t, r, env.User)
	envtest.RequireEventually(t, func() bool {
		a := envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/jobs/"+jid, "")
		return strings.Contains(a.Body, `"expected":3,"returned":2`) && strings.Contains(a.Body, `"minions":["dead-0","low-0","ms--0"]`)
	})
}

// chunksForSyndic are answered as by salt-api, but for jids and the order.
var chunksForSyndic = []string{
	// The minion lists its functions first, which on a busy machine takes longer than the master's timeout, and salt-api
	// does not ask one behind a syndic whether it is still at work.
	`"client": "local_subset", "subset": 1, "tgt": "low-0", "fun": "test.ping", "timeout": 10`,
	`"client": "local", "tgt": "*", "fun": "test.ping"`,
	`"client": "local", "tgt": "ms--0", "fun": "test.ping"`,
	`"client": "local", "tgt": "low-*", "fun": "test.ping", "full_return": true`,
	`"client": "local", "tgt": "low-0", "tgt_type": "list", "fun": "test.ping"`,
	`"client": "local", "tgt": "low-0,low-1,ghost", "tgt_type": "list", "fun": "test.ping"`,
	`"client": "local", "tgt": "low-0,low-1,ghost", "tgt_type": "list", "fun": "test.ping", "expect_minions": false`,
	`"client": "local", "tgt": "ms--0,low-0,dead-0", "tgt_type": "list", "fun": "test.ping"`,
	`"client": "local", "tgt": "*-0", "fun": "test.ping", "expect_minions": true`,
	`"client": "local", "tgt": "L@low-0 or L@ms--0", "tgt_type": "compound", "fun": "test.ping"`,
	`"client": "local", "tgt": "nobody", "fun": "test.ping"`,
	`"client": "local_async", "tgt": "*", "fun": "test.ping"`,
	`"client": "local_async", "tgt": "low-0", "fun": "test.ping"`,
	`"client": "local_async", "tgt": "nobody", "fun": "test.ping"`,
	`"client": "local_batch", "batch": "1", "tgt": "*", "fun": "test.ping"`,
	`"client": "local_batch", "batch": "1", "tgt": "low-0,low-1", "tgt_type": "list", "fun": "test.ping"`,
	`"client": "runner", "fun": "manage.status"`,
}

// syndicOf returns the Salt for the master below. The requests of a syndic of 3008 (3008.3, 3008.5) to the master
// above time out, so that nothing of its minions arrives there; one of 3007 serves a master of 3008.
func syndicOf(t *testing.T, release, salt string) string {
	t.Helper()
	if release < "3008" {
		return salt
	}
	found, err := filepath.Glob(filepath.Join(filepath.Dir(salt), "salt-3007.*"))
	require.NoError(t, err)
	require.NotEmpty(t, found, "there is no Salt 3007 beside %s (make salt installs it), and a syndic of 3008 delivers nothing", salt)
	return slices.Max(found)
}

// inOrder returns an answer with its jids replaced and its items in order.
func inOrder(t *testing.T, a env.Answer) string {
	t.Helper()
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var got struct{ Return []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(jids.ReplaceAllString(a.Body, "JID")), &got), a.Body)
	items := make([]string, len(got.Return))
	for i, item := range got.Return {
		for _, list := range item {
			if names, ok := list.([]any); ok {
				slices.SortFunc(names, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
		text, err := json.Marshal(item)
		require.NoError(t, err)
		items[i] = string(text)
	}
	slices.Sort(items)
	return strings.Join(items, ", ")
}
