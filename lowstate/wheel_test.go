package lowstate

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

const listAll = `"client": "wheel", "fun": "key.list_all"`

// gate is a wheel function that starts, and ends when it is released.
type gate struct {
	first chan func() // called at the first start
	begun chan struct{}
	open  chan struct{}
}

func newGate() *gate {
	return &gate{first: make(chan func(), 1), begun: make(chan struct{}, 100), open: make(chan struct{})}
}

func (g *gate) pass(ctx context.Context, _ mastertest.Call) (msgpack.Raw, bool) {
	select {
	case f := <-g.first:
		f()
	default:
	}
	g.begun <- struct{}{}
	select {
	case <-g.open:
	case <-ctx.Done():
	}
	return mastertest.JSON(`"passed"`), true
}

func withGate() (mastertest.Options, *gate) {
	g := newGate()
	o := one("web1")
	o.Wheels = map[string]mastertest.Function{
		"slow.one": g.pass,
		"test.arg": func(_ context.Context, c mastertest.Call) (msgpack.Raw, bool) {
			return c.Kwarg, len(c.Arg) == 0
		},
	}
	return o, g
}

func TestWheel(t *testing.T) {
	t.Parallel()
	o, _ := withGate()
	eachRelease(t, o, func(t *testing.T, b *before) {
		got, err := b.call(listAll)
		require.NoError(t, err)
		require.Regexp(t, `^\{"tag": "salt/wheel/\d{20}", "data": \{"fun": "wheel.key.list_all", "jid": "\d{20}", `+
			`"tag": "salt/wheel/\d{20}", "user": "bench", .*"minions": \["web1"\].*"success": true\}\}$`, got)
		for _, form := range []string{`"a": "b"`, `"kwarg": {"a": "b"}`, `"arg": ["a=b"]`, `"a": "b", "full_return": true`} {
			got, err := b.call(`"client": "wheel", "fun": "test.arg", ` + form)
			require.NoError(t, err)
			require.Contains(t, got, `"return": {"a": "b"}, "success": true`)
		}
		got, err = b.call(`"client": "wheel", "fun": "test.arg", "arg": ["x"], "kwarg": {"a": "b"}`)
		require.NoError(t, err)
		require.Contains(t, got, `"success": false`)
		got, err = b.call(`"client": "wheel", "fun": "no.such"`)
		require.NoError(t, err)
		require.Contains(t, got, `"return": "Exception occurred in wheel no.such: `)
		require.Contains(t, got, `"success": false`)
		b.requireError(Timeout, textRunnerTimedOut, `"client": "wheel", "fun": "slow.one", "timeout": 0.1`)
	})
}

// A wheel function may take longer than the timeout of requests.
func TestSlowWheel(t *testing.T) {
	t.Parallel()
	o, g := withGate()
	b := patientGatewayBefore(t, o, 2*time.Second)
	go func() {
		for b.Count("ping") == 0 { // whether the master is alive
			time.Sleep(time.Millisecond)
		}
		close(g.open)
	}()
	got, err := b.call(`"client": "wheel", "fun": "slow.one"`)
	require.NoError(t, err)
	require.Contains(t, got, `"return": "passed"`)
}

// If the master dies meanwhile, the wait ends.
func TestWheelOfAMasterThatDies(t *testing.T) {
	t.Parallel()
	o, g := withGate()
	b := patientGatewayBefore(t, o, 2*time.Second)
	go func() {
		<-g.begun
		b.Fail(func(f *mastertest.Faults) { f.Silent = true })
	}()
	b.requireError(Timeout, textMessageTimedOut, `"client": "wheel", "fun": "slow.one"`)
}

var startedText = regexp.MustCompile(`^\{"tag": "salt/wheel/(\d{20})", "jid": "(\d{20})"\}$`)

// background sends a wheel_async and returns its jid.
func (b *before) background(keys string) (string, error) {
	got, err := b.call(`"client": "wheel_async", ` + keys)
	if err != nil {
		return "", err
	}
	m := startedText.FindStringSubmatch(got)
	if m == nil || m[1] != m[2] {
		return "", errors.New("not an answer: " + got)
	}
	return m[1], nil
}

