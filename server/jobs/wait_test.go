package jobs

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// patience is how long anything may take on a busy machine.
const patience = 20 * time.Second

// live is an env whose store is watched, behind a server.
type live struct {
	*env
	hub    *watch.Hub
	stop   context.CancelCauseFunc // of the gateway
	server *httptest.Server
	open   *streams

	mu      sync.Mutex
	audited []audit.Entry
}

// Write implements audit.Writer.
func (l *live) Write(_ context.Context, e audit.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.audited = append(l.audited, e)
}

// streams counts the open streams, of which there may be as many as limit.
type streams struct {
	mu          sync.Mutex
	open, limit int
}

func (s *streams) Open(*caller.Caller) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == s.limit {
		return nil, &web.Error{Status: http.StatusTooManyRequests, Text: "too many"}
	}
	s.open++
	return func() { s.mu.Lock(); s.open--; s.mu.Unlock() }, nil
}

func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// newLive returns it with a listener, whose responses can be detached or not.
func newLive(t *testing.T, detaches bool, change func(*API)) *live {
	t.Helper()
	l := &live{open: &streams{limit: 10}}
	l.env = newEnv(t, func(a *API) {
		read := a.Records.reader.Job
		l.hub = watch.New(read, read)
		var stopping context.Context
		stopping, l.stop = context.WithCancelCause(context.Background())
		a.Waiting = &waiting.Jobs{Watches: l.hub, Most: time.Minute, Stopping: stopping}
		a.Streams = l.open
		if change != nil {
			change(a)
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { l.hub.Run(ctx) })
	front := l.front.(*web.Front)
	front.Record = func(ctx context.Context, _ *web.Exchange, _ *http.Request) (web.Recorder, context.Context) {
		return audit.NewRecorder(ctx, l, false, &audit.Request{})
	}
	var detached sync.WaitGroup
	if detaches {
		detached.Add(1) // so that more may begin while it is waited for
		front.Go = func(f func()) { detached.Go(f) }
	}
	l.server = httptest.NewServer(front)
	t.Cleanup(func() {
		l.stop(web.ErrStopping)
		l.server.Close()
		if detaches {
			detached.Done()
			detached.Wait()
		}
		cancel()
		running.Wait()
		require.Zero(t, l.hub.Len(), "every watch is closed")
		require.Zero(t, l.open.count(), "and every stream")
	})
	return l
}

// record records a batch as the recorder does.
func (l *live) record(t *testing.T, b records.Batch) {
	t.Helper()
	_, err := l.store.Put(t.Context(), b)
	require.NoError(t, err)
	l.hub.Recorded(b)
}

func (l *live) request(t *testing.T, ctx context.Context, path, credential string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.server.URL+path, nil)
	require.NoError(t, err)
	r.Header.Set("X-Auth-Token", credential)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := l.server.Client().Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// until waits until so many watches are open.
func (l *live) until(t *testing.T, watches int) {
	t.Helper()
	require.Eventually(t, func() bool { return l.hub.Len() == watches }, patience, time.Millisecond)
}

func ran(minions ...string) records.Batch {
	return records.Batch{Jobs: []records.Job{{JID: jidOf(0), User: "saltdev", Eauth: "pam", Client: "local", Fun: "test.ping", Tgt: "*",
		TgtType: "glob", Minions: minions}}}
}

func has(minion string, ok bool) records.Batch {
	return records.Batch{Returns: []records.Return{{JID: jidOf(0), Minion: minion, Time: time.Unix(1_796_000_000, 0), Success: ok,
		Value: msgpack.AppendString(nil, "of "+minion)}}}
}

type waited struct {
	State    string
	Returned int
	Complete *bool
}

func (l *live) get(t *testing.T, path, credential string) (status int, w waited) {
	t.Helper()
	resp := l.request(t, t.Context(), path, credential) //nolint:bodyclose // at the end of the test
	if resp.StatusCode == http.StatusOK {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&w))
	}
	return resp.StatusCode, w
}

// A wait answers when the job has ended, or when the time is over.
func TestWait(t *testing.T) {
	t.Parallel()
	t.Run("detached", func(t *testing.T) { t.Parallel(); testWait(t, true) })
	t.Run("by its handler", func(t *testing.T) { t.Parallel(); testWait(t, false) })
}

