package recordstest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

func testTrim(t *testing.T, o Open) {
	s, other := open(t, o, ""), open(t, o, "another master")
	all := fill(t, s)
	put(t, other, jobs(job(0, "web1")))
	trim := func(t *testing.T, by records.Trim) records.Trimmed {
		t.Helper()
		before, err := s.Size(t.Context())
		require.NoError(t, err)
		done, err := s.Trim(t.Context(), by)
		require.NoError(t, err)
		after, err := s.Size(t.Context())
		require.NoError(t, err)
		require.Equal(t, before.Jobs-done.Jobs, after.Jobs)
		require.Equal(t, before.Returns-done.Returns, after.Returns)
		return done
	}
	require.Zero(t, trim(t, records.Trim{}))
	require.Zero(t, trim(t, records.Trim{Before: start, Bytes: 1 << 40, Jobs: 1000}))
	require.EqualValues(t, 40, trim(t, records.Trim{Before: all[40].Start}).Jobs)
	_, err := s.Job(t.Context(), all[39].JID, false)
	require.ErrorIs(t, err, records.ErrNotFound)
	require.Equal(t, all[40], get(t, s, all[40].JID))
	require.EqualValues(t, 60, trim(t, records.Trim{Jobs: 200}).Jobs)
	size, err := s.Size(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 200, size.Jobs)
	require.NotZero(t, trim(t, records.Trim{Bytes: size.Bytes / 2}).Jobs)
	half, err := s.Size(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, half.Bytes, size.Bytes/2)
	require.Greater(t, half.Bytes, size.Bytes/3)
	require.Equal(t, all[299], get(t, s, all[299].JID))
	trim(t, records.Trim{Before: at(10_000 * time.Hour)})
	require.Empty(t, dump(t, s))
	size, err = s.Size(t.Context())
	require.NoError(t, err)
	require.Zero(t, size)
	require.Len(t, dump(t, other), 1)
}

func testTrimLarge(t *testing.T, o Open) {
	s := open(t, o, "")
	minions := make([]string, 11_000)
	for i := range minions {
		minions[i] = fmt.Sprintf("minion-%05d", i)
	}
	put(t, s, jobs(job(0, minions...)))
	put(t, s, jobs(job(time.Hour, minions[:10]...)))
	require.Equal(t, minions, get(t, s, jid(0)).Minions)
	done, err := s.Trim(t.Context(), records.Trim{Before: at(time.Minute)})
	require.NoError(t, err)
	require.Equal(t, records.Trimmed{Jobs: 1, Returns: 11_000}, done)
	size, err := s.Size(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 10, size.Returns)
}

func testExport(t *testing.T, o Open) {
	s := open(t, o, "")
	all := fill(t, s)
	big := ret(0, "big", true)
	big.Value = make([]byte, 1<<20)
	text := ret(0, "text", true)
	text.Value = make([]byte, 3000)
	put(t, s, returns(big, text))
	want := dump(t, s)
	entries := func(yield func(records.Entry, error) bool) {
		for _, e := range want {
			if !yield(e, nil) {
				return
			}
		}
	}
	sum, err := records.Import(t.Context(), s, entries)
	require.NoError(t, err)
	require.Zero(t, sum, "what is there stays")

	_, err = s.Trim(t.Context(), records.Trim{Before: at(10_000 * time.Hour)})
	require.NoError(t, err)
	require.Empty(t, dump(t, s))
	sum, err = records.Import(t.Context(), s, entries)
	require.NoError(t, err)
	require.Equal(t, len(all), sum.Jobs)
	require.Equal(t, len(want), sum.Jobs+sum.Returns)
	require.Equal(t, want, dump(t, s))

	n := 0
	for e, err := range s.Export(t.Context(), all[10].Start, all[20].Start) {
		require.NoError(t, err)
		if e.Job != nil {
			require.Equal(t, all[10+n].JID, e.Job.JID)
			n++
		}
	}
	require.Equal(t, 10, n)
	for _, err := range s.Export(t.Context(), time.Time{}, time.Time{}) {
		require.NoError(t, err)
		break
	}
	for _, err := range s.Export(t.Context(), at(1), start) {
		var invalid *records.InvalidError
		require.ErrorAs(t, err, &invalid)
	}
}

