package lowstate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// before is a gateway with a stand-in for a master.
type before struct {
	*mastertest.Master
	t       *testing.T
	gateway *Gateway
	bus     *eventbus.Bus
	tokens  *saltmaster.Tokens
}

// authority adapts the stand-in's tokens to the interfaces of eauth.
type authority struct{ *saltmaster.Tokens }

func (a authority) LookupToken(ctx context.Context, value string) (eauth.Token, bool, error) {
	t, ok, err := a.Tokens.LookupToken(ctx, value)
	return eauth.Token{Value: t.Token, User: t.User, Eauth: t.Eauth, Expire: t.Expire}, ok, err
}

func (a authority) MakeToken(
	ctx context.Context, module, user, password string, life time.Duration,
) (eauth.Token, bool, error) {
	t, ok, err := a.Tokens.MakeToken(ctx, module, user, password, life)
	return eauth.Token{Value: t.Token, User: t.User, Eauth: t.Eauth, Expire: t.Expire}, ok, err
}

func gatewayBefore(t *testing.T, o mastertest.Options, change ...func(*Master)) *before {
	t.Helper()
	return patientGatewayBefore(t, o, time.Minute, change...)
}

// patientGatewayBefore returns a gateway with a timeout for requests to the
// master.
func patientGatewayBefore(t *testing.T, o mastertest.Options, timeout time.Duration, change ...func(*Master)) *before {
	t.Helper()
	m := mastertest.Start(t, o)
	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: m.Addr()})
	client := saltmaster.New(pool, saltmaster.Options{Timeout: timeout})
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: m.BusPath(), Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = bus.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		run.Wait()
		client.Close()
		pool.Close()
	})
	tokens := saltmaster.NewTokens(client, saltmaster.TokensOptions{
		TokenDir: m.TokenDir(), CacheDir: m.CacheDir(), HashType: "sha256", Life: time.Hour, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, tokens.Check(t.Context()))
	clients := &Master{
		Commands: client, Bus: bus, JIDs: new(saltmaster.JIDs), Log: slog.New(slog.DiscardHandler),
		Timeout: 5 * time.Second, GatherJobTimeout: 10 * time.Second, RestTimeout: 30 * time.Second,
		ExpectMinions: func() bool { return o.Release == "" || o.Release == "3008" },
	}
	if o.JobCache {
		clients.Cache = jobcache.Cache{Dir: filepath.Join(m.CacheDir(), "jobs"), HashType: "sha256"}
	}
	for _, f := range change {
		f(clients)
	}
	var names []string
	for _, c := range Clients(clients) {
		names = append(names, c.Name())
	}
	b := &before{Master: m, t: t, bus: bus, tokens: tokens, gateway: New(Options{
		Clients:    Clients(clients),
		Enabled:    names,
		HashType:   "sha256",
		Authorizer: rules(o),
		Auth: eauth.New(eauth.Options{
			Eauths: []string{"sharedsecret"},
			Token:  token.New(authority{tokens}),
			Master: master.New(authority{tokens}, master.Options{}),
		}),
	})}
	b.awaitBus()
	return b
}

// rules returns the stand-in's external_auth.
func rules(o mastertest.Options) *acl.Rules {
	users := acl.Map{{Key: "bench", Value: []any{".*"}}}
	for name, user := range o.Users {
		var perms []any
		for _, p := range user.Perms {
			perms = append(perms, p)
		}
		users = append(acl.Map{{Key: name, Value: perms}}, users...)
	}
	return acl.New([]acl.Module{{Name: "sharedsecret", Rules: users[:max(1, len(o.Users))]}}, acl.Options{})
}

func (b *before) awaitBus() {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.bus.Connected() && b.Subscribers() == 1 }, 10*time.Second, time.Millisecond)
}

// call sends chunks, given as JSON without credentials and braces.
func (b *before) call(chunks ...string) (string, error) { return b.callWith(b.t.Context(), chunks...) }

// asBench returns a call of chunks in the form of call.
func asBench(chunks ...string) (Call, error) {
	for i, c := range chunks {
		chunks[i] = `{"eauth": "sharedsecret", "username": "bench", "password": "secret", ` + c + `}`
	}
	parsed, err := Parse(nil, []byte("["+strings.Join(chunks, ", ")+"]"), 0)
	return Call{Chunks: parsed}, err
}