func testWait(t *testing.T, detaches bool) {
	l := newLive(t, detaches, nil)
	l.record(t, ran("web1", "web2"))
	path := "/v1/jobs/" + jidOf(0)
	status, w := l.get(t, path, saltdev)
	require.Equal(t, 200, status)
	require.Nil(t, w.Complete, "without a wait the answer is as it was")
	_, w = l.get(t, path+"?wait=1s", saltdev)
	require.Equal(t, "new", w.State)
	require.False(t, *w.Complete)

	const n = 20
	var all sync.WaitGroup
	got := make([]waited, n)
	for i := range got {
		all.Go(func() { _, got[i] = l.get(t, path+"?wait=60s", saltdev) })
	}
	l.until(t, n)
	l.record(t, has("web1", true))
	l.record(t, has("web2", false))
	all.Wait()
	for _, w := range got {
		require.Equal(t, "failed", w.State)
		require.Equal(t, 2, w.Returned)
		require.True(t, *w.Complete)
	}
	_, w = l.get(t, path+"?wait=60s", saltdev)
	require.True(t, *w.Complete, "at once")
	for _, query := range []string{"wait=0s", "wait=61s", "wait=x", "wait=", "wait=1s&wait=1s"} {
		resp := l.request(t, t.Context(), path+"?"+query, saltdev) //nolint:bodyclose // at the end of the test
		require.Equal(t, http.StatusBadRequest, resp.StatusCode)
		var text string
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&text))
		require.Contains(t, text, `Parameter "wait": it is`)
		if !strings.Contains(query, "&") {
			require.Contains(t, text, "from 1s to 1m")
		}
	}
}

// Whoever may not see a job does not wait for it.
func TestWaitUnseen(t *testing.T) {
	t.Parallel()
	l := newLive(t, false, nil)
	l.record(t, ran("web1"))
	for _, path := range []string{jidOf(0) + "?wait=60s", "20200101000000000000?wait=60s", jidOf(0) + "/events", "20200101000000000000/events"} {
		status, _ := l.get(t, "/v1/jobs/"+path, ldap)
		require.Equal(t, http.StatusNotFound, status, path)
		status, _ = l.get(t, "/v1/jobs/"+path, "wrong")
		require.Equal(t, http.StatusUnauthorized, status, path)
	}
	require.Zero(t, l.hub.Len())
}

// How long a look at a job of this moment takes does not show that there is one that
// the caller does not see.
func TestFreshUnseen(t *testing.T) {
	t.Parallel()
	const none = -1
	for name, c := range map[string]struct {
		recorded time.Duration // when it is
		eauth    time.Duration // when its eauth module is
		path     string
		status   int
		want     time.Duration
	}{
		"none":                              {none, none, "", 404, fresh},
		"of another user":                   {0, none, "", 404, fresh},
		"of another user, recorded later":   {time.Second, none, "", 404, fresh},
		"none, with a wait":                 {none, none, "?wait=10s", 404, fresh},
		"of another user, with a wait":      {0, none, "?wait=10s", 404, fresh},
		"none, a stream":                    {none, none, "/events", 404, fresh},
		"of another user, a stream":         {0, none, "/events", 404, fresh},
		"the caller's":                      {0, 0, "", 200, 0},
		"the caller's, which is said later": {0, time.Second, "", 200, time.Second},
		"the caller's, recorded later":      {time.Second, time.Second, "", 200, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var hub *watch.Hub
				g := newEnv(t, func(a *API) {
					read := a.Records.reader.Job
					hub = watch.New(read, read)
					a.Waiting = &waiting.Jobs{Watches: hub, Most: time.Minute, Stopping: t.Context()}
					a.Streams = &streams{limit: 1}
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer cancel()
				go hub.Run(ctx)
				began := time.Now()
				job := records.Job{JID: strings.Replace(began.UTC().Format("20060102150405.000000"), ".", "", 1), User: "saltdev", Client: "local"}
				put := func(at time.Duration, j records.Job) {
					if at < 0 {
						return
					}
					done := make(chan struct{})
					timer := time.AfterFunc(at, func() {
						defer close(done)
						b := records.Batch{Jobs: []records.Job{j}}
						_, err := g.store.Put(ctx, b)
						assert.NoError(t, err)
						hub.Recorded(b)
					})
					if at == 0 {
						<-done
						return
					}
					t.Cleanup(func() { timer.Stop() })
				}
				if c.recorded == c.eauth {
					job.Eauth = "ldap"
				} else {
					put(c.eauth, records.Job{JID: job.JID, Eauth: "ldap"})
				}
				put(c.recorded, job)
				w := g.get(t, "/v1/jobs/"+job.JID+c.path, ldap)
				require.Equal(t, c.status, w.Code, w.Body)
				require.Equal(t, c.want, time.Since(began))
			})
		})
	}
}