func testMasters(t *testing.T, o Open) {
	a, b := open(t, o, "a"), open(t, o, "b")
	put(t, a, jobs(job(0, "web1")))
	_, err := b.Job(t.Context(), jid(0), false)
	require.ErrorIs(t, err, records.ErrNotFound)
	require.Equal(t, records.Changes{Jobs: 1, Returns: 1}, put(t, b, returns(ret(0, "web1", true))))
	require.Equal(t, records.New, get(t, a, jid(0)).State)
	require.Equal(t, "a", get(t, a, jid(0)).Master)
	require.Equal(t, "b", get(t, b, jid(0)).Master)
	require.False(t, get(t, b, jid(0)).Known)
	for _, s := range []records.Store{a, b} {
		for _, f := range []records.Filter{{}, {Minion: "web1"}, {JID: jid(0)}, {JID: "2026"}, {Fun: "test.*"}, {Text: "test"}} {
			all, err := list(t.Context(), s, records.Query{Filter: f})
			require.NoError(t, err)
			require.Len(t, all, 1)
			counts, err := s.CountJobs(t.Context(), f)
			require.NoError(t, err)
			require.Equal(t, 1, counts.Total)
		}
	}
}

// testGateways has several gateways record the same events at once, in batches
// of any kind.
func testGateways(t *testing.T, o Open) {
	const gateways, writers, many = 2, 3, 40
	var events []records.Batch
	total := 0
	for n := range many {
		d := time.Duration(n/2) * time.Second // two in each moment
		j := job(d, "a", "b", "c")
		suffix := fmt.Sprint("_", n)
		j.JID += suffix
		events = append(events, jobs(j))
		for i, m := range j.Minions {
			if (n+i)%5 == 0 {
				continue
			}
			r := ret(d, m, true)
			r.JID += suffix
			events = append(events, returns(r))
			total++
		}
		events = append(events, records.Batch{Ends: []records.End{{JID: j.JID, Time: at(d + time.Minute)}}})
	}
	var mu sync.Mutex
	ended := make(map[string]int)
	var sum records.Changes
	var all []records.Store
	var group sync.WaitGroup
	failed := make(chan error, gateways*writers)
	for g := range gateways {
		s := open(t, o, "")
		all = append(all, s)
		for w := range writers {
			group.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(g), uint64(w)))
				order := rng.Perm(len(events))
				for len(order) > 0 {
					var b records.Batch
					n := min(1+rng.IntN(20), len(order))
					for _, i := range order[:n] {
						b.Jobs = append(b.Jobs, events[i].Jobs...)
						b.Returns = append(b.Returns, events[i].Returns...)
						b.Ends = append(b.Ends, events[i].Ends...)
					}
					order = order[n:]
					c, err := s.Put(t.Context(), b)
					if err != nil {
						failed <- err
						return
					}
					mu.Lock()
					sum.Jobs, sum.Returns = sum.Jobs+c.Jobs, sum.Returns+c.Returns
					for _, jid := range c.Ended {
						ended[jid]++
					}
					mu.Unlock()
				}
			})
		}
	}
	group.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	require.Equal(t, records.Changes{Jobs: many, Returns: total}, sum)
	require.Len(t, ended, many)
	for jid, n := range ended {
		require.Equal(t, 1, n, jid)
	}
	one := open(t, o, "one after the other")
	for _, e := range events {
		put(t, one, e)
	}
	jobsOf := func(s records.Store) map[string]records.Job {
		byJID := make(map[string]records.Job)
		for _, e := range dump(t, s) {
			if e.Job != nil {
				j := *e.Job
				j.Master, j.Start = "", time.Time{} // which of two in a moment is the first is not certain
				byJID[j.JID] = j
			}
		}
		return byJID
	}
	require.Equal(t, jobsOf(one), jobsOf(all[0]))
	require.Equal(t, dump(t, all[0]), dump(t, all[1]))
}

