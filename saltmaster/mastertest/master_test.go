package mastertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
)

const jid = "20260101000000000001"

func eachRelease(t *testing.T, f func(t *testing.T, release string)) {
	t.Helper()
	t.Parallel()
	for name := range releases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, name)
		})
	}
}

// requireReturn reads events up to the next return and checks it.
func requireReturn(t *testing.T, s *eventbus.Sub, minion, want string) {
	t.Helper()
	for {
		e, err := s.Next(soon(t))
		require.NoError(t, err)
		if e.Tag == jid { // lists the targeted minions
			continue
		}
		require.Equal(t, "salt/job/"+jid+"/ret/"+minion, e.Tag)
		ret, ok := e.Data.Lookup("return")
		require.True(t, ok)
		require.Equal(t, want, printedJSON(t, ret))
		return
	}
}

func TestPublishAndReturns(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		first := make(chan struct{})
		custom := func(ctx context.Context, job Job) Return {
			select {
			case <-first:
			case <-ctx.Done():
			}
			return Return{Return: text("from " + job.Minion + " with " + job.Fun)}
		}
		m := Start(t, Options{Release: release, JobCache: true, Minions: []Minion{
			{ID: "ms-0"}, {ID: "ms-1", Silent: true}, {ID: "ms-2", Delay: time.Millisecond, Answer: custom}, {ID: "other"},
		}})
		pool, bus := newPool(t, m), newBus(t, m)
		s := bus.Subscribe(jid)
		defer s.Close()
		reply, err := pool.Request(soon(t), publication(jid, "test.echo", `"ms-*"`, `["x"]`, login))
		require.NoError(t, err)
		require.JSONEq(t, `{"enc": "clear", "load": {"jid": "`+jid+`", "minions": ["ms-0", "ms-1", "ms-2"], "missing": []}}`,
			printedJSON(t, reply))
		requireReturn(t, s, "ms-0", `"x"`)
		close(first)
		requireReturn(t, s, "ms-2", `"from ms-2 with test.echo"`)
		require.Equal(t, 1, m.Count("publish"))
		require.Equal(t, "test.echo", lookupText(m.Last("publish"), "fun"))

		file, err := os.ReadFile(filepath.Join(m.JobDir(jid), "ms-0", "return.p"))
		require.NoError(t, err)
		require.JSONEq(t, `{"return": "x", "retcode": 0, "success": true}`, printedJSON(t, file))
		file, err = os.ReadFile(filepath.Join(m.JobDir(jid), ".minions.p"))
		require.NoError(t, err)
		require.JSONEq(t, `["ms-0", "ms-1", "ms-2"]`, printedJSON(t, file))
	})
}

func TestFindJob(t *testing.T) {
	t.Parallel()
	m := Start(t, Options{Minions: []Minion{{ID: "ms-0", Delay: time.Hour}, {ID: "ms-1"}, {ID: "ms-2", Silent: true}}})
	pool, bus := newPool(t, m), newBus(t, m)
	_, err := pool.Request(soon(t), publication("20260101000000000009", "test.ping", `"*"`, `[]`, login))
	require.NoError(t, err)
	s := bus.Subscribe(jid)
	_, err = pool.Request(soon(t), publication(jid, "saltutil.find_job", `"*"`, `["20260101000000000009"]`, login))
	require.NoError(t, err)
	e, err := s.Next(soon(t))
	require.NoError(t, err)
	ret, _ := e.Data.Lookup("return")
	require.Equal(t, "test.ping", lookupText(ret, "fun"))
	requireReturn(t, s, "ms-1", `{}`)
}

func TestRunner(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		m := Start(t, Options{Release: release, Runners: map[string]Function{
			"jobs.fail": func(_ context.Context, c Call) (msgpack.Raw, bool) {
				return text("no " + lookupText(c.Kwarg, "k")), false
			},
		}})
		pool, bus := newPool(t, m), newBus(t, m)
		s := bus.Expect("salt/run/")
		defer s.Close()
		reply, err := pool.Request(soon(t), request(`{"cmd": "runner", "fun": "jobs.fail", "kwarg": {"arg": [], "kwarg": {"k": "v"}},
			"username": "bench", "password": "secret", "eauth": "pam"}`))
		require.NoError(t, err)
		s.Bind(lookupText(reply, "jid"))
		for _, end := range []string{"/new", "/ret"} {
			e, err := s.Next(soon(t))
			require.NoError(t, err)
			require.Equal(t, lookupText(reply, "tag")+end, e.Tag)
			if end == "/ret" {
				require.Equal(t, "no v", lookupText(e.Data, "return"))
				require.JSONEq(t, "false", printedJSON(t, mustLookup(e.Data, "success")))
			}
		}
	})
}