// What ends a wait before the job does.
func TestWaitCut(t *testing.T) {
	t.Parallel()
	t.Run("detached", func(t *testing.T) { t.Parallel(); testWaitCut(t, true) })
	t.Run("by its handler", func(t *testing.T) { t.Parallel(); testWaitCut(t, false) })
}

func testWaitCut(t *testing.T, detaches bool) {
	path := "/v1/jobs/" + jidOf(0) + "?wait=60s"
	t.Run("the gateway stops", func(t *testing.T) {
		t.Parallel()
		l := newLive(t, detaches, nil)
		l.record(t, ran("web1", "web2"))
		l.record(t, has("web1", true))
		done := make(chan waited)
		go func() {
			_, w := l.get(t, path, saltdev)
			done <- w
		}()
		l.until(t, 1)
		l.stop(web.ErrStopping)
		w := <-done
		require.Equal(t, "running", w.State)
		require.False(t, *w.Complete)
	})
	t.Run("the client leaves", func(t *testing.T) {
		t.Parallel()
		l := newLive(t, detaches, nil)
		l.record(t, ran("web1"))
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.server.URL+path, nil)
			if err == nil {
				r.Header.Set("X-Auth-Token", saltdev)
				_, err = l.server.Client().Do(r) //nolint:bodyclose // there is none
			}
			done <- err
		}()
		l.until(t, 1)
		leave()
		require.ErrorIs(t, <-done, context.Canceled)
		l.until(t, 0)
	})
	for name, cause := range map[string]error{"the session expires": session.ErrExpired, "the session is revoked": session.ErrRevoked} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan error)
			l := newLive(t, detaches, func(a *API) { a.Callers = ending{a.Callers, ended} })
			l.record(t, ran("web1"))
			done := make(chan int)
			go func() {
				status, _ := l.get(t, path, saltdev)
				done <- status
			}()
			l.until(t, 1)
			ended <- cause
			require.Equal(t, http.StatusUnauthorized, <-done)
		})
	}
	t.Run("the rights change", func(t *testing.T) {
		t.Parallel()
		var mu sync.Mutex
		may := true
		l := newLive(t, detaches, func(a *API) {
			a.Rights = changing{a.Rights, func() bool { mu.Lock(); defer mu.Unlock(); return may }}
		})
		l.record(t, ran("web1"))
		done := make(chan int)
		go func() {
			status, _ := l.get(t, path, admin)
			done <- status
		}()
		l.until(t, 1)
		mu.Lock()
		may = false
		mu.Unlock()
		l.record(t, has("web1", true))
		require.Equal(t, http.StatusNotFound, <-done)
	})
	t.Run("the scopes change", func(t *testing.T) {
		t.Parallel()
		waits := make(chan struct{}, 1)
		l := newLive(t, detaches, func(a *API) { narrows(a, func() { waits <- struct{}{} }) })
		job := ran("web1")
		job.Jobs[0].User = "admin"
		l.record(t, job)
		done := make(chan int)
		go func() {
			status, _ := l.get(t, path, webOnly)
			done <- status
		}()
		<-waits
		l.record(t, has("web1", true))
		require.Equal(t, http.StatusNotFound, <-done)
	})
}

// following calls a function when a credential is followed.
type following struct {
	Callers
	begun func()
}

// narrows has the scopes of webOnly allow nothing once it is followed, and then calls a
// function.
func narrows(a *API, then func()) {
	principals := a.Callers.(*caller.Resolver).Tokens.(*callertest.Tokens).Principals
	a.Callers = &following{a.Callers, func() {
		narrow := *principals[webOnly]
		narrow.Scopes = role.Compile(role.Options{})
		principals[webOnly] = &narrow
		then()
	}}
}

