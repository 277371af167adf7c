package lowstate

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// noBus is never connected.
type noBus struct{ Bus }

func (noBus) Connected() bool { return false }

func (noBus) Subscribe(string) *eventbus.Sub { return nil }

// sshSetup is the client ssh with a program that stands in for salt-ssh. That
// writes its arguments, one per line, and the settings.
type sshSetup struct {
	t      *testing.T
	dir    string
	client ssh
}

const sshScript = `#!/bin/sh
here=${0%/*}
printf '%s\n' "$@" >"$here/argv"
cp client.conf "$here"
[ "$1" = --hosts ] && exec printf '{"/conf/roster": {"web": "10.0.0.1", "db": "10.0.0.2"}}' >output
cat "$here/answer" >output
exit $(cat "$here/code")
`

// sshRules allow alice everything, bob test.* on web, and carol test.* and
// user.*. web is a minion, too.
func sshRules(hosts func() ([]string, error)) *acl.Rules {
	return acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{
		{Key: "alice", Value: []any{".*"}},
		{Key: "bob", Value: []any{acl.Map{{Key: "web*", Value: []any{"test.*"}}}}},
		{Key: "carol", Value: []any{"test.*", "user.*"}},
	}}}, acl.Options{Targets: acl.Roster(acl.Accepted(func() ([]string, error) { return []string{"web", "min1"}, nil }), hosts)})
}

func newSSHSetup(t *testing.T) *sshSetup {
	t.Helper()
	s := &sshSetup{t: t, dir: t.TempDir()}
	require.NoError(t, os.WriteFile(s.path("salt-ssh"), []byte(sshScript), 0o700))
	s.answers(`{"web": true}`, "0")
	p := saltssh.New(saltssh.Options{Folders: []string{s.dir}, MasterFile: s.path("master"), TempDir: s.dir})
	s.client = SSH(
		&Master{Bus: noBus{}, JIDs: new(saltmaster.JIDs), RestTimeout: time.Minute},
		SSHOptions{Program: p, Rules: sshRules(p.Hosts)},
	).(ssh)
	return s
}

func (s *sshSetup) path(name string) string { return filepath.Join(s.dir, name) }

func (s *sshSetup) answers(output, code string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(s.path("answer"), []byte(output), 0o600))
	require.NoError(s.t, os.WriteFile(s.path("code"), []byte(code), 0o600))
}

// call runs a chunk, given as JSON without braces and client.
func (s *sshSetup) call(user, chunk string) (string, *Record, error) {
	s.t.Helper()
	chunks, err := Parse(nil, []byte(`[{"client": "ssh", `+chunk+`}]`), 0)
	require.NoError(s.t, err)
	job, err := s.client.Prepare(chunks[0])
	if err != nil {
		return "", nil, err
	}
	if err := job.Command().Authorize(eauth.Identity{User: user, Eauth: "pam"}); err != nil {
		return "", nil, err
	}
	rec := new(Record)
	answer, err := job.Run(s.t.Context(), nil, rec)
	if err != nil {
		return "", rec, err
	}
	return string(answer.JSON()), rec, nil
}

