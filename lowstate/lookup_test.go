package lowstate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// filesOf answers jobs.list_job and key.list_all, unless it is told not to.
type filesOf struct {
	mu     sync.Mutex
	asked  []string
	unsure bool
}

func (f *filesOf) HasRunner(fun string) bool { return strings.HasPrefix(fun, "jobs.") }
func (f *filesOf) HasWheel(fun string) bool  { return strings.HasPrefix(fun, "key.") }

func (f *filesOf) Runner(_ context.Context, fun string, arg, kwarg msgpack.Raw) (msgpack.Section, bool) {
	ret, ok := f.answer(fmt.Sprintf("%s %s %s", fun, jsonOf(arg), jsonOf(kwarg)))
	return msgpack.InMemory(ret), ok
}

func (f *filesOf) Wheel(_ context.Context, user, fun string, arg, kwarg msgpack.Raw) (msgpack.Raw, bool) {
	return f.answer(fmt.Sprintf("%s: %s %s %s", user, fun, jsonOf(arg), jsonOf(kwarg)))
}

func (f *filesOf) answer(asked string) (msgpack.Raw, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, asked)
	return msgpack.AppendString(nil, "from files"), !f.unsure
}

func (f *filesOf) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

func jsonOf(v msgpack.Raw) string {
	b, err := msgpack.AppendJSON(nil, v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// fromMaster is what the stand-in answers to the same functions.
func fromMaster(context.Context, mastertest.Call) (msgpack.Raw, bool) {
	return msgpack.AppendString(nil, "from the master"), true
}

// patientLife is permitLife in these tests: a busy machine must not end it.
const patientLife = 5 * time.Second

func lookupsBefore(t *testing.T, o mastertest.Options, change ...func(*Master)) *before {
	t.Helper()
	b := gatewayBefore(t, o, change...)
	b.gateway.permitLife = patientLife
	return b
}

func lookupOptions() mastertest.Options {
	return mastertest.Options{
		Runners: map[string]mastertest.Function{"jobs.list_job": fromMaster, "jobs.active": fromMaster, "test.arg": fromMaster,
			"slow.one": func(context.Context, mastertest.Call) (msgpack.Raw, bool) {
				time.Sleep(patientLife + 100*time.Millisecond)
				return msgpack.AppendString(nil, "slow"), true
			}},
		Wheels: map[string]mastertest.Function{"key.list_all": fromMaster, "key.finger": fromMaster},
		Users:  map[string]mastertest.User{"bench": {Password: "secret", Perms: []string{"@runner", "@wheel"}}},
	}
}

// Which calls are answered from files.
func TestLookups(t *testing.T) {
	t.Parallel()
	const asked, master = `"from files"`, `"from the master"`
	for name, c := range map[string]struct {
		chunk string
		want  string
		asked string
	}{
		"a runner":       {`"client": "runner", "fun": "jobs.list_job", "jid": "1"`, asked, `jobs.list_job [] {"jid": "1"}`},
		"positional":     {`"client": "runner", "fun": "jobs.list_job", "arg": ["'1'"]`, asked, `jobs.list_job ["1"] {}`},
		"fields left":    {`"client": "runner", "fun": "jobs.list_job", "jid": "1", "tgt": "*"`, asked, `jobs.list_job [] {"jid": "1"}`},
		"full_return":    {`"client": "runner", "fun": "jobs.list_job", "jid": "1", "full_return": true`, "", ""},
		"another runner": {`"client": "runner", "fun": "test.arg"`, master, ""},
		"a wheel":        {`"client": "wheel", "fun": "key.list_all"`, asked, `bench: key.list_all [] {}`},
		"runner_async":   {`"client": "runner_async", "fun": "jobs.list_job", "jid": "1"`, "", ""},
		"wheel_async":    {`"client": "wheel_async", "fun": "key.list_all"`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := new(filesOf)
			b := lookupsBefore(t, lookupOptions(), func(m *Master) { m.Lookups = f })
			call, err := asBench(c.chunk)
			require.NoError(t, err)
			res, err := b.gateway.Run(t.Context(), call)
			require.NoError(t, err)
			got := string(res.Answers[0].JSON())
			if c.want != "" {
				require.Equal(t, c.want, got)
			} else {
				require.NotContains(t, got, "from files")
			}
			require.Equal(t, c.asked, strings.Join(f.all(), "; "))
			require.Equal(t, c.asked != "", res.Records[0].FromFiles)
			require.Equal(t, c.asked == "", res.Records[0].JID != "")
			require.Equal(t, "bench", res.Records[0].User)
		})
	}
}

// The master is asked where the files are not certain, and checks each call that
// the rules do not certainly allow.
func TestLookupsByTheMaster(t *testing.T) {
	t.Parallel()
	const listJob, list = `"client": "runner", "fun": "jobs.list_job", "jid": "1"`, `"client": "wheel", "fun": "key.list_all"`
	t.Run("not certain", func(t *testing.T) {
		t.Parallel()
		f := &filesOf{unsure: true}
		b := lookupsBefore(t, lookupOptions(), func(m *Master) { m.Lookups = f })
		got, err := b.call(listJob, list)
		require.NoError(t, err)
		require.NotContains(t, got, "from files")
		require.Contains(t, got, `"from the master"`)
		require.Len(t, f.all(), 2)
	})
	t.Run("not allowed", func(t *testing.T) {
		t.Parallel()
		o, f := lookupOptions(), new(filesOf)
		o.Users["bench"] = mastertest.User{Password: "secret", Perms: []string{"test.*", "@jobsx"}}
		b := lookupsBefore(t, o, func(m *Master) { m.Lookups = f })
		for _, chunk := range []string{listJob, list} {
			_, err := b.call(chunk)
			require.Error(t, err)
		}
		require.Empty(t, f.all())
	})
	t.Run("late", func(t *testing.T) {
		t.Parallel()
		f := new(filesOf)
		b := lookupsBefore(t, lookupOptions(), func(m *Master) { m.Lookups = f })
		got, err := b.call(listJob, `"client": "runner", "fun": "slow.one"`, listJob, list)
		require.NoError(t, err)
		require.Contains(t, got, `"from files", "slow", "from the master", {"tag": "salt/wheel/`)
		require.Len(t, f.all(), 1, "the credentials were checked long before the last chunks")
	})
	t.Run("the master is away", func(t *testing.T) {
		t.Parallel()
		f := new(filesOf)
		b := lookupsBefore(t, lookupOptions(), func(m *Master) { m.Lookups = f })
		call, err := asBench(listJob)
		require.NoError(t, err)
		token, ok, err := b.tokens.MakeToken(t.Context(), "sharedsecret", "bench", "secret", 0)
		require.NoError(t, err)
		require.True(t, ok)
		call.Authority.Token = token.Token
		b.StopBus()
		require.Eventually(t, func() bool { return !b.bus.Connected() }, 10*time.Second, time.Millisecond)
		_, err = b.gateway.Run(t.Context(), call)
		require.Error(t, err)
		require.Empty(t, f.all())
	})
}

// permitted reports whether a caller's job would be answered from files.
func TestPermit(t *testing.T) {
	t.Parallel()
	id := eauth.Identity{User: "alice", Eauth: "pam"}
	for name, c := range map[string]struct {
		rules []any
		id    func(*eauth.Identity)
		call  string
		want  bool
	}{
		"all runners":               {rules: []any{"@runner"}, want: true},
		"the module":                {rules: []any{"@jobs"}, want: true},
		"the function":              {rules: []any{acl.Map{{Key: "@jobs", Value: []any{"list_job"}}}}, want: true},
		"another function":          {rules: []any{acl.Map{{Key: "@jobs", Value: []any{"list_jobs"}}}}},
		"minions alone":             {rules: []any{".*"}},
		"wheels alone":              {rules: []any{"@wheel"}},
		"no rules":                  {},
		"the argument":              {rules: argumentRule("1"), want: true},
		"another argument":          {rules: argumentRule("2")},
		"the argument by its place": {rules: argumentRule("1"), call: `"arg": ["'1'"]`},
		"a pattern that is Python's": {rules: []any{acl.Map{{Key: "@jobs", Value: []any{acl.Map{{Key: "list_job", Value: acl.Map{{Key: "kwargs",
			Value: acl.Map{{Key: "jid", Value: "(?!2).*"}}}}}}}}}}},
		"a module decides":            {rules: []any{"@runner"}, id: func(id *eauth.Identity) { id.RightsUnknown = true }},
		"another eauth":               {rules: []any{"@runner"}, id: func(id *eauth.Identity) { id.Eauth = "ldap" }},
		"another user":                {rules: []any{"@runner"}, id: func(id *eauth.Identity) { id.User = "bob" }},
		"rules in the token":          {rules: []any{"@runner"}, id: func(id *eauth.Identity) { id.AuthList = []byte(`["test.*"]`) }},
		"rules in the token allow it": {id: func(id *eauth.Identity) { id.AuthList = []byte(`["@runner"]`) }, want: true},
		"none in the token":           {rules: []any{"@runner"}, id: func(id *eauth.Identity) { id.AuthList = []byte(`null`) }},
		"odd ones":                    {rules: []any{"@runner"}, id: func(id *eauth.Identity) { id.AuthList = []byte(`[`) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.call == "" {
				c.call = `"jid": "1"`
			}
			chunks, err := Parse(nil, []byte(`{"client": "runner", "fun": "jobs.list_job", `+c.call+`}`), 0)
			require.NoError(t, err)
			job, err := runner{&Master{Lookups: new(filesOf)}, newSignatures(nil)}.Prepare(chunks[0])
			require.NoError(t, err)
			id := id
			if c.id != nil {
				c.id(&id)
			}
			rules := acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{{Key: "alice", Value: c.rules}}}},
				acl.Options{KeepACLInToken: id.AuthList != nil})
			if c.rules == nil {
				rules = acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{}}}, acl.Options{KeepACLInToken: id.AuthList != nil})
			}
			r := &run{Gateway: New(Options{Authorizer: rules}), authenticated: time.Now()}
			r.permitLife = time.Hour
			require.NoError(t, r.permit(&task{job: job, id: id, rec: new(Record)}))
			require.Equal(t, c.want, job.(*runnerJob).holds())

			r.Gateway = New(Options{})
			job.(*runnerJob).filePermit = filePermit{}
			require.NoError(t, r.permit(&task{job: job, id: id}))
			require.False(t, job.(*runnerJob).holds(), "nothing without rules")
		})
	}
}

// argumentRule allows jobs.list_job for one jid.
func argumentRule(jid string) []any {
	return []any{acl.Map{{Key: "@jobs", Value: []any{acl.Map{{Key: "list_job", Value: acl.Map{{Key: "kwargs", Value: acl.Map{{Key: "jid", Value: jid}}}}}}}}}}
}