func (f *following) Follow(ctx context.Context, c *caller.Caller, needs ...role.Permission) (context.Context, context.CancelFunc) {
	f.begun()
	return f.Callers.Follow(ctx, c, needs...)
}

// ending has credentials that end with what is sent.
type ending struct {
	Callers
	ended chan error
}

func (e ending) Follow(ctx context.Context, _ *caller.Caller, _ ...role.Permission) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case err := <-e.ended:
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// sse reads server-sent events.
type sse struct {
	t     *testing.T
	lines *bufio.Scanner
}

type sent struct{ name, id, data string }

func (l *live) stream(t *testing.T, query, credential string, headers ...string) (*http.Response, *sse) {
	t.Helper()
	resp := l.request(t, t.Context(), "/v1/jobs/"+jidOf(0)+"/events"+query, credential, headers...)
	return resp, &sse{t, bufio.NewScanner(resp.Body)}
}

// next returns the next event; the zero value is the end.
func (s *sse) next() (e sent) {
	s.t.Helper()
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
			require.True(s.t, json.Valid([]byte(value)), value)
		case "":
			if e != (sent{}) {
				return e
			}
		}
	}
	return sent{}
}

// until returns the returns up to an event, and its id.
func (s *sse) until(name string) (minions []string, last string) {
	s.t.Helper()
	for {
		e := s.next()
		switch e.name {
		case "return":
			var ret struct{ Minion string }
			require.NoError(s.t, json.Unmarshal([]byte(e.data), &ret))
			minions, last = append(minions, ret.Minion), e.id
		case name:
			return minions, last
		case "":
			require.FailNow(s.t, "the stream ended before "+name)
		}
	}
}

// The stream of a job has each return once, also over several connections.
func TestStream(t *testing.T) {
	t.Parallel()
	t.Run("detached", func(t *testing.T) { t.Parallel(); testStream(t, true) })
	t.Run("by its handler", func(t *testing.T) { t.Parallel(); testStream(t, false) })
}

func testStream(t *testing.T, detaches bool) {
	l := newLive(t, detaches, nil)
	l.record(t, ran("web1", "web2", "web3"))
	resp, s := l.stream(t, "", saltdev, "Accept", "text/event-stream", "Accept-Encoding", "gzip")
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "text/event-stream;charset=utf-8", resp.Header.Get("Content-Type"))
	require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	require.Equal(t, "job", s.next().name)
	l.mu.Lock()
	require.Len(t, l.audited, 1)
	require.Equal(t, audit.Stream, l.audited[0].Event)
	l.mu.Unlock()
	l.record(t, has("web2", true))
	e := s.next()
	require.Equal(t, "return", e.name)
	require.JSONEq(t, `{"minion": "web2", "state": "ok", "time": "2026-11-30T00:53:20Z", "fun": "test.ping", "success": true, "retcode": 0,
		"size": 8, "return": "of web2"}`, e.data)
	require.Equal(t, sent{"progress", "", `{"state":"running","expected":3,"returned":1,"succeeded":1,"failed":0}`}, s.next())
	require.NoError(t, resp.Body.Close())
	l.until(t, 0)
	l.record(t, has("web1", false))

	resp, s = l.stream(t, "?values=false", saltdev, "Last-Event-ID", e.id)
	require.Equal(t, "job", s.next().name)
	e = s.next()
	require.NotContains(t, e.data, "of web1")
	require.Contains(t, e.data, `"minion":"web1"`)
	l.record(t, has("web2", true)) // once more, by another gateway
	l.record(t, has("web3", true))
	rest, _ := s.until("end")
	require.Equal(t, []string{"web3"}, rest)
	require.Equal(t, sent{}, s.next(), "it is closed")
	require.NoError(t, resp.Body.Close())

	_, s = l.stream(t, "", saltdev) //nolint:bodyclose // at the end of the test
	all, last := s.until("end")
	require.Equal(t, []string{"web2", "web1", "web3"}, all)
	_, s = l.stream(t, "", saltdev, "Last-Event-ID", last) //nolint:bodyclose // at the end of the test
	none, _ := s.until("end")
	require.Empty(t, none)
	resp, _ = l.stream(t, "", saltdev, "Last-Event-ID", "end") //nolint:bodyclose // at the end of the test
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
}

