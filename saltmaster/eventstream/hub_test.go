package eventstream

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// said is what a fake bus says: an event, or an error.
type said struct {
	event eventbus.Event
	err   error
}

// fakeBus hands what it says to the one tap that is open.
type fakeBus struct {
	mu   sync.Mutex
	open *fakeTap
	taps int
}

type fakeTap struct {
	bus  *fakeBus
	says chan said
}

func (b *fakeBus) tap() Tap {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taps++
	b.open = &fakeTap{bus: b, says: make(chan said, 1<<16)}
	return b.open
}

func (t *fakeTap) Next(ctx context.Context) (eventbus.Event, error) {
	select {
	case s := <-t.says:
		return s.event, s.err
	case <-ctx.Done():
		return eventbus.Event{}, ctx.Err()
	}
}

func (t *fakeTap) Close() {
	t.bus.mu.Lock()
	defer t.bus.mu.Unlock()
	if t.bus.open == t {
		t.bus.open = nil
	}
}

func (b *fakeBus) listened() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open != nil
}

func (b *fakeBus) say(s said) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != nil {
		b.open.says <- s
	}
}

// event says an event with the data {"n": n}.
func (b *fakeBus) event(tag string, n int64) {
	data := msgpack.AppendInt(msgpack.AppendString(msgpack.AppendMap(nil, 1), "n"), n)
	b.say(said{event: eventbus.Event{Tag: tag, Data: data}})
}

// inHub runs a test of time logic on a hub.
func inHub(t *testing.T, o Options, test func(t *testing.T, b *fakeBus, h *Hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBus{}
		o.Tap = b.tap
		o.Log = slog.New(slog.DiscardHandler)
		h := New(o)
		defer h.Close()
		test(t, b, h)
	})
}

func read(t *testing.T, h *Hub, req Request) *Reader {
	t.Helper()
	r, err := h.Read(req)
	require.NoError(t, err)
	return r
}

func next(t *testing.T, r *Reader) Frame {
	t.Helper()
	f, err := r.Next(t.Context())
	require.NoError(t, err)
	return f
}

// requireNothing checks that a reader has nothing to read once everything has come to rest.
func requireNothing(t *testing.T, r *Reader) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	f, err := r.Next(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded, "%s", f.Block())
}

func TestEveryReaderGetsEveryEventInOrder(t *testing.T) {
	t.Parallel()
	inHub(t, Options{}, func(t *testing.T, b *fakeBus, h *Hub) {
		const readers, events = 50, 2000
		var all sync.WaitGroup
		for range readers {
			r := read(t, h, Request{})
			all.Go(func() {
				defer r.Close()
				for n := range events {
					f, err := r.Next(t.Context())
					if err != nil || string(f.JSON()) != fmt.Sprintf(`{"data": {"n": %d}, "tag": "a"}`, n) {
						t.Errorf("event %d: %s %v", n, f.Block(), err)
						return
					}
				}
			})
		}
		for n := range events {
			b.event("a", int64(n))
		}
		all.Wait()
		synctest.Wait()
		s := h.Stats()
		require.EqualValues(t, events, s.Frames)
		require.Zero(t, s.Readers)
		require.Zero(t, s.CutOff)
		require.Equal(t, 1, b.taps)
	})
}

func TestResume(t *testing.T) {
	t.Parallel()
	inHub(t, Options{Events: 4}, func(t *testing.T, b *fakeBus, h *Hub) {
		keep := read(t, h, Request{})
		defer keep.Close()
		r := read(t, h, Request{})
		start := r.Position()
		b.event("a", 1)
		b.event("b", 2)
		b.event("a", 3)
		first := next(t, r)
		require.Equal(t, "a", first.Tag)
		r.Close()
		_, err := r.Next(t.Context())
		require.ErrorIs(t, err, ErrClosed)

		r = read(t, h, Request{After: first.ID})
		require.Equal(t, "b", next(t, r).Tag)
		last := next(t, r)
		require.Equal(t, `{"data": {"n": 3}, "tag": "a"}`, string(last.JSON()))
		require.Equal(t, last.ID, r.Position())
		r.Close()

		r = read(t, h, Request{After: last.ID})
		requireNothing(t, r)
		r.Close()
		r = read(t, h, Request{After: start})
		require.Equal(t, first.ID, next(t, r).ID)
		r.Close()

		b.event("a", 4)
		b.event("a", 5)
		synctest.Wait()
		for name, id := range map[string]string{
			"too old":    start,
			"to come":    h.id(99),
			"of another": "0123456789ab-2",
			"not one":    "2",
			"negative":   h.boot + "--1",
			"too large":  h.boot + "-99999999999999999999",
		} {
			r = read(t, h, Request{After: id, Tags: []string{"none"}})
			f := next(t, r)
			require.NotEmpty(t, f.Gap, name)
			require.Equal(t, GapTag, f.Tag)
			require.JSONEq(t, `{"data": {"reason": "`+reasonUnknownID+`"}, "tag": "saltern/gap"}`, string(f.JSON()))
			requireNothing(t, r)
			r.Close()
			again := read(t, h, Request{After: f.ID})
			requireNothing(t, again)
			again.Close()
		}
	})
}

