package fair_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/fair"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func from(addr string) netip.Prefix { return fair.Prefix(netip.MustParseAddr(addr)) }

func TestPrefix(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, a, b string
		same       bool
	}{
		{"itself", "192.0.2.1", "192.0.2.1", true},
		{"another IPv4 address", "192.0.2.1", "192.0.2.2", false},
		{"the address as IPv6", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"one IPv6 network", "2001:db8::1", "2001:db8::2:3", true},
		{"two IPv6 networks", "2001:db8::1", "2001:db8:0:1::1", false},
		{"a zone", "fe80::1%eth0", "fe80::1", true},
	} {
		require.Equal(t, tc.same, from(tc.a) == from(tc.b), tc.name)
	}
	require.False(t, fair.Prefix(netip.Addr{}).IsValid())
	require.Equal(t, from("192.0.2.1"), fair.PrefixOf(fair.WithPrefix(t.Context(), from("192.0.2.1"))))
	require.False(t, fair.PrefixOf(t.Context()).IsValid())
}

// queue lets waiters wait one by one, each of which records its name when it
// gets its slot.
type queue struct {
	slots *fair.Slots

	mu  sync.Mutex
	who []string
}

func (q *queue) note(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.who = append(q.who, name)
}

func (q *queue) served() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.who)
}

func (q *queue) wait(t *testing.T, addr, user string) {
	t.Helper()
	name := addr + " " + user
	go func() {
		release, err := q.slots.Acquire(t.Context(), fair.Key{From: from(addr), User: user})
		if err != nil {
			q.note(name + ": " + err.Error())
			return
		}
		q.note(name)
		time.Sleep(time.Second)
		release()
	}()
	synctest.Wait()
}

func TestPrefixesAndTheirUsersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{slots: fair.NewSlots(fair.Options{Slots: 1, Queue: 100})}
		for range 3 {
			q.wait(t, "192.0.2.1", "a")
		}
		q.wait(t, "192.0.2.1", "b")
		q.wait(t, "192.0.2.2", "c")
		q.wait(t, "2001:db8::1", "d")
		q.wait(t, "2001:db8::2", "e")
		time.Sleep(time.Minute)
		require.Equal(t, []string{
			"192.0.2.1 a",
			"192.0.2.1 a", "192.0.2.2 c", "2001:db8::1 d",
			"192.0.2.1 b", "2001:db8::2 e",
			"192.0.2.1 a",
		}, q.served())
	})
}

func TestOnePrefixHoldsNoMoreThanItsPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{slots: fair.NewSlots(fair.Options{Slots: 4, PerPrefix: 3, Queue: 100})}
		for i := range 10 {
			q.wait(t, "192.0.2.1", fmt.Sprint(i))
		}
		require.Len(t, q.served(), 3)
		q.wait(t, "192.0.2.2", "new")
		require.Equal(t, "192.0.2.2 new", q.served()[3], "it need not wait")
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, q.served(), 7)
		time.Sleep(time.Minute)
		require.Len(t, q.served(), 11)
	})
}

func TestAFullQueueHasAPlaceForWhoHasFewer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &queue{slots: fair.NewSlots(fair.Options{Slots: 1, Queue: 3})}
		for i := range 4 {
			q.wait(t, "192.0.2.1", fmt.Sprint(i))
		}
		q.wait(t, "192.0.2.1", "4")
		require.Equal(t, "192.0.2.1 4: too many are waiting", q.served()[1], "nobody has more than its own prefix")
		q.wait(t, "192.0.2.2", "new")
		require.Equal(t, "192.0.2.1 3: too many are waiting", q.served()[2], "the last of the prefix with most makes room")
		q.wait(t, "192.0.2.2", "new")
		require.Equal(t, "192.0.2.2 new: too many are waiting", q.served()[3], "they have as many as the others then")
		time.Sleep(time.Minute)
		require.Equal(t, []string{"192.0.2.1 1", "192.0.2.2 new", "192.0.2.1 2"}, q.served()[4:])
	})
}

// No slot is lost, however a wait ends.
func TestNoSlotIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slots := fair.NewSlots(fair.Options{Slots: 3, PerPrefix: 2, Queue: 20})
		for i := range 90 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*time.Millisecond)
				defer cancel()
				release, err := slots.Acquire(ctx, fair.Key{From: from(fmt.Sprintf("192.0.2.%d", i%4)), User: fmt.Sprint(i % 5)})
				if err != nil {
					return
				}
				time.Sleep(time.Duration(i%3) * time.Millisecond)
				release()
				release() // a second call does nothing
			}()
		}
		time.Sleep(time.Second)

		expired, cancel := context.WithCancel(t.Context())
		cancel()
		for i := range 3 {
			release, err := slots.Acquire(expired, fair.Key{From: from(fmt.Sprintf("192.0.2.%d", i))})
			require.NoError(t, err)
			defer release()
		}
		_, err := slots.Acquire(expired, fair.Key{From: from("192.0.2.9")})
		require.ErrorIs(t, err, context.Canceled, "three slots, not more")
	})
}

func TestShares(t *testing.T) {
	t.Parallel()
	s := fair.NewShares(10, 4)
	a, b, c := from("192.0.2.1"), from("192.0.2.2"), from("2001:db8::1")
	require.True(t, s.Take(a, 4))
	require.False(t, s.Take(a, 1), "a has its share")
	require.True(t, s.Take(b, 4))
	require.False(t, s.Take(c, 3), "so many are not left")
	require.True(t, s.Take(c, 2))
	s.Give(a, 4)
	require.True(t, s.TakeUpTo(b, 4, 8), "a larger share than that of others")
	require.False(t, s.Take(a, 1))
	s.Give(b, 8)
	s.Give(c, 2)
	require.True(t, s.TakeUpTo(a, 10, 10), "all are back")
}