func TestStreamRefused(t *testing.T) {
	t.Parallel()
	t.Run("detached", func(t *testing.T) { t.Parallel(); testStreamRefused(t, true) })
	t.Run("by its handler", func(t *testing.T) { t.Parallel(); testStreamRefused(t, false) })
}

func testStreamRefused(t *testing.T, detaches bool) {
	l := newLive(t, detaches, nil)
	l.record(t, ran("web1"))
	for id, want := range map[string]int{"x": 400, "eyJvIjoicmV0dXJucyJ9": 400, strings.Repeat("A", 9000): 400} {
		resp, _ := l.stream(t, "", saltdev, "Last-Event-ID", id) //nolint:bodyclose // at the end of the test
		require.Equal(t, want, resp.StatusCode)
		var text string
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&text))
		require.Contains(t, text, "Last-Event-ID")
	}
	resp, _ := l.stream(t, "?tag=x", saltdev) //nolint:bodyclose // at the end of the test
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	for range l.open.limit {
		_, s := l.stream(t, "", saltdev) //nolint:bodyclose // at the end of the test
		require.Equal(t, "job", s.next().name)
	}
	resp, _ = l.stream(t, "", saltdev) //nolint:bodyclose // at the end of the test
	require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
}

// What of a job's stream a caller sees.
func TestStreamSight(t *testing.T) {
	t.Parallel()
	some, err := eventstream.NewACL([]eventstream.Rule{{Tags: []string{"salt/job/*/new", "salt/job/*/ret/any*", "salt/job/*/ret/web*"}}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		credential string
		want       []string
	}{
		"one's own":            {saltdev, []string{"db1", "web1"}},
		"another's":            {admin, []string{"web1"}},
		"another's by a token": {readOnly, []string{"web1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, false, func(a *API) { a.Events = some })
			l.record(t, ran("db1", "web1"))
			l.record(t, has("db1", true))
			l.record(t, has("web1", true))
			_, s := l.stream(t, "", c.credential) //nolint:bodyclose // at the end of the test
			all, _ := s.until("end")
			require.Equal(t, c.want, all)
		})
	}
}

// changing are rights that are lost.
type changing struct {
	Rights
	may func() bool
}

func (c changing) May(ctx context.Context, of issuer.Caller, p role.Permission) error {
	if !c.may() {
		return &issuer.Error{Kind: issuer.Forbidden}
	}
	return c.Rights.May(ctx, of, p)
}

// What ends a stream before the job does.
func TestStreamCut(t *testing.T) {
	t.Parallel()
	t.Run("detached", func(t *testing.T) { t.Parallel(); testStreamCut(t, true) })
	t.Run("by its handler", func(t *testing.T) { t.Parallel(); testStreamCut(t, false) })
}

func testStreamCut(t *testing.T, detaches bool) {
	t.Run("the gateway stops", func(t *testing.T) {
		t.Parallel()
		l := newLive(t, detaches, nil)
		l.record(t, ran("web1"))
		_, s := l.stream(t, "", saltdev) //nolint:bodyclose // at the end of the test
		require.Equal(t, "job", s.next().name)
		l.stop(web.ErrStopping)
		require.Equal(t, sent{"cut-off", "", `{"reason":"The gateway is stopping"}`}, s.next())
		require.Equal(t, sent{}, s.next())
	})
	t.Run("the session ends", func(t *testing.T) {
		t.Parallel()
		ended := make(chan error)
		l := newLive(t, detaches, func(a *API) { a.Callers = ending{a.Callers, ended} })
		l.record(t, ran("web1"))
		_, s := l.stream(t, "", saltdev) //nolint:bodyclose // at the end of the test
		require.Equal(t, "job", s.next().name)
		ended <- session.ErrRevoked
		require.Equal(t, "cut-off", s.next().name)
		require.Equal(t, sent{}, s.next())
	})
	t.Run("the scopes change", func(t *testing.T) {
		t.Parallel()
		l := newLive(t, detaches, func(a *API) { narrows(a, func() {}) })
		job := ran("web1")
		job.Jobs[0].User = "admin"
		l.record(t, job)
		_, s := l.stream(t, "", webOnly) //nolint:bodyclose // at the end of the test
		require.Equal(t, sent{}, s.next())
	})
}
