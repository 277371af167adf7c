package lowstate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

const batchPing = `"client": "local_batch", "tgt": "*", "fun": "test.ping"`

// stream sends chunks as call does, and passes each item to yield.
func (b *before) stream(ctx context.Context, yield func(item string) error, chunks ...string) error {
	c, err := asBench(chunks...)
	if err != nil {
		return err
	}
	_, err = b.gateway.RunStream(ctx, c, func(_ Result, item Answer) error { return yield(string(item.JSON())) })
	return err
}

// items returns the items of an answer, sorted.
func (b *before) items(chunks ...string) []string {
	b.t.Helper()
	var items []string
	err := b.stream(b.t.Context(), func(item string) error {
		items = append(items, item)
		return nil
	}, chunks...)
	require.NoError(b.t, err)
	slices.Sort(items)
	return items
}

func several(n int) mastertest.Options {
	o := mastertest.Options{JobCache: true}
	for i := range n {
		o.Minions = append(o.Minions, mastertest.Minion{ID: fmt.Sprint("web", i)})
	}
	return o
}

func TestBatch(t *testing.T) {
	t.Parallel()
	eachRelease(t, several(3), func(t *testing.T, b *before) {
		all := []string{`{"web0": true}`, `{"web1": true}`, `{"web2": true}`}
		for _, batch := range []string{``, `, "batch": 1`, `, "batch": "2"`, `, "batch": "50%"`, `, "batch": 1000`} {
			require.Equal(t, all, b.items(batchPing+batch))
			got, err := b.call(batchPing + batch)
			require.NoError(t, err)
			require.ElementsMatch(t, all, strings.Split(got, ", "), "Run has the same items")
		}
		require.Empty(t, b.items(`"client": "local_batch", "tgt": "db*", "fun": "test.ping"`))
		require.Equal(t, []string{`{"web0": true}`},
			b.items(`"client": "local_batch", "tgt": "web0,gone", "tgt_type": "list", "fun": "test.ping"`))
		require.Equal(t, []string{`{"web0": true}`, `{"web1": {"test.ping": true, "test.echo": "x"}}`},
			b.items(`"client": "local", "tgt": "web0", "fun": "test.ping"`,
				`"client": "local_batch", "tgt": "web1", "fun": ["test.ping", "test.echo"], "arg": [[], ["x"]]`))
		require.Zero(t, b.bus.Stats().Subscribers)
	})
}

func TestBatchOfEvents(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]mastertest.Faults{"whole": {}, "cut": {TrimReturns: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRelease(t, one("web1"), func(t *testing.T, b *before) {
				b.Fail(func(f *mastertest.Faults) { *f = faults })
				got := b.items(`"client": "local_batch", "tgt": "*", "fun": "test.echo", "arg": ["é"], "raw": true`)
				require.Len(t, got, 1)
				require.Regexp(t, `^\{"data": \{"cmd": "_return", "id": "web1", "success": true, "return": "é", "retcode": 0, `+
					`"jid": "(\d{20})", .*\}, "tag": "salt/job/\d{20}/ret/web1"\}$`, got[0])
			})
		})
	}
}

// A return from the job cache has no event.
func TestRawItemOfTheCache(t *testing.T) {
	t.Parallel()
	r := result{ret: msgpack.InMemory(msgpack.AppendBool(nil, true)), retcode: msgpack.AppendInt(nil, 0), jid: "20260101000000000001"}
	require.Equal(t, `{"data": {"id": "web1", "return": true, "retcode": 0, "jid": "20260101000000000001"}, `+
		`"tag": "salt/job/20260101000000000001/ret/web1"}`, inSpool(t, newRawItem("web1", r)))
}