func TestTokensWrittenByOthers(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		m := Start(t, Options{Release: release})
		pool := newPool(t, m)
		ask := func(token string) string {
			reply, err := pool.Request(soon(t), request(`{"cmd": "get_token", "token": "`+token+`"}`))
			require.NoError(t, err)
			return lookupText(reply, "name")
		}
		write := func(token, eauth string, expire float64) string {
			data := object(pair{"start", float(1)}, pair{"expire", float(expire)}, pair{"name", text("alice")},
				pair{"eauth", text(eauth)}, pair{"groups", texts([]string{"wheel"})}, pair{"token", text(token)})
			if m.release.tokenSuffix != "" {
				data = object(pair{"data", data}, pair{"_expires", number(int64(expire))})
			}
			path := filepath.Join(m.TokenDir(), token+m.release.tokenSuffix)
			require.NoError(t, os.WriteFile(path, data, 0o600))
			return path
		}
		const later = 1e11
		write("aa", "pam", later)
		require.Equal(t, "alice", ask("aa"))
		write("bb", "ldap", later) // not under external_auth: its data is returned, but nothing may be done with it
		require.Equal(t, "alice", ask("bb"))
		reply, err := pool.Request(soon(t), publication(jid, "test.ping", `"*"`, `[]`, `{"token": "bb"}`))
		require.NoError(t, err)
		refused, _ := msgpack.Raw(reply).Lookup("error")
		require.Equal(t, "AuthenticationError", lookupText(refused, "name"))
		path := write("cc", "pam", 2)
		require.Empty(t, ask("cc"))
		require.NoFileExists(t, path)
		require.Empty(t, ask("../tokens/aa"))

		token, err := m.Token("bench")
		require.NoError(t, err)
		require.Equal(t, "bench", ask(token))
	})
}

func TestFaultsOfTheRequestChannel(t *testing.T) {
	t.Parallel()
	ping := request(`{"cmd": "ping"}`)
	for name, test := range map[string]struct {
		faults   Faults
		sent     bool
		deadline bool
	}{
		"mute":         {Faults{Mute: true}, false, true},
		"silent":       {Faults{Silent: true}, true, true},
		"slow":         {Faults{Delay: time.Hour}, true, true},
		"drop request": {Faults{DropRequest: true}, true, false},
		"drop reply":   {Faults{DropReply: true}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := Start(t, Options{})
			m.Fail(func(f *Faults) { *f = test.faults })
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // connecting and sending are a part of it
			defer cancel()
			_, err := newPool(t, m).Request(ctx, ping)
			var e *reqpool.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, test.sent, e.Sent)
			require.Equal(t, test.deadline, errors.Is(err, context.DeadlineExceeded))
		})
	}

	m := Start(t, Options{Minions: []Minion{{ID: "ms-0"}}})
	pool, bus := newPool(t, m), newBus(t, m)
	ask := func(payload []byte, faults Faults) ([]byte, error) {
		m.Fail(func(f *Faults) { *f = faults })
		return pool.Request(soon(t), payload)
	}
	reply, err := ask(ping, Faults{Reply: []byte("garbage")})
	require.NoError(t, err)
	require.Equal(t, "garbage", string(reply))

	s := bus.Subscribe(jid)
	_, err = ask(publication(jid, "test.ping", `"*"`, `[]`, login), Faults{DropReply: true})
	require.Error(t, err)
	requireReturn(t, s, "ms-0", "true") // it was carried out all the same
	_, err = ask(publication(jid, "test.ping", `"*"`, `[]`, login), Faults{DropRequest: true})
	require.Error(t, err)
	_, err = ask(ping, Faults{})
	require.NoError(t, err)
	require.Equal(t, 1, m.Count("publish"))
}

func TestFaultsOfReturns(t *testing.T) {
	t.Parallel()
	m := Start(t, Options{Minions: []Minion{{ID: "ms-0"}}})
	pool, bus := newPool(t, m), newBus(t, m)
	s := bus.Subscribe(jid)
	m.Fail(func(f *Faults) {
		*f = Faults{EarlyReturns: true, DuplicateReturns: true, TrimReturns: true, DropReply: true}
	})
	_, err := pool.Request(soon(t), publication(jid, "test.echo", `"*"`, `[1]`, login))
	require.Error(t, err)
	requireReturn(t, s, "ms-0", `"VALUE_TRIMMED"`)
	requireReturn(t, s, "ms-0", `"VALUE_TRIMMED"`)
	m.Fail(func(f *Faults) { *f = Faults{} })
	m.Return(Job{JID: jid, Fun: "test.echo", Minion: "late"}, Return{})
	requireReturn(t, s, "late", "null")
}