func (b *before) callWith(ctx context.Context, chunks ...string) (string, error) {
	c, err := asBench(chunks...)
	if err != nil {
		return "", err
	}
	res, err := b.gateway.Run(ctx, c)
	texts := make([]string, len(res.Answers))
	for i, a := range res.Answers {
		texts[i] = string(a.JSON())
	}
	return strings.Join(texts, ", "), err
}

func (b *before) require(want string, chunks ...string) {
	b.t.Helper()
	got, err := b.call(chunks...)
	require.NoError(b.t, err)
	require.Equal(b.t, want, got)
}

func (b *before) requireError(kind Kind, text string, chunks ...string) {
	b.t.Helper()
	_, err := b.call(chunks...)
	e, ok := errors.AsType[*Error](err)
	require.True(b.t, ok, "%v", err)
	require.Equal(b.t, kind, e.Kind, "%v", err)
	require.Equal(b.t, text, e.Text)
}

const ping = `"client": "local", "tgt": "*", "fun": "test.ping"`

func eachRelease(t *testing.T, o mastertest.Options, test func(t *testing.T, b *before)) {
	for _, release := range mastertest.Lines() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			o := o
			o.Release = release
			test(t, gatewayBefore(t, o))
		})
	}
}

func one(id string) mastertest.Options {
	return mastertest.Options{Minions: []mastertest.Minion{{ID: id}}, JobCache: true}
}

func TestLocalThroughFaults(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]mastertest.Faults{
		"healthy":            {},
		"returns come early": {EarlyReturns: true},
		"returns come twice": {DuplicateReturns: true},
		"returns are cut":    {TrimReturns: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRelease(t, one("web1"), func(t *testing.T, b *before) {
				b.Fail(func(f *mastertest.Faults) { *f = faults })
				b.require(`{"web1": true}`, ping)
				b.require(`{"web1": {"ret": "é", "retcode": 0, "jid": "20260101000000000001"}}`,
					`"client": "local", "tgt": "web1", "fun": "test.echo", "arg": ["é"], "full_return": true, "jid": "20260101000000000001"`)
				b.require(`{}`, `"client": "local", "tgt": "db*", "fun": "test.ping"`)
				require.Zero(t, b.bus.Stats().Subscribers, "nobody listens any more")
			})
		})
	}
}

// Without a readable job cache, the answer has the mark itself.
func TestCutReturnWithoutCache(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, mastertest.Options{Minions: []mastertest.Minion{{ID: "web1"}}})
	b.Fail(func(f *mastertest.Faults) { f.TrimReturns = true })
	b.require(`{"web1": "VALUE_TRIMMED"}`, ping)
}

func TestSilentMinion(t *testing.T) {
	t.Parallel()
	o := mastertest.Options{Minions: []mastertest.Minion{{ID: "web1"}, {ID: "web2", Silent: true}}}
	const quick = `, "timeout": 1, "gather_job_timeout": 0.05` // web1 returns within this on a busy machine too
	eachRelease(t, o, func(t *testing.T, b *before) {
		if !strings.HasSuffix(t.Name(), "3008") {
			b.require(`{"web1": true, "web2": false}`, ping+quick)
			b.require(`{"web1": {"ret": true, "retcode": 0, "jid": "20260101000000000001"}, "web2": false}`,
				ping+quick+`, "full_return": true, "jid": "20260101000000000001"`)
		}
		said := `"Minion did not return. [No response]\nThe minions may not have all finished running and any remaining ` +
			`minions will return upon completion. To look up the return data for this job later, run the following ` +
			`command:\n\nsalt-run jobs.lookup_jid 20260101000000000002"`
		b.require(`{"web1": true, "web2": `+said+`}`, ping+quick+`, "jid": "20260101000000000002", "expect_minions": true`)
		b.require(`{"web1": {"ret": true, "retcode": 0, "jid": "20260101000000000002"}, `+
			`"web2": {"out": "no_return", "ret": `+said+`, "retcode": 1}}`,
			ping+quick+`, "jid": "20260101000000000002", "expect_minions": true, "full_return": true`)
		b.require(`{"web1": true, "web2": false}`, ping+quick+`, "expect_minions": false`)
		require.Positive(t, b.Count("publish"))
		fun, _ := b.Last("publish").Lookup("fun")
		name, _ := fun.Str()
		require.Equal(t, "saltutil.find_job", name)
	})
}

