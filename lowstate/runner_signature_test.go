package lowstate

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// ownRunners is a master with runners of the operator's own: own.takes has the
// arguments a and b, own.all any. asked counts the signatures that it returned.
func ownRunners() (o mastertest.Options, asked func() int) {
	var mu sync.Mutex
	n := 0
	o = one("web1")
	o.Users = map[string]mastertest.User{
		"bench": {Password: "secret", Perms: []string{".*", "@runner"}},
		"ci":    {Password: "secret", Perms: []string{"@own"}},
	}
	called := func(_ context.Context, c mastertest.Call) (msgpack.Raw, bool) { return c.Kwarg, true }
	o.Runners = map[string]mastertest.Function{
		"own.takes": called, "own.all": called, "own.odd": called, "jobs.lookup_jid": called, "jobs.active": called,
		"state.orchestrate": called, "manage.up": called,
		"salt.cmd": func(_ context.Context, c mastertest.Call) (msgpack.Raw, bool) {
			mu.Lock()
			defer mu.Unlock()
			n++
			return mastertest.JSON(`{
				"own.takes": {"args": ["a", "b"], "defaults": null, "varargs": null, "kwargs": null},
				"own.all": {"args": null, "defaults": null, "varargs": true, "kwargs": true},
				"own.odd": {"args": 5, "kwargs": null}}`), true
		},
	}
	return o, func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// Keys that a client sends with every runner.
const targeting = `"tgt": "*", "tgt_type": "glob", "expr_form": "glob", "ret": "", "output": "json", "mods": ""`

func TestRunnerTakes(t *testing.T) {
	t.Parallel()
	for _, release := range mastertest.Lines() {
		o, asked := ownRunners()
		o.Release = release
		b := gatewayBefore(t, o)
		b.require(`{}`, `"client": "runner", "fun": "jobs.active", `+targeting)
		b.require(`{"jid": "1"}`, `"client": "runner", "fun": "jobs.lookup_jid", "jid": "1", `+targeting)
		b.require(`{"jid": "1"}`, `"client": "runner", "fun": "jobs.lookup_jid", "arg": ["jid='1'", "tgt=x"], "kwarg": {"nope": 1}`)
		b.require(`{"tgt": "*", "tgt_type": "glob"}`, `"client": "runner", "fun": "manage.up", `+targeting)
		b.require(`{"mods": ""}`, `"client": "runner", "fun": "state.orchestrate", `+targeting)
		b.require(`{"args": [], "kwargs": {"tgt": "*", "nope": 1}}`, `"client": "runner", "fun": "test.arg", "tgt": "*", "nope": 1`)
		require.Zero(t, asked(), "of Salt's own functions the master is not asked")

		b.require(`{"a": 1}`, `"client": "runner", "fun": "own.takes", "a": 1, `+targeting)
		require.Equal(t, 1, asked())
		b.require(`{"a": 1, "b": 2}`, `"client": "runner", "fun": "own.takes", "a": 1, "b": 2`)
		require.Equal(t, 1, asked(), "it is known to take these")
		b.require(`{"a": 2}`, `"client": "runner", "fun": "own.takes", "a": 2, "c": 1`)
		require.Equal(t, 2, asked(), "nothing is left out without asking")
		b.require(`{"x": 1, "tgt": "*"}`, `"client": "runner", "fun": "own.all", "x": 1, "tgt": "*"`)
		b.require(`{"x": 1}`, `"client": "runner", "fun": "own.odd", "x": 1`)
	}
}

// Removed arguments are in the record, for the audit log.
func TestRunnerRecordsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	o, _ := ownRunners()
	b := gatewayBefore(t, o)
	call, err := asBench(`"client": "runner", "fun": "jobs.active", "tgt": "*", "ret": ""`,
		`"client": "runner_async", "fun": "own.takes", "a": 1, "tgt": "*"`, `"client": "runner", "fun": "test.arg", "tgt": "*"`)
	require.NoError(t, err)
	res, err := b.gateway.Run(t.Context(), call)
	require.NoError(t, err)
	var leftOut [][]string
	for _, r := range res.Records {
		leftOut = append(leftOut, r.LeftOut)
	}
	require.Equal(t, [][]string{{"tgt", "ret"}, {"tgt"}, nil}, leftOut)
}