func TestSlowReaderIsCutOff(t *testing.T) {
	t.Parallel()
	inHub(t, Options{Events: 100}, func(t *testing.T, b *fakeBus, h *Hub) {
		slow, quick := read(t, h, Request{}), read(t, h, Request{})
		defer slow.Close()
		defer quick.Close()
		for n := range 200 {
			b.event("a", int64(n))
			require.Contains(t, string(next(t, quick).JSON()), fmt.Sprint(n))
		}
		_, err := slow.Next(t.Context())
		require.ErrorIs(t, err, ErrSlow)
		require.EqualValues(t, 1, h.Stats().CutOff)
		require.Equal(t, 100, h.Stats().RingEvents)
	})
}

func TestBytesAreBounded(t *testing.T) {
	t.Parallel()
	inHub(t, Options{Bytes: 64 << 10}, func(t *testing.T, b *fakeBus, h *Hub) {
		r := read(t, h, Request{})
		defer r.Close()
		for size := range 64 {
			data := msgpack.AppendString(nil, strings.Repeat("x", size<<10))
			b.say(said{event: eventbus.Event{Tag: "a", Data: data}})
			synctest.Wait()
			require.LessOrEqual(t, h.Stats().RingBytes, int64(64<<10))
		}
		require.NotZero(t, h.Stats().Dropped, "one that is larger than the ring")
		require.NotZero(t, h.Stats().RingEvents)
	})
}

func TestListensOnlyWhileThereAreReaders(t *testing.T) {
	t.Parallel()
	inHub(t, Options{Linger: time.Minute}, func(t *testing.T, b *fakeBus, h *Hub) {
		require.False(t, b.listened())
		r := read(t, h, Request{})
		require.True(t, b.listened())
		b.event("a", 1)
		f := next(t, r)
		r.Close()
		r.Close()

		time.Sleep(59 * time.Second)
		b.event("a", 2)
		r = read(t, h, Request{After: f.ID})
		require.Empty(t, next(t, r).Gap, "it was still listening")
		f.ID = r.Position()
		r.Close()

		time.Sleep(61 * time.Second)
		synctest.Wait()
		require.False(t, b.listened())
		require.Zero(t, h.Stats().RingBytes)
		r = read(t, h, Request{After: f.ID})
		defer r.Close()
		require.NotEmpty(t, next(t, r).Gap)
		b.event("a", 3)
		require.Contains(t, string(next(t, r).JSON()), "3")
		require.Equal(t, 2, b.taps)
	})
}

func TestLossesAreGaps(t *testing.T) {
	t.Parallel()
	inHub(t, Options{}, func(t *testing.T, b *fakeBus, h *Hub) {
		r := read(t, h, Request{Tags: []string{"b"}})
		defer r.Close()
		b.event("a", 1)
		b.say(said{err: eventbus.ErrGap})
		b.event("b", 2)
		b.say(said{err: eventbus.ErrOverflow})
		require.Equal(t, reasonBusLost, next(t, r).Gap)
		require.Equal(t, "b", next(t, r).Tag)
		require.Equal(t, reasonOverflow, next(t, r).Gap)
		require.EqualValues(t, 2, h.Stats().Gaps)
	})
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *fakeBus, h *Hub){
		"the bus": func(b *fakeBus, _ *Hub) { b.say(said{err: eventbus.ErrClosed}) },
		"the hub": func(_ *fakeBus, h *Hub) { h.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inHub(t, Options{}, func(t *testing.T, b *fakeBus, h *Hub) {
				r := read(t, h, Request{})
				done := make(chan error)
				go func() {
					_, err := r.Next(t.Context())
					done <- err
				}()
				synctest.Wait()
				end(b, h)
				require.ErrorIs(t, <-done, ErrClosed)
				r.Close()
				r = read(t, h, Request{})
				_, err := r.Next(t.Context())
				require.ErrorIs(t, err, ErrClosed)
				r.Close()
				require.Zero(t, h.Stats().Readers)
			})
		})
	}
}

