package lowstate

import (
	_ "embed"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

//go:embed testdata/authorize_ssh.py
var authorizeSSH string

// The minions and hosts, including a minion and a host with the same id.
var (
	sshMinions = []string{"both", "min1"}
	sshRoster  = []string{"both", "db", "web"}
)

// sshLists are lists of rules.
var sshLists = []string{
	`[".*"]`, `["^.*$"]`, `["test.*"]`, `["test.ping"]`, `[]`, `["user.*"]`, `["*"]`, `["saltutil.*"]`, `["cmd.run", "test.arg"]`,
	`[{"*": ["test.*"]}]`, `[{"*": [".*"]}]`, `[{"*": ".*"}]`, `[{"web*": ["test.*"]}]`, `[{"both": ["test.*"]}]`, `[{"b*": [".*"]}]`,
	`[{"min*": ["test.*"]}]`, `[{"E@b|m": ["test.*"]}]`, `[{"L@both,web": ["test.*"]}]`, `[{"not web": ["test.*"]}]`,
	`[{"G@os:x": ["test.*"]}]`, `["(?!cmd)test.*"]`, `[5, null, "test.ping"]`, `[{"*": ["test.*"], "web": [".*"]}]`,
	`["@runner", "@wheel"]`, `[{"@runner": [".*"]}]`, `null`, `"test"`, `5`,
	`[{"*": [{"test.arg": {"args": ["x"]}}]}]`, `[{"*": [{"test.arg": {"kwargs": {"a": "x"}}}]}]`,
	`[{"both": [{"test.arg": {"args": ["x"], "kwargs": {"a": null}}}]}]`, `[{"*": [{".*": {}}]}]`,
	`["test.ping", {"*": ["userdel.*"]}]`,
}

// sshModules are the rules of the module pam, with one of the lists for LIST.
var sshModules = []string{
	`{"alice": LIST}`, `{"*": LIST}`, `{"ops%": LIST}`, `{"alice": ["test.ping"], "ops%": LIST}`, `{"*": LIST, "alice": ["test.ping"]}`,
}

var sshOptionSets = []string{
	`{"permissive_acl": false, "keep_acl_in_token": false, "auth.enable_expanded_auth_matching": false}`,
	`{"permissive_acl": true, "keep_acl_in_token": false, "auth.enable_expanded_auth_matching": false}`,
	`{"permissive_acl": false, "keep_acl_in_token": true, "auth.enable_expanded_auth_matching": false}`,
	`{"permissive_acl": false, "keep_acl_in_token": false, "auth.enable_expanded_auth_matching": true}`,
}

var sshCallers = []sshCaller{
	{User: "alice", Groups: []string{}},
	{User: "alice", Groups: []string{"ops"}},
	{User: "bob", Groups: []string{}},
	{User: "al.*", Groups: []string{"ops"}},
	{User: "bob", Groups: []string{}, AuthList: json.RawMessage(`["test.*", {"both": [".*"]}]`)},
}

type sshCaller struct {
	User     string          `json:"user"`
	Groups   []string        `json:"groups"`
	AuthList json.RawMessage `json:"auth_list,omitempty"`
}

var sshChunks = []string{
	`"tgt": "web", "fun": "test.ping"`,
	`"tgt": "both", "fun": "test.ping"`,
	`"tgt": "b*", "fun": "test.ping"`,
	`"tgt": "*", "fun": "test.ping"`,
	`"tgt": "min1", "fun": "test.ping"`,
	`"tgt": "nobody", "fun": "test.ping"`,
	`"tgt": "nobody*", "fun": "test.ping"`,
	`"tgt": "127.0.0.1", "fun": "test.ping"`,
	`"tgt": "root@127.0.0.1", "fun": "test.ping"`,
	`"tgt": "root@127.0.0.1", "fun": "saltutil.find_job"`,
	`"tgt": "*", "fun": "saltutil.find_job", "arg": ["20260101000000000001"]`,
	`"tgt": "both", "fun": "saltutil.find_job"`,
	`"tgt": ["both", "web"], "tgt_type": "list", "fun": "test.ping"`,
	`"tgt": "both,min1", "tgt_type": "list", "fun": "test.ping"`,
	`"tgt": "b.t", "tgt_type": "pcre", "fun": "test.ping"`,
	`"tgt": "w|b", "tgt_type": "pcre", "fun": "cmd.run", "arg": ["id"]`,
	`"tgt": "both", "tgt_type": "nodegroup", "fun": "test.ping"`,
	`"tgt": "both", "tgt_type": "range", "fun": "test.ping"`,
	`"tgt": "both", "fun": "cmd.run", "arg": ["id"]`,
	`"tgt": "both", "fun": "test.arg", "arg": ["x"]`,
	`"tgt": "both", "fun": "test.arg", "arg": ["y"]`,
	`"tgt": "both", "fun": "test.arg", "kwarg": {"a": "x"}`,
	`"tgt": "both", "fun": "test.arg", "arg": ["x"], "kwarg": {"a": "x"}`,
	`"tgt": "both", "fun": "test.arg", "arg": ["x", {"__kwarg__": true, "a": "x"}]`,
	`"tgt": "both", "fun": "test.arg", "arg": [{"__kwarg__": true, "a": "x"}], "kwarg": {"a": "y"}`,
	`"tgt": "both", "fun": "test.arg", "arg": [{"__kwarg__": true, "a": "x"}], "kwarg": {"a": "x"}`,
	`"tgt": "both", "fun": "userdel alice", "raw_shell": true`,
	`"tgt": "both", "fun": "test.ping", "raw_shell": true`,
	`"tgt": "both", "fun": "test.ping", "ssh_user": "root", "ssh_sudo": true, "ssh_timeout": 5`,
	`"tgt": "both", "fun": "test.ping", "ssh_priv": "/etc/ssh/id"`,
	`"tgt": "both", "fun": "test.ping", "ssh_options": ["Port=22"]`,
	`"tgt": "both", "fun": "test.ping", "ssh_remote_port_forwards": "8000:10.0.0.1:80"`,
	`"tgt": "both", "fun": "test.ping", "roster_file": "other"`,
	`"tgt": "both", "fun": "test.ping", "thin_extra_mods": "yaml"`,
	`"tgt": "both", "fun": "test.ping", "no_host_keys": true`,
	`"tgt": "both", "fun": "test.ping", "no_host_keys": false`,
}

// The reasons for which a call is refused here and not by salt-api. They are
// listed in docs/differences.md.
const (
	sshBeyond  = "more than rules about functions can allow"
	sshKwarg   = "a keyword argument beside the one that the rule is about"
	sshNobody  = "a rule for a target, and a call whose target matches nobody or cannot be resolved"
	sshPattern = "a rule with a pattern that cannot be evaluated"
)

// sshUnresolved are words of the chunks whose targets match no host or cannot
// be resolved.
var sshUnresolved = []string{"nobody", "127.0.0.1", "nodegroup", "range", "roster_file"}

type sshSetupCase struct {
	Rules   json.RawMessage   `json:"rules"`
	Options json.RawMessage   `json:"options"`
	Calls   []json.RawMessage `json:"calls"`

	module []acl.Module
	opts   acl.Options
}

// TestSSHAuthorisationAgrees compares with Salt's own _authorize_ssh for every call:
// the results are the same, except for the listed reasons.
func TestSSHAuthorisationAgrees(t *testing.T) {
	t.Parallel()
	setups, chunks := sshSetups(t), sshPrepared(t)
	for version, dir := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			answers := askAuthorizeSSH(t, dir, setups)
			require.Len(t, answers, len(setups))
			seen := map[string]int{}
			for i, s := range setups {
				o := s.opts
				o.Targets = acl.Roster(
					acl.Accepted(func() ([]string, error) { return sshMinions, nil }),
					func() ([]string, error) { return sshRoster, nil })
				o.StarCompared = func() bool { return version < "3008" }
				rules := acl.New(s.module, o)
				for n, want := range answers[i] {
					caller, job := sshCallers[n/len(chunks)], *chunks[n%len(chunks)]
					job.opts.Rules = rules
					got, why := admitted(t, &job, caller, string(s.Rules), string(s.Calls[n]))
					seen[want]++
					if got == (want == "allowed") {
						continue
					}
					require.False(t, got, "salt-api: %s, but allowed here: %s %s %s", want, s.Rules, s.Options, s.Calls[n])
					require.NotEmpty(t, why, "refused here for no reason that is listed: %s %s %s", s.Rules, s.Options, s.Calls[n])
					seen[why]++
				}
			}
			for _, one := range []string{"allowed", "refused", sshBeyond, sshKwarg, sshNobody, sshPattern} {
				require.Greater(t, seen[one], 10, one)
			}
		})
	}
}