// For a caller that may not fetch a signature all arguments are sent, and
// nothing is fetched.
func TestRunnerSignatureNotAllowed(t *testing.T) {
	t.Parallel()
	o, asked := ownRunners()
	b := gatewayBefore(t, o)
	chunks, err := Parse(nil, []byte(`[{"eauth": "sharedsecret", "username": "ci", "password": "secret",
		"client": "runner", "fun": "own.takes", "a": 1, "tgt": "*"}]`), 0)
	require.NoError(t, err)
	res, err := b.gateway.Run(t.Context(), Call{Chunks: chunks})
	require.NoError(t, err)
	require.JSONEq(t, `{"a": 1, "tgt": "*"}`, string(res.Answers[0].JSON()))

	call, err := asBench(`"client": "runner", "fun": "own.takes", "a": 1, "tgt": "*"`)
	require.NoError(t, err)
	call.Authority.Scope = inScope(t, `[{"@runner": ["own\\.takes$"]}]`)
	res, err = b.gateway.Run(t.Context(), call)
	require.NoError(t, err)
	require.JSONEq(t, `{"a": 1, "tgt": "*"}`, string(res.Answers[0].JSON()), "the scope has no salt.cmd")
	require.Zero(t, asked())
}

// Scopes check what is sent: a removed argument neither satisfies nor violates
// a rule.
func TestScopeOfArgumentsThatAreTaken(t *testing.T) {
	t.Parallel()
	o, _ := ownRunners()
	b := gatewayBefore(t, o)
	run := func(acl, chunk string) error {
		call, err := asBench(chunk)
		require.NoError(t, err)
		call.Authority.Scope = inScope(t, acl)
		_, err = b.gateway.Run(t.Context(), call)
		return err
	}
	const rule = `[{"@runner": ["salt\\.cmd$", {"own\\.takes$": {"kwargs": {"tgt": "web1"}}}, {"jobs\\.active$": {"kwargs": {"tgt": "web1"}}}]}]`
	for _, fun := range []string{"own.takes", "jobs.active"} {
		err := run(rule, `"client": "runner", "fun": "`+fun+`", "tgt": "web1"`)
		var e *Error
		require.ErrorAs(t, err, &e, fun)
		require.Equal(t, OutOfScope, e.Kind, "%s has no tgt, so that the rule says nothing about it", fun)
	}
}

// No signature is fetched for a call that is refused anyway.
func TestRunnerSignatureAfterScope(t *testing.T) {
	t.Parallel()
	const own = `"client": "runner", "fun": "own.takes", "a": 1, "tgt": "*"`
	for name, c := range map[string]struct {
		acl    string
		chunks []string
		kind   Kind
	}{
		"the runner":        {`[{"@runner": ["salt\\.cmd$"]}]`, []string{own}, OutOfScope},
		"another chunk":     {`[{"@runner": [".*"]}]`, []string{own, ping}, OutOfScope},
		"an earlier chunk":  {`[{"@runner": [".*"]}]`, []string{ping, own}, OutOfScope},
		"a list of another": {"", []string{own, `"client": "local", "tgt": "*", "fun": ["test.ping", "cmd.run"]`}, Unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, asked := ownRunners()
			o.Users["bench"] = mastertest.User{Password: "secret", Perms: []string{"test.*", "@runner"}}
			b := gatewayBefore(t, o)
			call, err := asBench(c.chunks...)
			require.NoError(t, err)
			if c.acl != "" {
				call.Authority.Scope = inScope(t, c.acl)
			}
			_, err = b.gateway.Run(t.Context(), call)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.kind, e.Kind)
			require.Zero(t, asked())
			require.Zero(t, b.Count("runner"))
		})
	}
}

// A module of the operator's own with the name of one of Salt's may take other
// arguments: then the master is queried.
func TestRunnerReplaced(t *testing.T) {
	t.Parallel()
	s := newSignatures(func(module string) bool { return module == "jobs" })
	require.False(t, s.isStock("jobs.active"))
	require.True(t, s.isStock("manage.up"))
	require.False(t, s.isStock("no.such"))
	require.True(t, newSignatures(nil).isStock("jobs.active"))
}