func (s *sshSetup) argv() []string {
	s.t.Helper()
	b, err := os.ReadFile(s.path("argv"))
	require.NoError(s.t, err)
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func (s *sshSetup) settings() (conf map[string]any) {
	s.t.Helper()
	b, err := os.ReadFile(s.path("client.conf"))
	require.NoError(s.t, err)
	require.NoError(s.t, json.Unmarshal(b, &conf))
	return conf
}

func TestSSHArguments(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	for _, tc := range []struct {
		chunk string
		want  []string
	}{
		{`"tgt": "web", "fun": "test.ping"`, []string{"--", "web", "test.ping"}},
		{`"tgt": "web", "fun": "test.ping", "arg": null, "kwarg": null, "tgt_type": null`, []string{"--", "web", "test.ping"}},
		{`"tgt": ["web", "db"], "tgt_type": "list", "fun": "test.ping"`, []string{"--list", "--", "web,db", "test.ping"}},
		{`"tgt": "web", "fun": "test.arg", "arg": "one"`, []string{"--", "web", "test.arg", "one"}},
		{
			`"tgt": "web", "fun": "test.arg", "arg": [1, "5", "k=7", {"a": [1, "x#y"]}, true, null, 1.5, "-x"]`,
			[]string{"--", "web", "test.arg", "1", "5", "k=7", `{"a": [1, "x\u0023y"]}`, "true", "null", "1.5", "-x"},
		},
		{
			`"tgt": "web", "fun": "test.arg", "kwarg": {"plain": "abc def", "digits": "5", "n": 5, "lines": "a\nb", "hash": "a # b", "yes": "yes", "map": {"a": null}}`,
			[]string{
				"--", "web", "test.arg", "plain=abc def", `digits="5"`, "n=5", `lines="a\nb"`, `hash=a # b`,
				`yes="yes"`, `map={"a": null}`,
			},
		},
		{
			`"tgt": "web", "fun": "test.arg", "arg": ["a", {"__kwarg__": true, "b": "c"}]`,
			[]string{"--", "web", "test.arg", "a", "b=c"},
		},
	} {
		_, _, err := s.call("alice", tc.chunk)
		require.NoError(t, err, tc.chunk)
		require.Equal(t, tc.want, s.argv(), tc.chunk)
	}
}

func TestSSHSettings(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	_, rec, err := s.call("alice", `"tgt": "web", "fun": "test.ping", "timeout": "7", "ssh_user": "saltdev",
		"ssh_passwd": "s3cret", "ignore_host_keys": true, "username": "alice", "password": "ProxyCommand", "eauth": "pam"`)
	require.NoError(t, err)
	conf := s.settings()
	require.Equal(t, "saltdev", conf["ssh_user"])
	require.Equal(t, "s3cret", conf["ssh_passwd"])
	require.Equal(t, true, conf["ignore_host_keys"])
	require.Equal(t, 7.0, conf["timeout"])
	require.Equal(t, false, conf["raw_shell"])
	require.Equal(t, rec.JID, conf["jid"])
	require.NotContains(t, conf, "password")
	require.NotContains(t, strings.Join(s.argv(), " "), "s3cret")
}

func TestSSHRefusals(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	for chunk, want := range map[string]string{
		`"fun": "test.ping"`:                                        "tgt is missing",
		`"tgt": "web"`:                                              "fun is missing",
		`"tgt": ["web"], "fun": "test.ping"`:                        "tgt must be a string",
		`"tgt": [1], "tgt_type": "list", "fun": "a.b"`:              "tgt must be a string",
		`"tgt": "web", "tgt_type": 1, "fun": "a.b"`:                 "tgt_type must be a string",
		`"tgt": "web", "tgt_type": "grain", "fun": "a.b"`:           "knows no tgt_type",
		`"tgt": "web", "fun": ["a.b"]`:                              "fun must be a string",
		`"tgt": "web", "fun": "a.b", "kwarg": [1]`:                  "kwarg must be an object",
		`"tgt": "web", "fun": "a.b", "kwarg": {"a b": 1}`:           "name of a keyword argument",
		`"tgt": "web", "fun": "a.b", "timeout": "soon"`:             "timeout must be",
		`"tgt": "web", "fun": "a.b", "jid": "20260101000000000001"`: "jid cannot be chosen",
		`"tgt": "web", "fun": "a.b", "ssh_port": "x"`:               "ssh_port must be an integer",
		`"tgt": "web", "fun": "id", "raw_shell": true`:              "Raw shell option not allowed.",
		`"tgt": "web", "fun": "id", "raw_shell": "no"`:              "Raw shell option not allowed.",
	} {
		_, _, err := s.call("alice", chunk)
		require.ErrorContains(t, err, want, chunk)
	}
	require.NoFileExists(t, s.path("argv"))
}

func TestSSHWithoutTheProgram(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	s.client.opts.Program = saltssh.New(saltssh.Options{Program: s.path("none")})
	_, _, err := s.call("alice", `"tgt": "web", "fun": "test.ping"`)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, BadRequest, e.Kind)
	require.Equal(t, "The client ssh needs the program salt-ssh, which is not on the gateway's host.", e.Text)
}

