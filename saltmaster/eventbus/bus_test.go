package eventbus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const jid1, jid2 = "20260101000000000001", "20260101000000000002"

func TestEventsReachTheirJob(t *testing.T) {
	t.Parallel()
	for _, framing := range []Framing{FramingPrefixed, FramingBare} {
		t.Run(framing.String(), func(t *testing.T) {
			t.Parallel()
			p := newPublisher(t, framing)
			b := p.start(nil)
			require.NoError(t, b.Ready(t.Context()))
			one, also, two := b.Subscribe(jid1), b.Subscribe(jid1), b.Subscribe(jid2)
			defer also.Close()
			large := bytes.Repeat([]byte{0xc3}, 3<<20)
			p.send(jid1, []byte{1})
			p.send("salt/job/"+jid1+"/new", []byte{2})
			p.send("salt/job/"+jid2+"/ret/ms-0", large)
			p.send("minion/refresh", large)
			p.send("salt/job/"+jid1+"/ret/ms-0", []byte{3})
			p.write(message(framing, "", []byte{1}))
			p.send("salt/run/"+jid1+"/ret", []byte{4})
			for _, s := range []*Sub{one, also} {
				requireEvent(t, s, jid1, []byte{1})
				requireEvent(t, s, "salt/job/"+jid1+"/ret/ms-0", []byte{3})
				requireEvent(t, s, "salt/run/"+jid1+"/ret", []byte{4})
			}
			requireEvent(t, two, "salt/job/"+jid2+"/ret/ms-0", large)
			for _, s := range []*Sub{one, also, two} {
				requireNone(t, s)
			}

			one.Close()
			one.Close()
			two.Close()
			_, err := one.Next(t.Context())
			require.ErrorIs(t, err, ErrClosed)
			p.send("salt/job/"+jid1+"/ret/ms-1", []byte{5})
			requireEvent(t, also, "salt/job/"+jid1+"/ret/ms-1", []byte{5})
			stats := b.Stats()
			require.Equal(t, framing, stats.Framing)
			require.EqualValues(t, 8, stats.Events)
			require.EqualValues(t, 8, stats.Delivered)
			require.Greater(t, stats.Bytes, uint64(6<<20))
			require.Equal(t, 1, stats.Subscribers)
		})
	}
}

func TestNextEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := New(Options{})
	s := b.Subscribe(jid1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, b.Ready(ctx), context.Canceled)
}

func TestGapAndReconnect(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, FramingPrefixed)
	b := p.start(nil)
	before := b.Subscribe(jid1)
	p.send("salt/job/"+jid1+"/ret/a", []byte{1})
	requireRead(t, b, 1)
	p.hangUp(b)
	during := b.Subscribe(jid1)
	requireNone(t, during)
	p.framing = FramingBare // another master may have taken its place
	p.accept(b)
	after := b.Subscribe(jid1)
	p.send("salt/job/"+jid1+"/ret/b", []byte{2})

	requireEvent(t, before, "salt/job/"+jid1+"/ret/a", []byte{1})
	for _, s := range []*Sub{before, during} {
		_, err := s.Next(soon(t))
		require.ErrorIs(t, err, ErrGap)
	}
	for _, s := range []*Sub{before, during, after} {
		requireEvent(t, s, "salt/job/"+jid1+"/ret/b", []byte{2})
		requireNone(t, s)
	}
	// Two gaps with nothing in between are one.
	for range 2 {
		p.hangUp(b)
		p.accept(b)
	}
	_, err := before.Next(soon(t))
	require.ErrorIs(t, err, ErrGap)
	requireNone(t, before)
	require.EqualValues(t, 3, b.Stats().Reconnects)
}

func TestMalformedStreamIsAGap(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"not a map":       "\xc1",
		"length":          "\x7f\x00\x00\x00\x82",
		"body no string":  "\x82\xa4head\x80\xa4body\x01",
		"bytes left over": "\x00\x00\x00\x12\x82\xa4head\x80\xa4body\xa4a\n\n\x01\x01",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPublisher(t, FramingBare)
			b := p.start(nil)
			s := b.Subscribe(jid1)
			p.write([]byte(bad))
			p.accept(b)
			_, err := s.Next(soon(t))
			require.ErrorIs(t, err, ErrGap)
			p.send(jid1, []byte{1})
			requireEvent(t, s, jid1, []byte{1})
		})
	}
}

func TestOverflow(t *testing.T) {
	t.Parallel()
	for name, bound := range map[string]func(*Options){
		"events": func(o *Options) { o.QueueEvents = 3 },
		"bytes":  func(o *Options) { o.QueueBytes = 3 * int64(len(jid1)+1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPublisher(t, FramingPrefixed)
			b := p.start(bound)
			slow, other := b.Subscribe(jid1), b.Subscribe(jid2)
			for i := range 6 {
				p.send(jid1, []byte{byte(i)})
			}
			p.send(jid2, []byte{9})
			requireEvent(t, other, jid2, []byte{9}) // a full queue holds up no other
			for i := range 3 {
				requireEvent(t, slow, jid1, []byte{byte(i)})
			}
			_, err := slow.Next(soon(t))
			require.ErrorIs(t, err, ErrOverflow)
			requireNone(t, slow)
			p.send(jid1, []byte{7})
			requireEvent(t, slow, jid1, []byte{7})
			require.EqualValues(t, 3, b.Stats().Overflowed)
		})
	}
}

