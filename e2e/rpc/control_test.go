package rpc

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// run runs a command, and returns its job id.
func (p program) run(t *testing.T, kwarg string) string {
	t.Helper()
	return decoded[string](t, p.call(t, "cmd", "route_cmd", kwarg))
}

// state returns the state of a command.
func (p program) state(t *testing.T, jid string) string {
	t.Helper()
	rows := decoded[struct{ Results []struct{ State string } }](t, p.call(t, "cmd", "get_cmds", fmt.Sprintf(`{"jid": %q}`, jid))).Results
	if len(rows) != 1 {
		return ""
	}
	return rows[0].State
}

// TestControl stops, pauses and resumes commands of real minions.
func TestControl(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			// A job is a process of its own, as Salt has it by default: what ends the job must not end the minion.
			controls(t, suite.Own(t, env.Options{Sandbox: sandbox.Options{
				Salt: salt, Minions: envtest.Minions()[:2], WorkerThreads: envtest.FewWorkers,
				MinionConfig: map[string]any{"multiprocessing": true},
			}}))
		})
	}
}

func controls(t *testing.T, r *env.Env) {
	marks := t.TempDir()
	root := r.FileRoot()
	sls := filepath.Join(root, "steps.sls")
	require.NoError(t, os.WriteFile(sls, []byte(`
{% set mark = pillar['mark'] %}
first:
  cmd.run:
    - name: touch {{ mark }}.begun; while ! test -e {{ mark }}.go; do sleep 0.1; done; touch {{ mark }}.first
second:
  cmd.run:
    - name: touch {{ mark }}.second
    - require:
      - cmd: first
`), 0o600))
	t.Cleanup(func() { require.NoError(t, os.Remove(sls)) })
	p := login(t, r, env.User)
	is := func(name string) bool {
		_, err := os.Stat(filepath.Join(marks, name))
		return err == nil
	}
	begin := func(mark string) string {
		jid := p.run(t, fmt.Sprintf(`{"cmd": "local", "fun": "state.apply", "tgt": {"*": {"tgt": "ms--0"}},
				"arg": {"arg": ["steps"], "kwarg": {"pillar": {"mark": %q}}}}`, filepath.Join(marks, mark)))
		require.Eventually(t, func() bool { return is(mark+".begun") && p.state(t, jid) == "new" }, envtest.Patience, 50*time.Millisecond)
		return jid
	}
	control := func(method, jid string) {
		done := decoded[string](t, p.call(t, "cmd", method, fmt.Sprintf(`{"jid": %q}`, jid)))
		p.returns(t, done, 1)
	}
	free := func(mark string) { require.NoError(t, os.WriteFile(filepath.Join(marks, mark+".go"), nil, 0o600)) }
	running := func(jid string) bool {
		found := p.run(t, `{"cmd": "local", "fun": "saltutil.is_running", "arg": {"arg": ["state.*"]}, "tgt": {"*": {"tgt": "ms--0"}}}`)
		for _, j := range decoded[[]struct{ JID string }](t, p.returns(t, found, 1)["ms--0"].Return) {
			if j.JID == jid {
				return true
			}
		}
		return false
	}

	t.Run("a run of states is paused and resumed", func(t *testing.T) {
		jid := begin("a")
		control("pause_job", jid)
		free("a")
		require.Eventually(t, func() bool { return is("a.first") }, envtest.Patience, 50*time.Millisecond)
		require.True(t, running(jid), "it waits before the second state")
		require.False(t, is("a.second"))
		control("resume_job", jid)
		require.True(t, p.returns(t, jid, 1)["ms--0"].Success)
		require.True(t, is("a.second"))
		_, text := p.try(t, "cmd", "stop_job", fmt.Sprintf(`{"jid": %q}`, jid))
		require.Contains(t, text, "has ended")
	})

	t.Run("a run of states is stopped", func(t *testing.T) {
		jid := begin("b")
		control("stop_job", jid)
		free("b")
		ret := p.returns(t, jid, 1)["ms--0"]
		require.Len(t, decoded[map[string]json.RawMessage](t, ret.Return), 1, "the second state did not run: %s", ret.Return)
		require.False(t, is("b.second"))
	})

	t.Run("another command is stopped", func(t *testing.T) {
		mark := filepath.Join(marks, "c")
		jid := p.run(t, fmt.Sprintf(`{"cmd": "local", "fun": "cmd.run", "tgt": {"*": {"tgt": "ms--1"}},
				"arg": {"arg": ["echo $$ > %s.new && mv %s.new %s.begun; exec sleep 600"]}}`, mark, mark, mark))
		require.Eventually(t, func() bool { return is("c.begun") && p.state(t, jid) == "new" }, envtest.Patience, 50*time.Millisecond)
		pid, err := os.ReadFile(mark + ".begun")
		require.NoError(t, err)
		_, text := p.try(t, "cmd", "pause_job", fmt.Sprintf(`{"jid": %q}`, jid))
		require.Contains(t, text, "cannot be paused")
		control("stop_job", jid)
		require.Eventually(t, func() bool {
			_, err := os.Stat("/proc/" + string(pid[:len(pid)-1]))
			return err != nil
		}, envtest.Patience, 50*time.Millisecond)
	})
}