// ends subscribes to the end of wheel functions; the returned function waits
// for that of one job and returns its return.
func (b *before) ends() func(jid string) string {
	sub := b.bus.Expect("salt/wheel/")
	b.t.Cleanup(sub.Close)
	seen := make(map[string]string)
	return func(jid string) string {
		b.t.Helper()
		for {
			if ret, ok := seen[jid]; ok {
				return ret
			}
			ev, err := sub.Next(b.t.Context())
			require.NoError(b.t, err)
			if job, isRet := strings.CutSuffix(strings.TrimPrefix(ev.Tag, "salt/wheel/"), "/ret"); isRet {
				seen[job] = ev.Data.LookupStr("return")
			}
		}
	}
}

func TestWheelAsync(t *testing.T) {
	t.Parallel()
	o, g := withGate()
	eachRelease(t, o, func(t *testing.T, b *before) {
		end := b.ends()
		jid, err := b.background(`"fun": "key.list_all"`)
		require.NoError(t, err)
		end(jid)
		jid, err = b.background(`"fun": "no.such"`)
		require.NoError(t, err)
		require.Contains(t, end(jid), "Exception occurred in wheel no.such")

		for _, args := range []string{``, `, "arg": [1, "é"]`, `, "arg": [1], "x": {"y": [1.5, null]}`} {
			jid, err := b.background(`"fun": "slow.one"` + args)
			require.NoError(t, err)
			<-g.begun
			go func() { g.open <- struct{}{} }()
			require.Equal(t, "passed", end(jid))
		}
	})
}

// Several concurrent calls that look alike: each gets its own jid.
func TestWheelAsyncManyAtOnce(t *testing.T) {
	t.Parallel()
	o, g := withGate()
	b := gatewayBefore(t, o)
	end := b.ends()
	var all sync.WaitGroup
	jids := make(chan string, wheelsAtOnce)
	for range wheelsAtOnce {
		all.Go(func() {
			jid, err := b.background(`"fun": "slow.one"`)
			if err != nil {
				t.Error(err)
			}
			jids <- jid
		})
	}
	all.Wait()
	close(g.open)
	told := make(map[string]bool)
	for range wheelsAtOnce {
		jid := <-jids
		told[jid] = true
		require.Equal(t, "passed", end(jid))
	}
	require.Len(t, told, wheelsAtOnce)
}

// If events may be of another call that looks alike, the reply decides.
func TestWheelAsyncInDoubt(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]func(b *before, g *gate){
		"a call of this gateway": func(b *before, g *gate) {
			go func() { _, _ = b.call(`"client": "wheel", "fun": "slow.one"`) }()
			<-g.begun
		},
		"somebody else's": func(b *before, g *gate) {
			g.first <- func() {
				b.Fire("salt/wheel/20990101000000000000/new", mastertest.JSON(
					`{"fun": "wheel.slow.one", "jid": "20990101000000000000", "user": "bench", "fun_args": [], "_stamp": "2099"}`))
			}
		},
		"the bus is lost": func(b *before, g *gate) { g.first <- b.DropBus },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, g := withGate()
			b := gatewayBefore(t, o)
			end := b.ends()
			other(b, g)
			answered := make(chan string)
			go func() {
				jid, err := b.background(`"fun": "slow.one"`)
				if err != nil {
					t.Error(err)
				}
				answered <- jid
			}()
			<-g.begun
			select {
			case <-answered:
				t.Error("it was answered too early")
			case <-time.After(2 * searchSettle):
			}
			close(g.open)
			jid := <-answered
			require.NotEqual(t, "20990101000000000000", jid)
			if name != "the bus is lost" {
				require.Equal(t, "passed", end(jid))
			}
		})
	}
}