// A list may contain a minion that is unknown to the master, which is not
// waited for.
func TestMissingMinion(t *testing.T) {
	t.Parallel()
	eachRelease(t, one("web1"), func(t *testing.T, b *before) {
		got, err := b.call(`"client": "local", "tgt": ["web1", "gone"], "tgt_type": "list", "fun": "test.ping", "expect_minions": false`)
		require.NoError(t, err)
		require.Contains(t, got, `{"web1": true, "gone": "Minion did not return. [No response]`)
		require.Equal(t, 1, b.Count("publish"), "no find_job")
	})
}

// A minion that is running the job is waited for, however short the timeout is.
func TestMinionAtWork(t *testing.T) {
	t.Parallel()
	o := mastertest.Options{Minions: []mastertest.Minion{{ID: "web1", Delay: 2 * time.Second}}}
	eachRelease(t, o, func(t *testing.T, b *before) {
		b.require(`{"web1": true}`, ping+`, "timeout": 0.1, "gather_job_timeout": 10`)
		require.Greater(t, b.Count("publish"), 1)
	})
}

// Events other than returns of targeted minions do not count.
func TestForgedReturns(t *testing.T) {
	t.Parallel()
	o := mastertest.Options{Minions: []mastertest.Minion{{ID: "web1", Delay: 300 * time.Millisecond}, {ID: "web2"}}}
	b := gatewayBefore(t, o)
	const jid = "20260101000000000001"
	ret := func(js string) msgpack.Raw {
		v, err := msgpack.AppendFromJSON(nil, []byte(js))
		require.NoError(t, err)
		return v
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 50 {
			b.Fire("salt/job/"+jid+"/ret/web1", ret(`{"id": "web2", "jid": "`+jid+`", "return": "forged"}`))
			b.Fire("salt/job/"+jid+"/ret/web9", ret(`{"id": "web9", "jid": "`+jid+`", "return": "forged"}`))
			b.Fire("salt/job/"+jid+"/ret/web1", ret(`"forged"`))
			b.Fire("salt/job/"+jid+"/ret/web1", ret(`{"id": "web1", "jid": "`+jid+`"}`))
			b.Fire("salt/job/20260101000000000002/ret/web1", ret(`{"id": "web1", "return": "forged"}`))
			b.Fire(jid, ret(`{"minions": ["web9"]}`))
		}
	}()
	b.require(`{"web1": true}`, `"client": "local", "tgt": "web1", "fun": "test.ping", "jid": "`+jid+`"`)
	<-done
}

// Returns fired while the bus is not connected are read from the job cache.
func TestBusIsLostWhileWaiting(t *testing.T) {
	t.Parallel()
	o := mastertest.Options{JobCache: true, Minions: []mastertest.Minion{{ID: "web1", Delay: 300 * time.Millisecond}, {ID: "web2"}}}
	eachRelease(t, o, func(t *testing.T, b *before) {
		go func() {
			for b.Count("publish") == 0 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(100 * time.Millisecond)
			b.StopBus()
			time.Sleep(600 * time.Millisecond)
			if err := b.StartBus(); err != nil {
				t.Error(err)
			}
		}()
		b.require(`{"web2": true, "web1": true}`, ping)
	})
}

