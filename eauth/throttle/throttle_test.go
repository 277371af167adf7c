package throttle_test

import (
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/throttle"
)

func key(user, addr string) throttle.Key {
	c := eauth.Credentials{Eauth: "pam", Username: user}
	if addr != "" {
		c.RemoteAddr = netip.MustParseAddr(addr)
	}
	return throttle.KeyOf(c)
}

func TestRefusalDoubles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := throttle.New(throttle.Options{})
		k := key("alice", "192.0.2.1")
		for i, want := range []int{0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60} {
			th.Failed(k)
			require.Equal(t, time.Duration(want)*time.Second, th.Refused(k), "after failure %d", i+1)
			time.Sleep(th.Refused(k))
			require.Zero(t, th.Refused(k))
		}

		th.Succeeded(k)
		th.Failed(k)
		require.Zero(t, th.Refused(k), "a right password starts afresh")
	})
}

func TestFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := throttle.New(throttle.Options{Forget: time.Hour})
		k := key("alice", "192.0.2.1")
		for range 4 {
			th.Failed(k)
		}
		require.Equal(t, time.Second, th.Refused(k))

		time.Sleep(time.Hour + time.Second)
		th.Failed(k)
		require.Zero(t, th.Refused(k))
	})
}

func TestWhoIsCountedTogether(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		a, b throttle.Key
		same bool
	}{
		{"itself", key("a", "192.0.2.1"), key("a", "192.0.2.1"), true},
		{"another case", key("alice", "192.0.2.1"), key("ALICE", "192.0.2.1"), true},
		{"another user", key("a", "192.0.2.1"), key("b", "192.0.2.1"), false},
		{"another address", key("a", "192.0.2.1"), key("a", "192.0.2.2"), false},
		{"the address as IPv6", key("a", "192.0.2.1"), key("a", "::ffff:192.0.2.1"), true},
		{"one IPv6 network", key("a", "2001:db8::1"), key("a", "2001:db8::2:3"), true},
		{"two IPv6 networks", key("a", "2001:db8::1"), key("a", "2001:db8:0:1::1"), false},
		{"a zone", key("a", "fe80::1%eth0"), key("a", "fe80::1"), true},
		{"no address", key("a", ""), key("a", ""), true},
	} {
		require.Equal(t, tc.same, tc.a == tc.b, tc.name)
	}
}

// Prefixes are dropped when there are too many, the oldest first.
func TestPrefixesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := throttle.New(throttle.Options{Free: 1, Prefixes: 2})
		first := key("alice", "192.0.2.1")
		th.Failed(first)
		th.Failed(first)
		require.Equal(t, time.Second, th.Refused(first))
		for i := range 2 {
			th.Failed(key("alice", "192.0.2.1"+strconv.Itoa(i)))
		}
		require.Zero(t, th.Refused(first), "the oldest was dropped")
	})
}

// One address that tries many names does not have those forgotten that it has
// tried before, and does not get some more tries for each.
func TestManyNamesAreNoWayOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		th := throttle.New(throttle.Options{Free: 1, Names: 2, Most: time.Hour})
		alice := key("alice", "192.0.2.1")
		for range 12 {
			th.Failed(alice)
		}
		refused := th.Refused(alice)
		require.Greater(t, refused, 10*time.Minute)

		th.Failed(key("bob", "192.0.2.1"))
		for i := range 100_000 {
			th.Failed(key("guess"+strconv.Itoa(i), "192.0.2.1"))
		}
		require.Equal(t, refused, th.Refused(alice))
		require.Zero(t, th.Refused(key("bob", "192.0.2.1")), "it had room for itself")
		require.Equal(t, time.Hour, th.Refused(key("another", "192.0.2.1")), "the names without room are one")
		require.Zero(t, th.Refused(key("another", "192.0.2.2")), "elsewhere nothing has happened")

		th.Succeeded(key("another", "192.0.2.1"))
		require.Equal(t, time.Hour, th.Refused(key("another", "192.0.2.1")), "what is shared is not forgiven")

		time.Sleep(time.Hour)
		th.Failed(key("another", "192.0.2.1"))
		require.Zero(t, th.Refused(key("another", "192.0.2.1")), "a quiet time makes room")
	})
}