func TestSSHAuthorisation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		user, chunk string
		want        bool
	}{
		{"alice", `"tgt": "*", "fun": "cmd.run", "arg": "id"`, true},
		{"bob", `"tgt": "web", "fun": "test.ping"`, true},
		{"bob", `"tgt": "w*", "fun": "test.ping"`, true},
		{"bob", `"tgt": ["web"], "tgt_type": "list", "fun": "test.ping"`, true},
		{"bob", `"tgt": "*", "fun": "test.ping"`, false},
		{"bob", `"tgt": "db", "fun": "test.ping"`, false},
		{"bob", `"tgt": "web", "fun": "cmd.run", "arg": "id"`, false},
		{"bob", `"tgt": "web9", "fun": "test.ping"`, false}, // a host in no roster
		{"bob", `"tgt": "x@db", "fun": "saltutil.find_job"`, false},
		{"mallory", `"tgt": "x@db", "fun": "saltutil.find_job"`, false},
		{"mallory", `"tgt": "*", "fun": "saltutil.find_job"`, false},
		{"bob", `"tgt": "web@db", "fun": "test.ping"`, false},   // salt-ssh would connect to db
		{"bob", `"tgt": "10.0.0.1", "fun": "test.ping"`, false}, // web, but that is unknown
		{"bob", `"tgt": "web", "fun": "test.ping", "roster_file": "other"`, false},
		{"bob", `"tgt": "web", "fun": "test.ping", "roster": "scan"`, false},
		{"bob", `"tgt": "n1", "tgt_type": "nodegroup", "fun": "test.ping"`, false},
		{"carol", `"tgt": "*", "fun": "test.ping"`, true},
		{"carol", `"tgt": "*", "fun": "cmd.run", "arg": "id"`, false},
		{"mallory", `"tgt": "web", "fun": "test.ping"`, false},
	} {
		s := newSSHSetup(t)
		_, _, err := s.call(tc.user, tc.chunk)
		if tc.want {
			require.NoError(t, err, tc)
			continue
		}
		var e *Error
		require.ErrorAs(t, err, &e, tc)
		require.Equal(t, Unauthorized, e.Kind)
		require.Equal(t, "Authorization error occurred.", e.Text)
	}
}

// TestSSHPrivileges is about privileges of alice alone, who may run anything,
// unless the operator lists them.
func TestSSHPrivileges(t *testing.T) {
	t.Parallel()
	const off = "a target that may be none of the roster's"
	for _, tc := range []struct{ chunk, name, refused string }{
		{`"tgt": "web", "ssh_priv": "KEY"`, "ssh_priv", "ssh_priv"},
		{`"tgt": "web", "ssh_options": ["Port=22"]`, "ssh_options", "ssh_options"},
		{`"tgt": "web", "ssh_remote_port_forwards": "8000:10.0.0.1:80"`, "ssh_remote_port_forwards", "ssh_remote_port_forwards"},
		{`"tgt": "web", "ssh_port": 2222`, "ssh_port", "ssh_port"},
		{`"tgt": "web", "ssh_scan_ports": "22,2222"`, "ssh_scan_ports", "ssh_scan_ports"},
		{`"tgt": "web", "ignore_host_keys": true`, "ignore_host_keys", "ignore_host_keys"},
		{`"tgt": "web", "no_host_keys": "yes"`, "no_host_keys", "no_host_keys"},
		{`"tgt": "web", "roster": "cache"`, "roster", "roster"},
		{`"tgt": "web", "roster_file": "ROSTER"`, "roster_file", "roster_file"},
		{`"tgt": "web", "thin_extra_mods": "yaml"`, "thin_extra_mods", "thin_extra_mods"},
		{`"tgt": "web", "min_extra_mods": "yaml"`, "min_extra_mods", "min_extra_mods"},
		{`"tgt": "root@10.0.0.9"`, OffRoster, off},
		{`"tgt": "x*@10.0.0.9"`, OffRoster, off},
		{`"tgt": "a,root@10.0.0.9"`, OffRoster, off},
		{`"tgt": "10.0.0.9", "tgt_type": "nodegroup"`, OffRoster, off},
		{`"tgt": "10.0.0.9", "tgt_type": "range"`, OffRoster, off},
	} {
		s := newSSHSetup(t)
		require.NoError(t, os.WriteFile(s.path("key"), nil, 0o600))
		s.client.opts.Program = saltssh.New(saltssh.Options{
			Folders: []string{s.dir}, MasterFile: s.path("master"), TempDir: s.dir, Rosters: []string{s.dir},
		})
		chunk := strings.NewReplacer("KEY", s.path("key"), "ROSTER", "key").Replace(tc.chunk) + `, "fun": "test.ping"`
		_, _, err := s.call("alice", chunk)
		require.NoError(t, err, tc)
		require.NoError(t, os.Remove(s.path("argv")))

		_, _, err = s.call("carol", chunk)
		require.Equal(t, &Error{Kind: Unauthorized,
			Text: "Authorization error occurred. " + tc.refused + " is for callers with unrestricted rights."}, err, tc)
		require.NoFileExists(t, s.path("argv"))

		s.client.opts.Open = []string{tc.name}
		_, _, err = s.call("carol", chunk)
		require.NoError(t, err, tc)
	}
}

