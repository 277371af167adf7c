package lowstate

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// inScope returns a set of one role.
func inScope(t *testing.T, acl string, permissions ...role.Permission) *role.Set {
	t.Helper()
	r := role.Role{Name: "ci", Permissions: permissions}
	if acl != "" {
		require.NoError(t, json.Unmarshal([]byte(acl), &r.ACL))
	}
	require.NoError(t, r.Check())
	return role.Compile(role.Options{}, r)
}

// The calls of a token for CI, which is meant for state.apply on web* alone.
func TestScope(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, mastertest.Options{Minions: []mastertest.Minion{{ID: "web1"}, {ID: "db1"}}})
	ci := inScope(t, `[{"web*": ["state\\.apply$"]}, {"@runner": ["test\\.arg$"]}]`)
	for name, c := range map[string]struct {
		chunk   string
		refused bool
		tgt     string // the target that the master received, if it received the command
		tgtType string
	}{
		"elsewhere and here":  {`"client": "local_async", "tgt": "*", "fun": "state.apply"`, false, "* and web*", "compound"},
		"another function":    {`"client": "local_async", "tgt": "web1", "fun": "cmd.run", "arg": ["id"]`, true, "", ""},
		"a longer name":       {`"client": "local_async", "tgt": "web1", "fun": "state.apply_"`, true, "", ""},
		"a list of functions": {`"client": "local_async", "tgt": "web1", "fun": ["state.apply", "cmd.run"], "arg": [[], ["id"]]`, true, "", ""},
		"a returner":          {`"client": "local_async", "tgt": "web1", "fun": "state.apply", "ret": "raw_file"`, true, "", ""},
		"a subset":            {`"client": "local_subset", "tgt": "*", "fun": "cmd.run"`, true, "", ""},
		"a batch":             {`"client": "local_batch", "tgt": "*", "fun": "cmd.run"`, true, "", ""},
		"another's job":       {`"client": "local", "tgt": "web1", "fun": "state.apply", "jid": "20261122224101823656"`, true, "", ""},
		"a null jid":          {`"client": "local_async", "tgt": "web1", "fun": "state.apply", "jid": null`, false, "* and web1 and web*", "compound"},
		"its runner":          {`"client": "runner", "fun": "test.arg"`, false, "", ""},
		"another runner":      {`"client": "runner", "fun": "state.orch"`, true, "", ""},
		"a runner, async":     {`"client": "runner_async", "fun": "state.orch"`, true, "", ""},
		"a wheel":             {`"client": "wheel", "fun": "key.list_all"`, true, "", ""},
		"a wheel, async":      {`"client": "wheel_async", "fun": "key.list_all"`, true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			call, err := asBench(c.chunk)
			require.NoError(t, err)
			call.Authority.Scope = ci
			before := b.Count("publish") + b.Count("runner") + b.Count("wheel")
			_, err = b.gateway.Run(t.Context(), call)
			if c.refused {
				e, ok := errors.AsType[*Error](err)
				require.True(t, ok, "%v", err)
				require.Equal(t, OutOfScope, e.Kind)
				require.Equal(t, before, b.Count("publish")+b.Count("runner")+b.Count("wheel"), "the master was asked")
				return
			}
			if e, ok := errors.AsType[*Error](err); ok { // the stand-in does not have every function
				require.NotEqual(t, OutOfScope, e.Kind)
			}
			require.Greater(t, b.Count("publish")+b.Count("runner"), before)
			if c.tgt != "" {
				sent := b.Last("publish")
				require.Equal(t, c.tgt, sent.LookupStr("tgt"))
				require.Equal(t, c.tgtType, sent.LookupStr("tgt_type"))
			}
		})
	}
}

// If a chunk is out of the scope, those before it do not run.
func TestScopeOfEveryChunk(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, mastertest.Options{Minions: []mastertest.Minion{{ID: "web1"}}})
	call, err := asBench(`"client": "local_async", "tgt": "web1", "fun": "test.ping"`, `"client": "runner", "fun": "jobs.active"`)
	require.NoError(t, err)
	call.Authority.Scope = inScope(t, `["test\\.ping$"]`)
	_, err = b.gateway.Run(t.Context(), call)
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, OutOfScope, e.Kind)
	require.Equal(t, textOutOfScope+": no scope of the token allows this", e.Text)
	require.Zero(t, b.Count("publish"))
}

// The answer contains why a call is out of the scope, and quotes nothing of it.
func TestScopeSaysWhy(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, mastertest.Options{Minions: []mastertest.Minion{{ID: "web1"}}})
	for want, chunk := range map[string]string{
		"no scope of the token allows this": `"client": "local", "tgt": "web1", "fun": "secret.fun"`,
		"who chooses the id of a job has to see what others returned, and to run anything on any minion": `"client": "local", "tgt": "web1", "fun": "state.apply", "jid": "20261122224101823656"`,
		"a target of type compound cannot be limited to the minions that the token may reach: " +
			"it has a word with R@": `"client": "local", "tgt": "R@secret", "tgt_type": "compound", "fun": "state.apply"`,
		"a target of type range cannot be limited to the minions that the token may reach: " +
			"there is no other form of it": `"client": "local", "tgt": "secret", "tgt_type": "range", "fun": "state.apply"`,
	} {
		call, err := asBench(chunk)
		require.NoError(t, err)
		call.Authority.Scope = inScope(t, `[{"web*": ["state\\.apply$"]}]`)
		_, err = b.gateway.Run(t.Context(), call)
		e, ok := errors.AsType[*Error](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, textOutOfScope+": "+want, e.Text)
		require.Equal(t, e.Text, e.Error(), "the log says the same")
	}
}

// restrictTarget replaces the target of every client that has one.
func TestRestrictTarget(t *testing.T) {
	t.Parallel()
	m := testMaster()
	for _, client := range []Client{local{m}, localAsync{m}, localBatch{m}, localSubset{m}} {
		chunks, err := Parse(nil, []byte(`{"tgt": ["a", "b"], "tgt_type": "list", "fun": "test.ping"}`), 0)
		require.NoError(t, err)
		job, err := client.Prepare(chunks[0])
		require.NoError(t, err)
		n, ok := job.(targetRestricter)
		require.True(t, ok, client.Name())
		n.restrictTarget("L@a and ( web* )", "compound")
		cmd := job.Command()
		require.Equal(t, msgpack.Raw(msgpack.AppendString(nil, "L@a and ( web* )")), cmd.Tgt, client.Name())
		require.Equal(t, "compound", cmd.TgtType)
	}
}