// lines is a log that may be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Failures after the caller's answer are logged, and the end of the request
// does not end the command.
func TestWheelAsyncFailsInTheBackground(t *testing.T) {
	t.Parallel()
	o, g := withGate()
	b := gatewayBefore(t, o)
	log := &lines{}
	client := b.gateway.clients["wheel_async"].(wheelAsync)
	m := *client.Master
	m.Log = slog.New(slog.NewTextHandler(log, nil))
	b.gateway.clients["wheel_async"] = wheelAsync{&m, client.running}

	ctx, hangUp := context.WithCancel(t.Context())
	_, err := b.callWith(ctx, `"client": "wheel_async", "fun": "slow.one", "arg": ["secret-argument"]`)
	require.NoError(t, err)
	hangUp()
	<-g.begun
	b.DropRequests()
	require.Eventually(t, func() bool {
		return strings.Contains(log.String(), "wheel function failed in the background")
	}, 10*time.Second, time.Millisecond)
	require.Contains(t, log.String(), "fun=slow.one")
	require.NotContains(t, log.String(), "secret-argument")
}

// A client that hangs up before the jid is known leaves no waiter behind.
func TestWheelAsyncHangUp(t *testing.T) {
	t.Parallel()
	o, g := withGate()
	b := gatewayBefore(t, o)
	running := b.gateway.clients["wheel"].(wheel).running
	var other sync.WaitGroup
	other.Go(func() { _, _ = b.call(`"client": "wheel", "fun": "slow.one"`) })
	<-g.begun
	ctx, hangUp := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := b.callWith(ctx, `"client": "wheel_async", "fun": "slow.one"`)
		ended <- err
	}()
	<-g.begun
	hangUp()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Zero(t, b.bus.Stats().Subscribers)
	require.Len(t, running.places, 2)
	close(g.open)
	other.Wait()
	require.Eventually(t, func() bool { return len(running.places) == 0 }, 10*time.Second, time.Millisecond)
	require.Empty(t, running.alike)
}

// The places are limited. A wheel_async does not wait long for one.
func TestWheelPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWheels()
		for range wheelsAtOnce {
			require.NoError(t, w.acquire(t.Context()))
		}
		m := testMaster()
		m.Commands = commands{}
		job := &wheelAsyncJob{wheelJob{Master: m, running: w, timeout: time.Minute}}
		_, err := job.send(t.Context(), saltmaster.WheelCall{})
		e, ok := errors.AsType[*Error](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, Unavailable, e.Kind)
		require.Equal(t, textTooManyWheels, e.Text)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = job.send(ctx, saltmaster.WheelCall{})
		require.ErrorIs(t, err, context.Canceled)

		w.release()
		h, err := job.send(t.Context(), saltmaster.WheelCall{})
		require.NoError(t, err)
		<-h.awaited.Done()
	})
}

// A jid that turns out to be another call's is logged as an error.
func TestWheelAsyncWasWrong(t *testing.T) {
	t.Parallel()
	log := &lines{}
	m := testMaster()
	m.Log = slog.New(slog.NewTextHandler(log, nil))
	job := &wheelAsyncJob{wheelJob{Master: m}}
	answer := mastertest.JSON(`{"tag": "salt/wheel/2", "data": {"jid": "2"}}`)
	for _, told := range []string{"", "2", "own"} {
		job.logLate(t.Context(), saltmaster.WheelCall{JID: "own"}, told, reply{answer: WheelReturn{answer}})
	}
	require.Empty(t, log.String())
	job.logLate(t.Context(), saltmaster.WheelCall{JID: "own"}, "1", reply{answer: WheelReturn{answer}})
	require.Contains(t, log.String(), "another job id")
}

func TestPendingReply(t *testing.T) {
	t.Parallel()
	var told []string
	conclude := func(s string, _ reply) { told = append(told, s) }
	h := newPendingReply(t.Context(), conclude)
	h.resolve(reply{})
	require.Error(t, h.awaited.Err())
	require.Len(t, h.replies, 1)
	h.abandon("after")
	require.Equal(t, []string{"after"}, told)

	h = newPendingReply(t.Context(), conclude)
	h.abandon("before")
	h.resolve(reply{})
	require.Equal(t, []string{"after", "before"}, told)
}