func TestExpectAndBind(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, FramingBare)
	b := p.start(nil)
	s, never := b.Expect("salt/run/"), b.Expect("salt/wheel/")
	p.send("salt/run/"+jid2+"/new", []byte{1})
	p.send("salt/run/"+jid1+"/new", []byte{2})
	p.send("salt/job/"+jid1+"/ret/a", []byte{3})
	requireRead(t, b, 3)
	s.Bind(jid1)
	s.Bind(jid2) // does nothing: it is bound
	p.send("salt/run/"+jid2+"/ret", []byte{4})
	p.send("salt/job/"+jid1+"/ret/a", []byte{5}) // of the job, but not of the prefix
	p.send("salt/run/"+jid1+"/ret", []byte{6})
	requireEvent(t, s, "salt/run/"+jid1+"/new", []byte{2})
	requireEvent(t, s, "salt/run/"+jid1+"/ret", []byte{6})
	requireNone(t, s)
	requireNone(t, never)
	s.Close()
	never.Close()
	s.Bind(jid2)
	require.Zero(t, b.Stats().Subscribers)
	require.Empty(t, b.jobs)
}

// Bind may fall anywhere among the events of its job: all of them arrive, in order, and no others.
func TestBindWhileEventsArrive(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, FramingPrefixed)
	b := p.start(nil)
	const rounds, events = 50, 40
	for round := range rounds {
		s := b.Expect("salt/run/")
		var wg sync.WaitGroup
		wg.Go(func() {
			var stream []byte
			for i := range events {
				stream = append(stream, message(p.framing, "salt/run/"+jid2+"/x", []byte{byte(i)})...)
				stream = append(stream, message(p.framing, "salt/run/"+jid1+"/x", []byte{byte(i)})...)
			}
			for len(stream) > 0 {
				n := min(len(stream), 100+round)
				if _, err := p.conn.Write(stream[:n]); err != nil {
					return
				}
				stream = stream[n:]
			}
		})
		wg.Go(func() { s.Bind(jid1) })
		wg.Wait()
		for i := range events {
			requireEvent(t, s, "salt/run/"+jid1+"/x", []byte{byte(i)})
		}
		requireRead(t, b, 2*events*(round+1))
		requireNone(t, s)
		s.Close()
	}
}

func TestManyJobs(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, FramingBare)
	b := p.start(nil)
	const jobs, minions = 200, 20
	errs := make(chan error, jobs)
	jid := func(i int) string { return fmt.Sprintf("%020d", i) }
	subs := make([]*Sub, jobs)
	for i := range subs {
		subs[i] = b.Subscribe(jid(i))
		go func() {
			defer subs[i].Close()
			for m := range minions {
				e, err := subs[i].Next(soon(t))
				want := fmt.Sprintf("salt/job/%s/ret/ms-%d", jid(i), m)
				if err == nil && e.Tag != want {
					err = fmt.Errorf("got %s, want %s", e.Tag, want)
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for m := range minions {
		for i := range jobs {
			p.send(fmt.Sprintf("salt/job/%s/ret/ms-%d", jid(i), m), []byte{0xc3})
		}
	}
	for range jobs {
		require.NoError(t, <-errs)
	}
	require.Eventually(t, func() bool { return b.Stats().Subscribers == 0 }, 10*time.Second, time.Millisecond)
	require.Empty(t, b.jobs)
}

func TestEndOfRunClosesSubs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		master, gateway := net.Pipe()
		defer func() { _ = master.Close() }()
		b := New(Options{})
		b.dial = func(context.Context) (net.Conn, error) { return gateway, nil }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		synctest.Wait()
		s := b.Subscribe(jid1)
		_, err := master.Write(message(FramingBare, jid1, []byte{1}))
		require.NoError(t, err)
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		requireEvent(t, s, jid1, []byte{1})
		for _, s := range []*Sub{s, b.Subscribe(jid1), b.Expect("salt/")} {
			_, err = s.Next(t.Context())
			require.ErrorIs(t, err, ErrClosed)
			s.Close()
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{})
		var waits []time.Duration
		last := time.Now()
		b.dial = func(context.Context) (net.Conn, error) {
			waits = append(waits, time.Since(last))
			last = time.Now()
			return nil, errors.New("nobody there")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		require.ErrorIs(t, b.Run(ctx), context.DeadlineExceeded)
		const ms = time.Millisecond
		require.Equal(t, []time.Duration{0, 50 * ms, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1000 * ms, 1000 * ms}, waits)
	})
}

// What has no waiter is not held in memory, however large it is.
func TestUnwantedEventsAreNotKept(t *testing.T) {
	master, gateway := net.Pipe()
	defer func() { _ = master.Close() }()
	b := New(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.serve(ctx, gateway) }()
	m := message(FramingBare, "somebody/elses/event", make([]byte, 4<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		_, err := master.Write(m)
		require.NoError(t, err)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	cancel()
	require.Error(t, <-done)
}

func BenchmarkUnwanted(b *testing.B) {
	m := message(FramingBare, "salt/job/"+jid1+"/ret/ms-0", make([]byte, 300))
	s := newStream(&endless{m: m}, 1<<20)
	bus := New(Options{})
	var subs []*Sub
	b.ReportAllocs()
	for b.Loop() {
		tag, err := s.open()
		if err != nil {
			b.Fatal(err)
		}
		subs = bus.wanting(subs[:0], tag)
		if _, err = s.finish(len(subs) > 0); err != nil {
			b.Fatal(err)
		}
	}
}

// endless repeats m.
type endless struct {
	m   []byte
	off int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], e.m[e.off:])
		n += c
		e.off = (e.off + c) % len(e.m)
	}
	return n, nil
}
