package recordstest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// arrived reads what has arrived after a cursor, limit returns at a time.
func arrived(t testing.TB, s records.Reader, jid, after string, limit int) (minions []string, last string) {
	t.Helper()
	for last = after; ; {
		page, err := s.Arrived(t.Context(), jid, last, limit)
		require.NoError(t, err)
		if len(page) == 0 {
			return minions, last
		}
		require.LessOrEqual(t, len(page), limit)
		for _, a := range page {
			require.False(t, a.Return.Missing)
			minions = append(minions, a.Return.Minion)
			last = a.Cursor
		}
	}
}

// testArrivals reads returns in the order in which they were recorded.
func testArrivals(t *testing.T, o Open) {
	s := open(t, o, "")
	put(t, s, jobs(job(0, "a", "b", "c", "d", "e"), job(time.Hour, "a")))
	none, first := arrived(t, s, jid(0), "", 10)
	require.Empty(t, none)
	put(t, s, returns(ret(0, "d", true)))
	put(t, s, returns(ret(time.Hour, "a", true)))
	put(t, s, returns(ret(0, "a", false), ret(0, "d", true), ret(0, "uninvited", true)))
	order, last := arrived(t, s, jid(0), first, 2)
	require.Equal(t, []string{"d", "a", "uninvited"}, order)
	put(t, s, returns(ret(0, "a", true), ret(0, "d", true))) // again
	none, _ = arrived(t, s, jid(0), last, 2)
	require.Empty(t, none)
	early := ret(0, "b", true)
	early.Time = early.Time.Add(-time.Hour)
	early.Value = []byte("\xa5value")
	put(t, s, returns(early))
	put(t, s, end(0, time.Minute))
	put(t, s, returns(ret(0, "c", true)))
	order, _ = arrived(t, s, jid(0), last, 1)
	require.Equal(t, []string{"b", "c"}, order, "whatever the times are")
	order, _ = arrived(t, s, jid(0), "", 100)
	require.Equal(t, []string{"d", "a", "uninvited", "b", "c"}, order)

	page, err := s.Arrived(t.Context(), jid(0), last, 1)
	require.NoError(t, err)
	one, err := s.Return(t.Context(), jid(0), "b")
	require.NoError(t, err)
	require.Equal(t, one, page[0].Return)
	require.Equal(t, "\xa5value", string(one.Value))

	for _, after := range []string{"x", "eyJvIjoicmV0dXJucyJ9", "eyJvIjoiYXJyaXZlZCJ9x"} {
		_, err := s.Arrived(t.Context(), jid(0), after, 1)
		var invalid *records.InvalidError
		require.ErrorAs(t, err, &invalid, after)
		require.Equal(t, "cursor", invalid.Field)
	}
	for _, unknown := range []string{jid(time.Minute), "", "\xff"} {
		_, err := s.Arrived(t.Context(), unknown, "", 1)
		require.ErrorIs(t, err, records.ErrNotFound)
	}

	large := job(2*time.Hour, "a", "b", "c")
	var all []records.Return
	for _, m := range large.Minions {
		r := ret(2*time.Hour, m, true)
		r.Value = slices.Concat([]byte{0xc6, 0, 32, 0, 0}, make([]byte, 2<<20))
		all = append(all, r)
	}
	big := open(t, o, "")
	put(t, big, records.Batch{Jobs: []records.Job{large}, Returns: all})
	order, _ = arrived(t, big, large.JID, "", 100)
	require.Equal(t, []string{"a", "b", "c"}, order)
}

// testArrivalsMeanwhile reads what two gateways record at the same time: each return
// once, whichever of them recorded it.
func testArrivalsMeanwhile(t *testing.T, o Open) {
	const n = 100
	a, b := open(t, o, ""), open(t, o, "")
	put(t, a, jobs(job(0)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writers sync.WaitGroup
	for g, s := range []records.Store{a, b} {
		writers.Go(func() {
			for i := range n {
				if _, err := s.Put(ctx, returns(ret(0, fmt.Sprintf("m%03d", (i*(2*g+1))%n), true), ret(0, fmt.Sprintf("g%d", g), true))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	var all []string
	last := ""
	for over := false; !over; {
		select {
		case <-done:
			over = true // what is read after it is complete
		default:
		}
		var more []string
		more, last = arrived(t, b, jid(0), last, 7)
		all = append(all, more...)
	}
	require.Len(t, all, n+2)
	slices.Sort(all)
	require.Len(t, slices.Compact(all), n+2)
}