// The batch size bounds the concurrent minions, and all minions get their turn.
func TestBatchSizeIsKept(t *testing.T) {
	t.Parallel()
	var working, most atomic.Int32
	o := several(9)
	for i := range o.Minions {
		o.Minions[i].Answer = func(ctx context.Context, job mastertest.Job) mastertest.Return {
			if job.Fun == "test.echo" {
				n := working.Add(1)
				defer working.Add(-1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(5 * time.Millisecond)
			}
			return mastertest.Builtin(ctx, job)
		}
	}
	b := gatewayBefore(t, o)
	require.Len(t, b.items(`"client": "local_batch", "tgt": "*", "fun": "test.echo", "arg": [1], "batch": 3`), 9)
	require.LessOrEqual(t, most.Load(), int32(3))
}

// An item is sent while other minions are still running.
func TestBatchGoesOutEarly(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	o := several(2)
	o.Minions[1].Answer = func(ctx context.Context, job mastertest.Job) mastertest.Return {
		if job.Fun == "test.echo" {
			select {
			case <-seen:
			case <-ctx.Done():
			}
		}
		return mastertest.Builtin(ctx, job)
	}
	b := gatewayBefore(t, o)
	var items []string
	err := b.stream(t.Context(), func(item string) error {
		if items = append(items, item); len(items) == 2 {
			close(seen)
		}
		return nil
	}, ping+`, "tgt": "web0"`, `"client": "local_batch", "tgt": "*", "fun": "test.echo", "arg": [1], "batch": 2`)
	require.NoError(t, err)
	require.Equal(t, []string{`{"web0": true}`, `{"web0": 1}`, `{"web1": 1}`}, items)
}

// A chunk that fails later determines the status of the whole response.
func TestNothingGoesOutTooEarly(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, several(2))
	never := func(string) error {
		t.Error("an item went out")
		return nil
	}
	err := b.stream(t.Context(), never, batchPing, `"client": "runner", "fun": "nodot"`)
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, BadRequest, e.Kind)
	require.Error(t, b.stream(t.Context(), never, ping, batchPing+`, "password": "wrong"`))

	var items []string
	require.NoError(t, b.stream(t.Context(), func(item string) error {
		items = append(items, item)
		return nil
	}))
	require.Empty(t, items, "an empty call")
}

func TestStreams(t *testing.T) {
	t.Parallel()
	g := New(Options{Clients: Clients(testMaster())})
	for chunks, want := range map[string]bool{
		`[]`: false, `[{}]`: false, `[{"client": 5}]`: false, `[{"client": "local"}]`: false,
		`[{"client": "local_batch"}]`: true, `[{"client": "local"}, {"client": "local_batch"}]`: true,
		`[{"client": "local_batch"}, {"client": "local"}]`: false,
	} {
		parsed, err := Parse(nil, []byte(chunks), 0)
		require.NoError(t, err)
		require.Equal(t, want, g.Streams(Call{Chunks: parsed}), chunks)
	}
}

func TestBatchFailsHard(t *testing.T) {
	t.Parallel()
	eachRelease(t, several(5), func(t *testing.T, b *before) {
		const retcode = `"client": "local_batch", "tgt": "*", "fun": "test.retcode", "arg": [3], "batch": 1`
		require.Len(t, b.items(retcode), 5)
		before := b.Count("publish")
		require.Len(t, b.items(retcode+`, "failhard": true`), 1)
		require.Equal(t, 2, b.Count("publish")-before, "the ping and one part")
		require.Len(t, b.items(`"client": "local_batch", "tgt": "*", "fun": ["test.ping", "test.retcode"], `+
			`"arg": [[], [1]], "batch": 1, "failhard": true`), 1)
		require.Len(t, b.items(batchPing+`, "batch": 1, "failhard": true`), 5)
		require.Zero(t, b.bus.Stats().Subscribers)
	})
}

// A minion that returns from the ping and then not at all uses its place until
// the timeout, and then the others run. One that does not return from the ping
// is omitted.
func TestBatchWithSilentMinions(t *testing.T) {
	t.Parallel()
	o := several(4)
	o.Minions[1].Misses = func(fun string) bool { return fun == "test.echo" }
	o.Minions[2].Silent = true
	eachRelease(t, o, func(t *testing.T, b *before) {
		const echo = `"client": "local_batch", "tgt": "*", "fun": "test.echo", "arg": [7], "batch": 1, ` +
			`"timeout": 1, "gather_job_timeout": 0.05`
		require.Equal(t, []string{`{"web0": 7}`, `{"web1": {}}`, `{"web3": 7}`}, b.items(echo))
		require.Contains(t, b.items(echo+`, "raw": true`), `{"data": {"id": "web1", "return": {}, "retcode": 0}}`)
	})
}

// If the client hangs up, or an item is not accepted, no more minions start.
func TestBatchIsAbandoned(t *testing.T) {
	t.Parallel()
	refused := errors.New("no more")
	for name, tc := range map[string]struct {
		yield func(hangUp context.CancelFunc) error
		want  error
	}{
		"hang up":  {func(hangUp context.CancelFunc) error { hangUp(); return nil }, context.Canceled},
		"no taker": {func(context.CancelFunc) error { return refused }, refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := gatewayBefore(t, several(5))
			ctx, hangUp := context.WithCancel(t.Context())
			defer hangUp()
			items := 0
			err := b.stream(ctx, func(string) error {
				items++
				return tc.yield(hangUp)
			}, batchPing+`, "batch": 1`)
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, 1, items)
			require.Equal(t, 2, b.Count("publish"), "the ping and one part")
			require.Zero(t, b.bus.Stats().Subscribers)
			require.Empty(t, files(t, b.TokenDir()))
		})
	}
	t.Run("while nobody answers", func(t *testing.T) {
		t.Parallel()
		o := several(2)
		o.Minions[0].Misses = func(fun string) bool { return fun != "test.ping" }
		b := gatewayBefore(t, o)
		ctx, hangUp := context.WithCancel(t.Context())
		go func() {
			for b.Count("publish") < 2 {
				time.Sleep(time.Millisecond)
			}
			hangUp()
		}()
		err := b.stream(ctx, func(string) error { return nil },
			`"client": "local_batch", "tgt": "web0", "fun": "test.echo", "batch": 1`)
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, b.bus.Stats().Subscribers)
	})
}