func sshSetups(t *testing.T) (setups []*sshSetupCase) {
	t.Helper()
	var calls []json.RawMessage
	for _, caller := range sshCallers {
		who, err := json.Marshal(caller)
		require.NoError(t, err)
		for _, chunk := range sshChunks {
			calls = append(calls, json.RawMessage(strings.TrimSuffix(string(who), "}")+`, "low": {`+chunk+`}}`))
		}
	}
	for n, list := range sshLists {
		for i, module := range sshModules {
			for k, options := range sshOptionSets {
				if i > 0 && (k > 0 || i > 1 && n%3 > 0) {
					continue // enough of them
				}
				s := &sshSetupCase{
					Rules:   json.RawMessage(strings.ReplaceAll(module, "LIST", list)),
					Options: json.RawMessage(options), Calls: calls,
				}
				rules, _ := fromJSON(t, s.Rules).(acl.Map)
				s.module = []acl.Module{{Name: "pam", Rules: rules}}
				set := map[string]bool{}
				require.NoError(t, json.Unmarshal(s.Options, &set))
				s.opts = acl.Options{
					PermissiveACL: set["permissive_acl"], KeepACLInToken: set["keep_acl_in_token"],
					ExpandedMatching: set["auth.enable_expanded_auth_matching"],
				}
				setups = append(setups, s)
			}
		}
	}
	return setups
}