// TestSSHKeepsToTheRoster shows how salt-ssh is called for a caller that may
// not choose the host: no target can be the name of one.
func TestSSHKeepsToTheRoster(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	for chunk, want := range map[string][]string{
		`"tgt": "web"`:                            {"--list", "--", "web", "test.ping"},
		`"tgt": "10.0.0.9"`:                       {"--list", "--", "10.0.0.9", "test.ping"},
		`"tgt": "::1"`:                            {"--list", "--", "::1", "test.ping"},
		`"tgt": "w*"`:                             {"--", "w*", "test.ping"},
		`"tgt": "[w]eb"`:                          {"--", "[w]eb", "test.ping"},
		`"tgt": ["a", "b"], "tgt_type": "list"`:   {"--list", "--", "a,b", "test.ping"},
		`"tgt": "10.0.0.9", "tgt_type": "pcre"`:   {"--pcre", "--", "(?:10.0.0.9)", "test.ping"},
		`"tgt": "(web|db)", "tgt_type": "pcre"`:   {"--pcre", "--", "(web|db)", "test.ping"},
		`"tgt": "web", "no_host_keys": false`:     {"--list", "--", "web", "test.ping"},
		`"tgt": "web", "ssh_user": "somebody"`:    {"--list", "--", "web", "test.ping"},
		`"tgt": "web", "ssh_port": null`:          {"--list", "--", "web", "test.ping"},
		`"tgt": "web", "what": "salt-ssh has no"`: {"--list", "--", "web", "test.ping"},
	} {
		_, _, err := s.call("carol", chunk+`, "fun": "test.ping"`)
		require.NoError(t, err, chunk)
		require.Equal(t, want, s.argv(), chunk)
	}
	_, _, err := s.call("alice", `"tgt": "10.0.0.9", "fun": "test.ping"`)
	require.NoError(t, err)
	require.Equal(t, []string{"--", "10.0.0.9", "test.ping"}, s.argv())
}

// TestSSHOffTheRoster is about a list without a host of the roster, for which
// salt-ssh fails.
func TestSSHOffTheRoster(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	script := strings.Replace(sshScript, `cat "$here/answer" >output`, "exit 1", 1)
	require.NoError(t, os.WriteFile(s.path("salt-ssh"), []byte(script), 0o700))
	_, _, err := s.call("carol", `"tgt": "10.0.0.9", "fun": "test.ping"`)
	require.Equal(t, sshPrivilege(OffRoster), err)
	for user, tgt := range map[string]string{"carol": "web", "alice": "10.0.0.9"} {
		_, _, err = s.call(user, `"tgt": "`+tgt+`", "fun": "test.ping"`)
		require.ErrorContains(t, err, "salt-ssh ended without an answer", "%s: it failed for another reason", user)
	}
}