// testTrimWhile removes jobs while returns for them are recorded.
func testTrimWhile(t *testing.T, o Open) {
	s, other := open(t, o, ""), open(t, o, "")
	const many = 60
	for n := range many {
		put(t, s, jobs(job(time.Duration(n)*time.Second, "a", "b")))
	}
	var group sync.WaitGroup
	failed := make(chan error, 2)
	group.Go(func() {
		for n := range many {
			d := time.Duration(n) * time.Second
			if _, err := other.Put(t.Context(), returns(ret(d, "a", true), ret(d, "b", true))); err != nil {
				failed <- err
				return
			}
		}
	})
	group.Go(func() {
		for n := range many {
			if _, err := s.Trim(t.Context(), records.Trim{Before: at(time.Duration(n) * time.Second)}); err != nil {
				failed <- err
				return
			}
		}
	})
	group.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	size, err := s.Size(t.Context())
	require.NoError(t, err)
	entries := dump(t, s)
	var exported records.Size
	for _, e := range entries {
		if e.Job != nil {
			exported.Jobs++
			exported.Returns += int64(e.Job.Returned)
		}
	}
	require.Equal(t, size.Jobs, exported.Jobs)
	require.Len(t, entries, int(exported.Jobs+exported.Returns), "each job has the returns that it counts")
	_, err = s.Trim(t.Context(), records.Trim{Before: at(time.Hour)})
	require.NoError(t, err)
	size, err = s.Size(t.Context())
	require.NoError(t, err)
	require.Zero(t, size)
}

// testFirstUse has several gateways be the first to use a database.
func testFirstUse(t *testing.T, o Open) {
	var group sync.WaitGroup
	failed := make(chan error, 5)
	for n := range cap(failed) {
		s := open(t, o, "")
		group.Go(func() {
			err := s.Ping(t.Context())
			if err == nil {
				_, err = s.Put(t.Context(), jobs(job(time.Duration(n)*time.Second, "web1")))
			}
			failed <- err
		})
	}
	group.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	require.Len(t, dump(t, open(t, o, "")), 5)
}

func testCanceled(t *testing.T, o Open) {
	s := open(t, o, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 { // before the first use, and after it
		var errs []error
		_, err := s.Put(ctx, jobs(job(0, "web1")))
		errs = append(errs, err, s.Ping(ctx))
		_, err = s.Job(ctx, jid(0), true)
		errs = append(errs, err)
		_, err = s.Jobs(ctx, records.Query{})
		errs = append(errs, err)
		_, err = s.CountJobs(ctx, records.Filter{})
		errs = append(errs, err)
		_, err = s.Returns(ctx, jid(0), records.ReturnQuery{})
		errs = append(errs, err)
		_, err = s.Return(ctx, jid(0), "web1")
		errs = append(errs, err)
		_, err = s.LastJobs(ctx, []string{"web1"})
		errs = append(errs, err)
		_, err = s.Trim(ctx, records.Trim{Before: at(time.Hour)})
		errs = append(errs, err)
		_, err = s.Size(ctx)
		errs = append(errs, err)
		for _, err := range s.Export(ctx, time.Time{}, time.Time{}) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 11)
		for n, err := range errs {
			require.ErrorIs(t, err, context.Canceled, "call %d", n)
			require.False(t, errors.Is(err, records.ErrUnavailable), "call %d", n)
		}
		require.NoError(t, s.Ping(t.Context()))
		require.Empty(t, dump(t, s))
	}
}
