package lowstate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// decidingGateway is a gateway before a master whose eauth module has an acl().
func decidingGateway(t *testing.T, o mastertest.Options) *before {
	t.Helper()
	b := gatewayBefore(t, o)
	tokens := b.tokens
	asked := master.New(authority{tokens}, master.Options{})
	b.gateway.auth = eauth.New(eauth.Options{
		Eauths: []string{"sharedsecret"}, Token: token.New(authority{tokens}), Master: asked,
		ModuleRights: func(string) eauth.ModuleRights { return eauth.ModuleRights{ACL: true} }, Carrier: asked,
	})
	return b
}

func cannotRun() mastertest.Options {
	o := one("web1")
	o.Users = map[string]mastertest.User{"bench": {Password: "secret", Perms: []string{"test.*"}}}
	return o
}

// TestCredentialGrant sends commands to a master that requires the caller's own
// credentials: once for each command, and without a token.
func TestCredentialGrant(t *testing.T) {
	t.Parallel()
	for client, c := range map[string]struct{ chunk, cmd, answer string }{
		"local":        {ping, "publish", `{"web1": true}`},
		"local_async":  {`"client": "local_async", "tgt": "*", "fun": "test.ping", "jid": "20260101000000000001"`, "publish", `{"jid": "20260101000000000001", "minions": ["web1"]}`},
		"runner":       {`"client": "runner", "fun": "test.arg"`, "runner", `{"args": [], "kwargs": {}}`},
		"runner_async": {`"client": "runner_async", "fun": "test.arg"`, "runner", ""},
		"wheel":        {`"client": "wheel", "fun": "key.list_all"`, "wheel", ""},
		"wheel_async":  {`"client": "wheel_async", "fun": "key.list_all"`, "wheel", ""},
	} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			b := decidingGateway(t, one("web1"))
			call, err := asBench(c.chunk, c.chunk)
			require.NoError(t, err)
			res, err := b.gateway.Run(t.Context(), call)
			require.NoError(t, err)
			require.Len(t, res.Answers, 2)
			if c.answer != "" {
				require.Equal(t, c.answer, string(res.Answers[0].JSON()))
			}
			require.Equal(t, 2, b.Count(c.cmd), "one command for each chunk")
			require.Zero(t, b.Count("mk_token"))
			load := b.Last(c.cmd)
			if kwargs, ok := load.Lookup("kwargs"); ok {
				load = kwargs
			}
			require.Equal(t, "sharedsecret/bench/secret", load.LookupStr("eauth")+"/"+load.LookupStr("username")+"/"+load.LookupStr("password"))
			_, has := load.Lookup("token")
			require.False(t, has, "the master would take the token, and ask the module about anybody")
			for _, rec := range res.Records {
				require.Equal(t, "bench", rec.User)
				require.Equal(t, "sharedsecret", rec.Eauth)
			}
		})
	}
}