// TestSSHRawShellNeedsEveryRight shows that a command is not checked by its
// first word.
func TestSSHRawShellNeedsEveryRight(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	s.client.opts.AllowRawShell = true
	s.client.opts.Open = SSHPrivileges()
	for fun, want := range map[string]string{
		"userdel mallory": "Authorization error occurred. raw_shell is for callers with unrestricted rights.",
		"test.ping":       "Authorization error occurred. raw_shell is for callers with unrestricted rights.",
		"id":              "Authorization error occurred.",
	} {
		_, _, err := s.call("carol", `"tgt": "web", "fun": "`+fun+`", "raw_shell": true`)
		require.Equal(t, &Error{Kind: Unauthorized, Text: want}, err)
		require.NoFileExists(t, s.path("argv"))
		_, _, err = s.call("alice", `"tgt": "web", "fun": "`+fun+`", "raw_shell": true`)
		require.NoError(t, err)
		require.NoError(t, os.Remove(s.path("argv")))
	}
}

func TestSSHRunsNothingThatWasNotAdmitted(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	chunks, err := Parse(nil, []byte(`[{"client": "ssh", "tgt": "web", "fun": "test.ping"}]`), 0)
	require.NoError(t, err)
	job, err := s.client.Prepare(chunks[0])
	require.NoError(t, err)
	_, err = job.Run(t.Context(), nil, new(Record))
	require.Equal(t, errSSHUnauthorized, err)

	s.client.opts.Rules = nil
	_, _, err = s.call("alice", `"tgt": "web", "fun": "test.ping"`)
	require.Equal(t, errSSHUnauthorized, err)
	require.NoFileExists(t, s.path("argv"))
}

func TestSSHRawShell(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	s.client.opts.AllowRawShell = true
	s.answers(`{"web": {"stdout": "hi\n", "stderr": "", "retcode": 0, "parsed": null}}`, "0")
	answer, _, err := s.call("alice", `"tgt": "web", "fun": "echo", "arg": ["hi"], "raw_shell": "yes"`)
	require.NoError(t, err)
	require.Equal(t, true, s.settings()["raw_shell"])
	require.Equal(t, []string{"--", "web", "echo", "hi"}, s.argv())
	entry := sshEntry(t, answer, "web")
	require.Equal(t, "ssh._raw", entry["fun"])
	require.Equal(t, []any{"echo", "hi"}, entry["fun_args"])
	require.Equal(t, "hi\n", entry["stdout"])
}

func TestSSHFailures(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]Error{
		saltssh.ErrBusy:     {Kind: Unavailable, Text: "Too many salt-ssh programs are running.", RetryAfter: retryAfter},
		saltssh.ErrNoKey:    {Kind: BadRequest, Text: "ssh_priv is not a file"},
		saltssh.ErrNoRoster: {Kind: BadRequest, Text: "roster_file is in none of the folders of the master's rosters"},
		saltssh.ErrTooLarge: {Kind: Failed, Text: "The output of salt-ssh is too large."},
		&saltssh.FailedError{Status: "exit status 1"}: {Kind: Failed,
			Text: "salt-ssh ended without an answer (exit status 1). Its log file says why."},
	} {
		var got *Error
		require.ErrorAs(t, sshFailure(err), &got)
		require.ErrorIs(t, got, err)
		want.Err = got.Err
		require.Equal(t, want, *got)
	}
	other := errors.New("other")
	require.Equal(t, other, sshFailure(other))

	s := newSSHSetup(t)
	for _, output := range []string{"", "[]", "{", "Executing job\n{}"} {
		s.answers(output, "0")
		_, _, err := s.call("alice", `"tgt": "web", "fun": "test.ping"`)
		require.ErrorContains(t, err, "output of salt-ssh", output)
	}
}