func TestMasterIsAway(t *testing.T) {
	t.Parallel()
	chunks := map[string]string{
		"local": ping, "local_async": `"client": "local_async", "tgt": "*", "fun": "test.ping"`,
		"runner":       `"client": "runner", "fun": "test.arg"`,
		"local_batch":  `"client": "local_batch", "tgt": "*", "fun": "test.ping"`,
		"local_subset": `"client": "local_subset", "tgt": "*", "fun": "test.ping"`,
		"runner_async": `"client": "runner_async", "fun": "test.arg"`,
		"wheel":        `"client": "wheel", "fun": "key.list_all"`,
		"wheel_async":  `"client": "wheel_async", "fun": "key.list_all"`,
	}
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		b := gatewayBefore(t, one("web1"))
		b.Close()
		for _, chunk := range chunks {
			b.requireError(Unavailable, textMasterDown, chunk)
		}
		require.NoError(t, b.Restart())
		b.awaitBus()
		b.require(`{"web1": true}`, ping)
	})
	t.Run("without a bus", func(t *testing.T) {
		t.Parallel()
		b := gatewayBefore(t, one("web1"))
		b.StopBus()
		require.Eventually(t, func() bool { return !b.bus.Connected() }, 10*time.Second, time.Millisecond)
		b.requireError(Unavailable, textMasterDown, chunks["local"])
		b.requireError(Unavailable, textMasterDown, chunks["runner"])
		b.requireError(Unavailable, textMasterDown, chunks["local_batch"])
		b.requireError(Unavailable, textMasterDown, chunks["local_subset"])
		b.requireError(Unavailable, textMasterDown, chunks["wheel_async"])
		require.Zero(t, b.Count("publish")+b.Count("runner")+b.Count("wheel"), "nothing was sent")
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		b := patientGatewayBefore(t, one("web1"), time.Second)
		b.Fail(func(f *mastertest.Faults) { f.Silent = true })
		b.requireError(Timeout, textMessageTimedOut, ping)
		b.requireError(Unavailable, textMasterDown, ping)
		b.Fail(func(f *mastertest.Faults) { f.Silent = false })
		require.Eventually(t, func() bool { _, err := b.call(ping); return err == nil }, 20*time.Second, 50*time.Millisecond)
	})
}

// A command that the master may have run is not sent again.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, one("web1"))
	login, err := b.tokenOf("bench")
	require.NoError(t, err)
	for cmd, chunk := range map[string]string{
		"publish": `"client": "local_async", "tgt": "*", "fun": "test.ping"`,
		"runner":  `"client": "runner", "fun": "test.arg"`,
		"wheel":   `"client": "wheel", "fun": "key.list_all"`,
	} {
		b.Fail(func(f *mastertest.Faults) { f.DropReply = true })
		chunks, err := Parse(nil, []byte(`{"token": "`+login+`", `+chunk+`}`), 0)
		require.NoError(t, err)
		_, err = b.gateway.Run(t.Context(), Call{Chunks: chunks})
		e, ok := errors.AsType[*Error](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, Unavailable, e.Kind)
		require.Equal(t, textConnectionBroken, e.Text)
		require.Equal(t, 1, b.Count(cmd))
		b.Fail(func(f *mastertest.Faults) { f.DropReply = false })
	}
}

// tokenOf logs in at the master directly.
func (b *before) tokenOf(user string) (string, error) {
	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: b.Addr()})
	defer pool.Close()
	c := saltmaster.New(pool, saltmaster.Options{})
	defer c.Close()
	made, ok, err := c.MakeToken(b.t.Context(), "sharedsecret", user, "secret")
	if err == nil && !ok {
		err = errors.New("refused")
	}
	return made.Token, err
}