func fromJSON(t *testing.T, js []byte) any {
	t.Helper()
	b, err := msgpack.AppendFromJSON(nil, js)
	require.NoError(t, err, string(js))
	v, ok := aclValue(b)
	require.True(t, ok)
	return v
}

func sshPrepared(t *testing.T) (jobs []*sshJob) {
	t.Helper()
	s := newSSHSetup(t)
	s.client.opts.AllowRawShell = true
	for _, chunk := range sshChunks {
		chunks, err := Parse(nil, []byte(`[{"client": "ssh", `+chunk+`}]`), 0)
		require.NoError(t, err)
		job, err := s.client.Prepare(chunks[0])
		require.NoError(t, err, chunk)
		jobs = append(jobs, job.(*sshJob))
	}
	return jobs
}

// admitted reports whether a job is allowed, and otherwise why, if salt-api may
// be less strict.
func admitted(t *testing.T, job *sshJob, caller sshCaller, rules, chunk string) (ok bool, why string) {
	t.Helper()
	id := eauth.Identity{User: caller.User, Groups: caller.Groups, Eauth: "pam", AuthList: caller.AuthList}
	err := job.Command().Authorize(id)
	if err == nil {
		return true, ""
	}
	e, isError := errors.AsType[*Error](err)
	require.True(t, isError)
	require.Equal(t, Unauthorized, e.Kind)
	if strings.HasSuffix(e.Text, "unrestricted rights.") {
		return false, sshBeyond
	}
	who, _ := SubjectOf(id)
	var verdicts []acl.Verdict
	for _, arg := range job.ruleArgs {
		args, _ := aclList(arg)
		verdicts = append(verdicts, job.opts.Rules.SSH(who, job.rulesCall(args.([]any))))
	}
	switch {
	case verdicts[0] == acl.Allowed:
		return false, sshKwarg
	case verdicts[0] == acl.Refused:
		return false, ""
	case strings.Contains(rules, "(?!"):
		return false, sshPattern
	case slices.ContainsFunc(sshUnresolved, func(word string) bool { return strings.Contains(chunk, word) }):
		return false, sshNobody
	}
	return false, ""
}

func askAuthorizeSSH(t *testing.T, salt string, setups []*sshSetupCase) (answers [][]string) {
	t.Helper()
	in := map[string]any{"folder": t.TempDir(), "minions": sshMinions, "roster": sshRoster, "setups": setups}
	sandboxtest.Python(t, salt, authorizeSSH, in, &answers)
	return answers
}