// TestCredentialGrantRefused is about commands that the master refuses: the
// answer discloses no more, and an unconfirmed caller is not in the records.
func TestCredentialGrantRefused(t *testing.T) {
	t.Parallel()
	const cmd = `"client": "local", "tgt": "*", "fun": "cmd.run"`
	for name, c := range map[string]struct {
		password, chunk, text, user string
		made                        int // tokens
	}{
		"a wrong password":              {"wrong", ping, textUnauthenticated, "", 0},
		"a function":                    {"secret", cmd, textUnauthorized, "bench", 0},
		"a runner":                      {"secret", `"client": "runner", "fun": "test.arg"`, textUnauthorized, "bench", 1},
		"a wrong password for a runner": {"wrong", `"client": "runner", "fun": "test.arg"`, textUnauthenticated, "", 1},
		"a wrong password for a wheel":  {"wrong", `"client": "wheel", "fun": "key.list_all"`, textUnauthenticated, "", 1},
		"a wheel in the background":     {"secret", `"client": "wheel_async", "fun": "key.list_all"`, textUnauthorized, "bench", 1},
		"a list of functions":           {"secret", `"client": "local", "tgt": "*", "fun": ["test.ping", "test.echo"]`, textRightsUnknown, "bench", 1},
		"a list, with a wrong password": {"wrong", `"client": "local", "tgt": "*", "fun": ["test.ping", "test.echo"]`, textUnauthenticated, "", 1},
		"a bad chunk, by nobody":        {"wrong", `"client": "local", "tgt": "N@none", "tgt_type": "compound", "fun": "test.ping"`, textUnauthenticated, "", 1},
		"a bad chunk": {
			"secret", `"client": "local", "tgt": "N@none", "tgt_type": "compound", "fun": "test.ping"`,
			`chunk 0: tgt: the master has no nodegroup "none"`, "bench", 1,
		},
		"an eauth that the master lacks": {"secret", ``, textUnauthenticated, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := decidingGateway(t, cannotRun())
			module := "sharedsecret"
			if c.chunk == "" {
				module, c.chunk = "other", ping
			}
			chunks, err := Parse(nil, []byte(`[{"eauth": "`+module+`", "username": "bench", "password": "`+c.password+`", `+c.chunk+`}]`), 0)
			require.NoError(t, err)
			res, err := b.gateway.Run(t.Context(), Call{Chunks: chunks})
			e, ok := errors.AsType[*Error](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.text, e.Text)
			require.Equal(t, c.user, res.Records[0].User)
			require.Equal(t, c.made, b.Count("mk_token"))
		})
	}
}

// A request that exceeds the budget of an unauthenticated caller is decoded once the caller is
// authenticated.
func TestCredentialGrantLarge(t *testing.T) {
	t.Parallel()
	arg := `"client": "local_async", "tgt": "*", "fun": "test.ping", "arg": [` + strings.Repeat(`"x=1",`, 300_000) + `"x"]`
	for password, want := range map[string]string{"secret": "", "wrong": textUnauthenticated} {
		b := decidingGateway(t, one("web1"))
		spend := budget.New(t.Context(), nil)
		chunks, err := Parse(spend, []byte(`[{"eauth": "sharedsecret", "username": "bench", "password": "`+password+`", `+arg+`}]`), 0)
		require.NoError(t, err)
		_, err = b.gateway.Run(t.Context(), Call{Chunks: chunks, Budget: spend})
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, 1, b.Count("publish"))
		} else {
			require.ErrorContains(t, err, want)
			require.Zero(t, b.Count("publish"))
		}
		require.Equal(t, 1, b.Count("mk_token"))
	}
}

// As in salt-api, the chunks before a refused one have run.
func TestCredentialGrantInOrder(t *testing.T) {
	t.Parallel()
	b := decidingGateway(t, cannotRun())
	b.requireError(Unauthorized, textUnauthorized, ping, `"client": "local", "tgt": "*", "fun": "cmd.run"`, ping)
	require.Equal(t, 2, b.Count("publish"))
}

// find_job for a silent minion is sent with the credentials too.
func TestCredentialGrantFindJob(t *testing.T) {
	t.Parallel()
	o := one("web1")
	o.Minions[0].Delay = 3 * time.Second
	b := decidingGateway(t, o)
	b.require(`{"web1": true}`, ping+`, "timeout": 0.5, "gather_job_timeout": 10`)
	require.Equal(t, 2, b.Count("publish"), "the job and saltutil.find_job")
	require.Zero(t, b.Count("mk_token"))
}

// A wrong password is throttled wherever it is tried.
func TestCredentialGrantThrottled(t *testing.T) {
	t.Parallel()
	b := decidingGateway(t, one("web1"))
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		chunks, err := Parse(nil, []byte(`[{"eauth": "sharedsecret", "username": "bench", "password": "guess", `+ping+`}]`), 0)
		require.NoError(t, err)
		_, err = b.gateway.Run(ctx, Call{Chunks: chunks})
		require.Error(t, err)
		cancel()
	}
	require.Less(t, b.Count("publish"), 15)
}