// Nothing of a list runs before all of it is checked and authenticated.
func TestListIsCheckedFirst(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, one("web1"))
	good := `"client": "local_async", "tgt": "*", "fun": "test.ping"`
	b.requireError(BadRequest, "chunk 1: fun is missing", good, `"client": "local", "tgt": "*"`)
	b.requireError(Unauthenticated, textUnauthenticated, good, good+`, "password": "wrong"`)
	require.Zero(t, b.Count("publish"))
	logins := b.Count("mk_token")
	got, err := b.call(good, good, good)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(got, `"minions": ["web1"]`))
	require.Equal(t, 3, b.Count("publish"))
	require.Equal(t, logins+1, b.Count("mk_token"), "one authentication for equal credentials")
	require.Empty(t, files(t, b.TokenDir()), "tokens made for a request end with it")
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	return names
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	o := one("web1")
	o.Users = map[string]mastertest.User{"bench": {Password: "secret", Perms: []string{"test.*"}}}
	eachRelease(t, o, func(t *testing.T, b *before) {
		b.require(`{"web1": true}`, ping)
		b.requireError(Unauthorized, textUnauthorized, `"client": "local", "tgt": "*", "fun": "cmd.run"`)
		b.requireError(Unauthorized, textUnauthorized, `"client": "local_async", "tgt": "*", "fun": "cmd.run"`)
		b.requireError(Unauthorized, textUnauthorized, `"client": "runner", "fun": "jobs.active"`)
		for _, chunk := range []string{
			`"client": "local_batch", "tgt": "*", "fun": "cmd.run"`,
			`"client": "local_subset", "tgt": "*", "fun": "cmd.run"`,
			`"client": "runner_async", "fun": "jobs.active"`,
			`"client": "wheel", "fun": "key.list_all"`,
			`"client": "wheel_async", "fun": "key.list_all"`,
		} {
			b.requireError(Unauthorized, textUnauthorized, chunk)
			b.requireError(Unauthenticated, textUnauthenticated, chunk+`, "token": "`+strings.Repeat("a", 64)+`"`)
			b.requireError(Unauthenticated, textUnauthenticated, chunk+`, "token": "x"`)
			b.requireError(Unauthenticated, textUnauthenticated, chunk+`, "eauth": "nosuch"`)
		}
		for _, client := range []string{"runner", "runner_async", "wheel", "wheel_async"} {
			b.requireError(BadRequest, "A command invocation error occurred: Check syntax.",
				`"client": "`+client+`", "fun": "nodot"`)
		}
		b.requireError(Unauthenticated, textUnauthenticated, ping+`, "token": "`+strings.Repeat("a", 64)+`"`)
	})
}

func TestRunner(t *testing.T) {
	t.Parallel()
	o := one("web1")
	o.Runners = map[string]mastertest.Function{
		"slow.one": func(ctx context.Context, _ mastertest.Call) (msgpack.Raw, bool) {
			<-ctx.Done()
			return nil, false
		},
		"doc.runner": func(context.Context, mastertest.Call) (msgpack.Raw, bool) {
			names := msgpack.AppendMap(nil, 1)
			names = msgpack.AppendString(names, "slow.one")
			return msgpack.AppendString(names, "waits"), true
		},
	}
	eachRelease(t, o, func(t *testing.T, b *before) {
		b.require(`{"args": [1], "kwargs": {"b": "c"}}`, `"client": "runner", "fun": "test.arg", "arg": [1], "b": "c"`)
		got, err := b.call(`"client": "runner", "fun": "test.arg", "full_return": true`)
		require.NoError(t, err)
		require.Regexp(t, `^\{"data": \{"fun": "runner.test.arg", "jid": "\d{20}", .*\}, "tag": "salt/run/\d{20}/ret"\}$`, got)
		b.requireError(Failed, "'no.such' is not available.", `"client": "runner", "fun": "no.such"`)
		b.requireError(Timeout, textRunnerTimedOut, `"client": "runner", "fun": "slow.one", "timeout": 0.1`)
		require.Zero(t, b.bus.Stats().Subscribers)
	})
}

// A client that hangs up releases what waits for the answer.
func TestCallerHangsUp(t *testing.T) {
	t.Parallel()
	o := mastertest.Options{Minions: []mastertest.Minion{{ID: "web1", Silent: true}}}
	b := gatewayBefore(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := b.callWith(ctx, ping)
		ended <- err
	}()
	require.Eventually(t, func() bool { return b.Count("publish") == 1 }, 10*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Zero(t, b.bus.Stats().Subscribers)
	require.Empty(t, files(t, b.TokenDir()))
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	o := mastertest.Options{}
	for i := range 20 {
		o.Minions = append(o.Minions, mastertest.Minion{ID: fmt.Sprintf("web%d", i)})
	}
	eachRelease(t, o, func(t *testing.T, b *before) {
		login, err := b.tokenOf("bench")
		require.NoError(t, err)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				chunks, err := Parse(nil, []byte(`{"token": "`+login+`", `+ping+`}`), 0)
				if err != nil {
					t.Error(err)
					return
				}
				res, err := b.gateway.Run(t.Context(), Call{Chunks: chunks})
				if err != nil || strings.Count(string(res.Answers[0].JSON()), "true") != 20 {
					t.Errorf("%s %v", res.Answers, err)
				}
			})
		}
		all.Wait()
		require.Zero(t, b.bus.Stats().Subscribers)
	})
}