func TestFaultsOfTheBus(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		m := Start(t, Options{Release: release})
		bus := newBus(t, m)
		s := bus.Subscribe(jid)
		for name, fault := range map[string]func(){
			"garbage": func() { m.WriteBus([]byte{0xc1, 0xff, 0xff, 0xff, 0xff}) },
			"drop":    m.DropBus,
			"stop": func() {
				m.StopBus()
				require.Eventually(t, func() bool { return !bus.Connected() }, 10*time.Second, time.Millisecond)
				require.NoError(t, m.StartBus())
			},
			"restart": func() { require.NoError(t, m.Restart()) },
		} {
			before := m.Subscriptions()
			fault()
			require.Eventually(t, func() bool { return m.Subscriptions() > before && m.Subscribers() == 1 },
				10*time.Second, time.Millisecond, name)
			_, err := s.Next(soon(t))
			require.ErrorIs(t, err, eventbus.ErrGap, name)
			m.Fire(jid, object())
			e, err := s.Next(soon(t))
			require.NoError(t, err, name)
			require.Equal(t, jid, e.Tag)
		}
	})
}

func TestRestartKeepsTheAddress(t *testing.T) {
	t.Parallel()
	m := Start(t, Options{})
	pool := newPool(t, m)
	token, err := m.Token("bench")
	require.NoError(t, err)
	for range 5 {
		addr := m.Addr()
		require.NoError(t, m.Restart())
		require.Equal(t, addr, m.Addr())
		reply, err := pool.Request(soon(t), request(`{"cmd": "get_token", "token": "`+token+`"}`))
		require.NoError(t, err)
		require.Equal(t, "bench", lookupText(reply, "name"))
	}
	m.Close()
	m.Close()
	_, err = pool.Request(soon(t), request(`{"cmd": "ping"}`))
	require.Error(t, err)
}

func TestConfigLeadsHere(t *testing.T) {
	t.Parallel()
	m := Start(t, Options{Users: map[string]User{"a": {"b", []string{"test.*"}}}, Eauth: []string{"pam"}})
	b, err := os.ReadFile(filepath.Join(m.ConfDir(), "master"))
	require.NoError(t, err)
	var conf struct {
		Interface string
		RetPort   int                            `json:"ret_port"`
		SockDir   string                         `json:"sock_dir"`
		TokenDir  string                         `json:"token_dir"`
		Eauth     map[string]map[string][]string `json:"external_auth"`
	}
	require.NoError(t, json.Unmarshal(b, &conf))
	require.Equal(t, m.Addr(), fmt.Sprintf("%s:%d", conf.Interface, conf.RetPort))
	require.Equal(t, m.SockDir(), conf.SockDir)
	require.Equal(t, m.TokenDir(), conf.TokenDir)
	require.Equal(t, []string{"test.*"}, conf.Eauth["pam"]["a"])
}

func TestManyAtOnce(t *testing.T) {
	eachRelease(t, func(t *testing.T, release string) {
		m := Start(t, Options{Release: release, Minions: []Minion{{ID: "ms-0"}, {ID: "ms-1", Delay: time.Millisecond}}})
		pool, bus := newPool(t, m), newBus(t, m)
		var wg sync.WaitGroup
		const jobs = 300
		errs := make([]error, jobs)
		for i := range jobs {
			wg.Go(func() {
				jid := fmt.Sprintf("%020d", i)
				s := bus.Subscribe(jid)
				defer s.Close()
				_, errs[i] = pool.Request(soon(t), publication(jid, "test.ping", `"*"`, `[]`, login))
				for got := 0; got < 2 && errs[i] == nil; {
					e, err := s.Next(soon(t))
					errs[i] = err
					if e.Tag != jid {
						got++
					}
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, jobs, m.Count("publish"))
	})
}

func BenchmarkPublish(b *testing.B) {
	m := Start(b, Options{Minions: []Minion{{ID: "ms-0"}}})
	pool, bus := newPool(b, m), newBus(b, m)
	token, err := m.Token("bench")
	require.NoError(b, err)
	creds := `{"token": "` + token + `"}`
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			jid := m.newJID()
			s := bus.Subscribe(jid)
			if _, err := pool.Request(b.Context(), publication(jid, "test.ping", `"*"`, `[]`, creds)); err != nil {
				b.Error(err)
				return
			}
			if _, err := s.Next(b.Context()); err != nil {
				b.Error(err)
			}
			s.Close()
		}
	})
}