// An error during a batch ends it.
func TestBatchLosesItsMaster(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, several(3))
	items := 0
	err := b.stream(t.Context(), func(string) error {
		if items++; items == 1 {
			b.Close()
		}
		return nil
	}, batchPing+`, "batch": 1`)
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, Unavailable, e.Kind)
	require.Equal(t, 1, items)
}

// batch_wait holds a place after its minion has finished.
func TestBatchWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &batchJob{size: batchSize{n: 2}, pause: 3 * time.Second}
		b := newBatch(j, nil, []string{"a", "b", "c", "d", "e"}, &Record{}, func(Answer) error { return nil })
		done := func(id string) {
			over, err := b.handle(update{id: id})
			require.NoError(t, err)
			require.False(t, over)
		}
		require.Equal(t, []string{"a", "b"}, b.next(time.Now()))
		require.Empty(t, b.next(time.Now()))
		done("a")
		time.Sleep(time.Second)
		done("b")
		time.Sleep(2*time.Second - time.Nanosecond)
		require.Empty(t, b.next(time.Now()))
		time.Sleep(2 * gatherStep)
		require.Equal(t, []string{"c"}, b.next(time.Now()))
		time.Sleep(time.Second)
		require.Equal(t, []string{"d"}, b.next(time.Now()))
		done("nobody") // a resource of an active minion
		require.Empty(t, b.next(time.Now()))
	})
}

func TestFailed(t *testing.T) {
	t.Parallel()
	for js, want := range map[string]bool{
		`0`: false, `1`: true, `-1`: false, `true`: false, `"1"`: false, `null`: false, `{}`: false,
		`{"a": 0, "b": 2}`: true, `{"a": 0}`: false,
	} {
		require.Equal(t, want, failed(mastertest.JSON(js)), js)
	}
	require.False(t, failed(nil))
}

// Every job of a batch is noted, once, and as the batch's. So are those of a
// subset.
func TestJobsAreNoted(t *testing.T) {
	t.Parallel()
	eachRelease(t, several(3), func(t *testing.T, b *before) {
		var mu sync.Mutex
		var noted []string
		jids, early := map[string]bool{}, map[string]bool{}
		b.gateway.note = func(n Note) {
			mu.Lock()
			defer mu.Unlock()
			if !n.Sent {
				early[n.JID] = true
				return
			}
			assert.False(t, jids[n.JID], "twice")
			assert.True(t, early[n.JID], "before it is sent too")
			assert.Equal(t, "bench", n.User)
			jids[n.JID] = true
			noted = append(noted, n.Client+" of "+n.Eauth)
		}
		for chunk, jobs := range map[string][2]int{ // at least, at most
			batchPing + `, "batch": 1`:                                   {4, 4}, // one looks for the minions
			batchPing + `, "batch": 2, "jid": "20260101000000000009"`:    {3, 4}, // they have jids of their own
			`"client": "local_subset", "tgt": "*", "fun": "test.ping"`:   {2, 2},
			`"client": "local", "tgt": "*", "fun": "test.ping"`:          {1, 1},
			`"client": "local_async", "tgt": "*", "fun": "test.ping"`:    {1, 1},
			`"client": "local_batch", "tgt": "none", "fun": "test.ping"`: {0, 0},

			`"client": "local", "tgt": "*", "fun": "test.ping", "jid": "20260101000000000010"`: {0, 0},
		} {
			noted = nil
			_, err := b.call(chunk)
			require.NoError(t, err)
			mu.Lock()
			require.GreaterOrEqual(t, len(noted), jobs[0], chunk)
			require.LessOrEqual(t, len(noted), jobs[1], chunk)
			for _, n := range noted {
				require.Contains(t, chunk, `"`+strings.TrimSuffix(n, " of sharedsecret")+`"`)
			}
			mu.Unlock()
		}
	})
}

// inSpool returns the JSON of an answer, which is the same where it is written to a spool.
func inSpool(t *testing.T, a Answer) string {
	t.Helper()
	part, err := Put((*spool.Store)(nil).New(), a)
	require.NoError(t, err)
	written, err := part.Bytes()
	require.NoError(t, err)
	require.Equal(t, string(a.JSON()), string(written))
	return string(written)
}
