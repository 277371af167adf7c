package rpc_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/rpcclient"
)

func (e *env) client(t *testing.T, user string) *rpcclient.Client {
	t.Helper()
	c, err := rpcclient.New(rpcclient.Options{URL: e.URL, User: user, Password: "secret"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// Each typed method of the Go client has an answer here that fits its types.
func TestGoClient(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.record(t)
	ctx, c := t.Context(), e.client(t, "admin")

	text, err := c.Echo(ctx, "hello")
	require.NoError(t, err)
	require.Equal(t, "hello", text)
	v, err := c.GetVersions(ctx)
	require.NoError(t, err)
	require.Equal(t, "1.2.3", v.RaaS["raas"])

	tgt, err := c.SaveTargetGroup(ctx, rpcclient.SaveTargetGroup{Name: "web", Tgt: rpcclient.On("web*")})
	require.NoError(t, err)
	groups, err := c.GetTargetGroup(ctx, rpcclient.GetTargetGroup{Name: "web"})
	require.NoError(t, err)
	require.Equal(t, 1, groups.Count)
	require.Equal(t, rpcclient.On("web*"), groups.Results[0].Tgt)
	job, err := c.SaveJob(ctx, rpcclient.SaveJob{Name: "j", Cmd: "local", Fun: "test.ping", TgtUUID: tgt, Arg: &rpcclient.Arguments{}})
	require.NoError(t, err)
	jobs, err := c.GetJobs(ctx, rpcclient.GetJobs{UUID: job})
	require.NoError(t, err)
	require.Equal(t, "web", *jobs.Results[0].TgtName)
	require.Equal(t, "admin", jobs.Results[0].Metadata.Auth.Owner.Username)

	jid, err := c.RouteCmd(ctx, rpcclient.RouteCmd{JobUUID: job})
	require.NoError(t, err)
	require.Len(t, jid, 20)
	require.JSONEq(t, `{"client":"local_async","fun":"test.ping","tgt":"web*","tgt_type":"glob","arg":[]}`, chunk(t, e.master.last(t)))
	states, err := c.GetCmdStatus(ctx, jidOf(0), "none")
	require.NoError(t, err)
	require.Equal(t, []string{"complete", "not-found"}, states)
	cmds, err := c.GetCmds(ctx, rpcclient.GetCmds{JID: jidOf(0)})
	require.NoError(t, err)
	require.Equal(t, 1, cmds.Count)
	require.Equal(t, "completed_missing_returns", cmds.Results[0].State)
	require.Equal(t, 2, cmds.Results[0].Returned)
	returns, err := c.GetReturns(ctx, rpcclient.GetReturns{JID: jidOf(0), SortBy: "minion_id"})
	require.NoError(t, err)
	require.Equal(t, "web1", returns.Results[0].MinionID)
	byMinion, err := c.GetJID(ctx, jidOf(0))
	require.NoError(t, err)
	require.Equal(t, 1, byMinion["web2"].Retcode)

	keys, err := c.GetKeyState(ctx, rpcclient.GetKeyState{State: []string{"pending"}})
	require.NoError(t, err)
	require.Equal(t, "new1", keys.Results[0].Minion)
	done, err := c.SetKeyState(ctx, rpcclient.SetKeyState{State: "accept", Minions: [][2]string{{"salt", "new1"}}})
	require.NoError(t, err)
	require.Equal(t, [][2]string{{"salt", "new1"}}, done.Changed)

	zero := 0
	trimmed, err := c.TrimDatabase(ctx, rpcclient.TrimDatabase{Jobs: &zero, Test: true})
	require.NoError(t, err)
	require.Positive(t, trimmed.Jobs["commands"])
	_, err = e.client(t, "bob").TrimDatabase(ctx, rpcclient.TrimDatabase{Test: true})
	refused, ok := errors.AsType[*rpcclient.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, int(method.CodeForbidden), refused.Code)

	require.ErrorContains(t, c.DeleteTargetGroup(ctx, tgt, false), "FailedResourceDependency")
	require.NoError(t, c.DeleteTargetGroup(ctx, tgt, true))
	for _, m := range rpc.Methods() { // the methods of files and schedules take what the client sends
		for name, kwarg := range map[string]any{
			"fs.file_exists": rpcclient.File{Env: "base", Path: "x"}, "schedule.get": rpcclient.GetSchedules{},
			"fs.update_file": rpcclient.SaveFile{File: rpcclient.File{Env: "base", Path: "x"}, Contents: "y"},
		} {
			if m.String() == name {
				if e, ok := errors.AsType[*rpcclient.Error](c.Call(ctx, name, kwarg, nil)); ok {
					require.NotEqual(t, int(method.CodeInvalidParameter), e.Code, "%s: %s", name, e.Message)
				}
			}
		}
	}
}

// The Python example, with what the manual's program does, and with an error.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("SALTERN_REQUIRE_TOKEN_CLIENTS") == "" {
		t.Skip("there is no python3")
	}
	require.NoError(t, err)
	e := newEnv(t, nil)
	e.save(t)
	secret, _, err := e.Tokens.Create(t.Context(), issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true},
		issuer.NewToken{Name: "python", Scopes: []string{"Superuser"}, Profile: apitoken.ProfileCSP})
	require.NoError(t, err)
	example, err := filepath.Abs(filepath.Join("..", "..", "docs", "examples"))
	require.NoError(t, err)
	for name, c := range map[string]struct{ program, want string }{
		"the manual's": {`
client = APIClient(server=os.environ["SERVER"], csp_api_token=os.environ["TOKEN"])
print(client.api.job.get_jobs())`, `^RPCResponse\(riq=2, ret=\{'count': 2, 'results': \[\{'uuid': '60c14cfc-09ca-4b5a-bc76-8294287c2e6c', 'name': 'Check disk usage', .*'limit': 50\}, error=None, warnings=\[\]\)\n$`},
		"a password": {`
client = APIClient(os.environ["SERVER"], "bob", "secret")
client._bearer = "ended"
print(client.api.test.echo("hello").ret, client.api.test.warnings()[3], client.api.job.get_jobs(limit="1").ret["count"])`, `^hello \['This is a warning of test.warnings'\] 0\n$`},
		"errors": {`
for make in (
    lambda: APIClient(os.environ["SERVER"], "bob", "wrong-secret"),
    lambda: APIClient("http://192.0.2.1", "bob", "secret"),
    lambda: APIClient("https://bob:pass-word@127.0.0.1:1", "bob", "secret"),
    lambda: APIClient("https://bob:pass-word[@127.0.0.1:1", "bob", "secret"),
    lambda: APIClient("https://127.0.0.1:1/raas?pass-word", "bob", "secret"),
    lambda: APIClient(os.environ["SERVER"], csp_api_token="saltern_api_wrong"),
    lambda: APIClient(os.environ["SERVER"], "bob", "secret").api.admin.trim_database(),
    lambda: APIClient(os.environ["SERVER"], "bob", "secret").api.job.no_such_method(),
    lambda: APIClient(os.environ["SERVER"], "bob", "secret").api.job.get_jobs(limt=1),
):
    try:
        make()
    except Exception as e:
        assert "pass-word" not in repr(e), e
        print(type(e).__name__, getattr(e, "code", None), getattr(e, "detail", None))`,
			`^AuthenticationFailure None None\n(ValueError None None\n){4}AuthenticationFailure None None\nRPCError 4030 \{'state': 'forbidden'\}\nAttributeError None None\nRPCError 4001 \{'state': 'invalid_parameter', 'parameter': 'limt'\}\n$`},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), python, "-B", "-W", "error", "-c", "import os\nfrom rpc import APIClient\n"+c.program)
			cmd.Env = append(os.Environ(), "PYTHONPATH="+example, "SERVER="+e.URL, "TOKEN="+secret.Reveal(), "http_proxy=http://127.0.0.1:1", "no_proxy=")
			var errs strings.Builder
			cmd.Stderr = &errs
			out, err := cmd.Output()
			require.NoError(t, err, errs.String())
			require.Regexp(t, c.want, string(out))
		})
	}
}
