package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// acknowledged are the answers to calls that were sent until the gateway was killed.
type acknowledged struct {
	mu   sync.Mutex
	by   map[string][]string // the arguments by what was returned
	sent int
}

func (a *acknowledged) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.by)
}

// send sends calls, each with other arguments, until one fails.
func (a *acknowledged) send(ctx context.Context, p program, method string, kwarg func(n int) string) {
	for n := 0; ; n++ {
		a.mu.Lock()
		a.sent++
		a.mu.Unlock()
		text := kwarg(n)
		answer, err := envtest.Request{
			Path: "rpc", Kind: "application/json", Header: p.header, Body: fmt.Sprintf(`{"resource": %q, "method": %q, "kwarg": %s}`,
				strings.Split(method, ".")[0], strings.Split(method, ".")[1], text),
		}.Send(ctx, p.r, p.r.Main)
		if err != nil || answer.Status != http.StatusOK {
			return
		}
		var got struct {
			Ret   string
			Error *struct{ Message string }
		}
		if json.Unmarshal([]byte(answer.Body), &got) != nil || got.Error != nil {
			return
		}
		a.mu.Lock()
		a.by[got.Ret] = append(a.by[got.Ret], text)
		a.mu.Unlock()
	}
}

// TestKilled kills the gateway in the middle of many saves and runs. What was
// acknowledged is there afterwards, once, and the commands have the saved job that they
// were run from.
func TestKilled(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		envtest.RestoreGateway(t, r)
		p := login(t, r, env.User)
		job := decoded[string](t, p.call(t, "job", "save_job", `{"name": "to be run often", "cmd": "local", "fun": "test.arg", "tgt_uuid": "7f93b928-388b-11e6-b133-346895ecb8f3",
			"arg": {"arg": [], "kwarg": {"mark": {"input_type": "string", "required": true}}}}`))
		for round := range 2 {
			saves, runs := acknowledged{by: map[string][]string{}}, acknowledged{by: map[string][]string{}}
			ctx, cancel := context.WithCancel(t.Context())
			var senders sync.WaitGroup
			for worker := range 2 {
				senders.Go(func() {
					saves.send(ctx, p, "job.save_job", func(n int) string {
						return fmt.Sprintf(`{"name": "of %d, %d, %d", "cmd": "local", "fun": "test.ping"}`, round, worker, n)
					})
				})
				senders.Go(func() {
					runs.send(ctx, p, "cmd.route_cmd", func(n int) string {
						return fmt.Sprintf(`{"job_uuid": %q, "tgt": {"*": {"tgt": "ms--0"}}, "arg": {"kwarg": {"mark": "%d-%d-%d"}}}`, job, round, worker, n)
					})
				})
			}
			require.Eventually(t, func() bool { return saves.count() >= 20 && runs.count() >= 10 }, envtest.Patience, time.Millisecond)
			require.NoError(t, r.Signal(syscall.SIGKILL))
			<-r.Ended()
			senders.Wait()
			cancel()
			require.NoError(t, r.StartGateway(t.Context()))
			p := login(t, r, env.User)

			found := decoded[struct {
				Results []struct{ UUID, Name string }
			}](t, p.call(t, "job", "get_jobs", fmt.Sprintf(`{"limit": 0, "name": "of %d, "}`, round))).Results
			names := make(map[string]string)
			for _, j := range found {
				require.NotContains(t, names, j.Name, "saved twice")
				names[j.Name] = j.UUID
			}
			require.LessOrEqual(t, len(names), saves.sent)
			for uuid, kwarg := range saves.by {
				require.Len(t, kwarg, 1)
				require.Equal(t, uuid, names[decoded[struct{ Name string }](t, json.RawMessage(kwarg[0])).Name], "it was acknowledged")
			}

			for jid, kwarg := range runs.by {
				require.Len(t, kwarg, 1, "a job id for each: %s", jid)
			}
			var marks map[string]string // of what ran
			require.Eventually(t, func() bool {
				marks = make(map[string]string)
				for _, row := range decoded[struct {
					Results []struct {
						JID    string
						Return struct{ Kwargs struct{ Mark string } }
					}
				}](t, p.call(t, "ret", "get_returns", fmt.Sprintf(`{"limit": 0, "job_uuid": %q}`, job))).Results {
					marks[row.JID] = row.Return.Kwargs.Mark
				}
				for jid := range runs.by {
					if marks[jid] == "" {
						return false
					}
				}
				return true
			}, envtest.Patience, 100*time.Millisecond, "each acknowledged command has run, and has the saved job that it was run from")
			jids := make(map[string]string)
			for jid, mark := range marks {
				require.NotContains(t, jids, mark, "it ran twice")
				jids[mark] = jid
			}
			for jid, kwarg := range runs.by {
				require.Contains(t, kwarg[0], fmt.Sprintf(`"mark": %q`, marks[jid]))
			}
		}
		p = login(t, r, env.User)

		// What is saved outlives the records: it is in an export, and an import puts it back.
		out, err := r.Command(t.Context(), "", "records", "export")
		require.NoError(t, err, out)
		require.Contains(t, out, `"name":"to be run often"`)
		p.call(t, "job", "delete_job", fmt.Sprintf(`{"job_uuid": %q}`, job))
		var saved bytes.Buffer
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, `{"saved":`) {
				saved.WriteString(line)
			}
		}
		text, err := r.Command(t.Context(), saved.String(), "records", "import")
		require.NoError(t, err, text)
		require.Contains(t, text, "added 1 saved jobs and targets")
		require.Contains(t, string(p.call(t, "job", "get_jobs", `{"name": "to be run often"}`)), job)
	})
}