func TestWhatCannotBeShownIsLeftOut(t *testing.T) {
	t.Parallel()
	inHub(t, Options{}, func(t *testing.T, b *fakeBus, h *Hub) {
		r := read(t, h, Request{})
		defer r.Close()
		deep := strings.Repeat("\x91", 600) + "\xc0"
		for _, data := range []string{"", "\x81", "\xc1", "\x01\x01", "\x81\x81\x80\x01\x01", deep} {
			b.say(said{event: eventbus.Event{Tag: "a", Data: msgpack.Raw(data)}})
		}
		b.say(said{event: eventbus.Event{Tag: "salt/job/1/error", Data: msgpack.Raw(strings.Repeat("\x91", 100) + "\xc0")}})
		b.event(eventbus.ProbePrefix+"x/bare", 1)
		b.event("b", 1)
		require.Equal(t, "b", next(t, r).Tag)
		require.EqualValues(t, 7, h.Stats().Dropped)
	})
}

func TestReadersAreWokenInBatches(t *testing.T) {
	t.Parallel()
	inHub(t, Options{Batch: time.Second}, func(t *testing.T, b *fakeBus, h *Hub) {
		r := read(t, h, Request{})
		defer r.Close()
		start := time.Now()
		b.event("a", 1)
		next(t, r)
		require.Zero(t, time.Since(start), "the first one wakes at once")
		b.event("a", 2)
		b.event("a", 3)
		next(t, r)
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, 1, r.Buffered())
		next(t, r)
		time.Sleep(5 * time.Second)
		b.event("a", 4)
		next(t, r)
		require.Equal(t, 6*time.Second, time.Since(start))
	})
}

func TestReadRefusesGlobs(t *testing.T) {
	t.Parallel()
	h := New(Options{})
	defer h.Close()
	for _, tags := range [][]string{{""}, {"\xff"}, {strings.Repeat("a", 257)}, make([]string, 65)} {
		_, err := h.Read(Request{Tags: tags})
		var bad *GlobError
		require.ErrorAs(t, err, &bad)
		require.NotEmpty(t, bad.Error())
	}
	require.Zero(t, h.Stats().Readers)
}

// Readers that wait without a goroutine get the same frames, and are called when there is more, once.
func TestAfter(t *testing.T) {
	t.Parallel()
	inHub(t, Options{Events: 4}, func(t *testing.T, b *fakeBus, h *Hub) {
		all := make([]*Reader, 5)
		calls := make([]atomic.Int64, len(all))
		wait := func(i int) { all[i].After(func() { calls[i].Add(1) }) }
		called := func(want ...int64) {
			t.Helper()
			time.Sleep(time.Second)
			synctest.Wait()
			for i, n := range want {
				require.Equal(t, n, calls[i].Swap(0), i)
			}
		}
		for i := range all {
			all[i] = read(t, h, Request{Tags: []string{"a", fmt.Sprint(i)}})
			_, ok, err := all[i].Take()
			require.NoError(t, err)
			require.False(t, ok)
			wait(i)
			wait(i)
		}
		called(0, 0, 0, 0, 0)
		all[1].Close()
		all[4].Close()
		b.event("a", 1)
		called(1, 0, 1, 1, 0)
		b.event("a", 2)
		called(0, 0, 0, 0, 0)
		for _, i := range []int{0, 2} {
			for n := range 2 {
				f, ok, err := all[i].Take()
				require.NoError(t, err)
				require.True(t, ok)
				require.Contains(t, string(f.Block()), fmt.Sprintf(`"n": %d`, n+1))
			}
			_, ok, err := all[i].Take()
			require.NoError(t, err)
			require.False(t, ok)
			wait(i)
		}
		wait(3)
		called(0, 0, 0, 1, 0) // it has more already
		b.event("0", 3)
		called(1, 0, 1, 0, 0)
		_, ok, err := all[2].Take()
		require.NoError(t, err)
		require.False(t, ok, "it is another's")
		wait(2)
		for n := range 4 {
			b.event("0", int64(n))
		}
		called(0, 0, 1, 0, 0)
		_, _, err = all[3].Take()
		require.ErrorIs(t, err, ErrSlow)
		wait(3)
		called(0, 0, 0, 1, 0)
		_, _, err = all[2].Take()
		require.NoError(t, err)
		wait(2)
		h.Close()
		called(0, 0, 1, 0, 0)
		_, _, err = all[2].Take()
		require.ErrorIs(t, err, ErrClosed)
		all[2].Close()
	})
}
