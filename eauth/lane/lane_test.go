package lane_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/lane"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// user is a user with an address of its own.
func user(name string) eauth.Credentials {
	addr := [4]byte{10, 0, 0, 1}
	copy(addr[1:], name)
	return at(netip.AddrFrom4(addr).String(), name)
}

func at(addr, name string) eauth.Credentials {
	return eauth.Credentials{Username: name, Password: "secret", Eauth: "pam", RemoteAddr: netip.MustParseAddr(addr)}
}

func acquire(t *testing.T, l *lane.Lanes, c eauth.Credentials) *lane.Slot {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a slot that is free is had without waiting
	slot, err := l.Acquire(ctx, c)
	require.NoError(t, err)
	return slot
}

func TestStrangersFillOnlyTheirLane(t *testing.T) {
	t.Parallel()
	l := lane.New(lane.Options{Proven: 2, Unproven: 2, Queue: 1})
	acquire(t, l, user("alice")).Done(lane.Right)

	held := []*lane.Slot{acquire(t, l, user("x")), acquire(t, l, user("y"))}
	_, err := l.Acquire(expired(t), user("z"))
	require.ErrorIs(t, err, context.Canceled, "the unproven lane is full")

	acquire(t, l, user("alice")).Done(lane.Right)
	for _, s := range held {
		s.Done(lane.Wrong)
	}
	acquire(t, l, user("z")).Done(lane.Wrong)
}

func expired(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestOnlyTheVeryCredentialsAreProven(t *testing.T) {
	t.Parallel()
	l := lane.New(lane.Options{})
	alice := user("alice")
	acquire(t, l, alice).Done(lane.Right)
	require.True(t, l.Proven(alice))

	for name, change := range map[string]func(*eauth.Credentials){
		"user":     func(c *eauth.Credentials) { c.Username = "bob" },
		"password": func(c *eauth.Credentials) { c.Password = "Secret" },
		"eauth":    func(c *eauth.Credentials) { c.Eauth = "ldap" },
		"shifted":  func(c *eauth.Credentials) { c.Username, c.Password = "alices", "ecret" },
		"address":  func(c *eauth.Credentials) { c.RemoteAddr = netip.MustParseAddr("192.0.2.9") },
		"none":     func(c *eauth.Credentials) { c.RemoteAddr = netip.Addr{} },
	} {
		other := alice
		change(&other)
		require.False(t, l.Proven(other), name)
	}

	acquire(t, l, alice).Done(lane.Unknown)
	require.True(t, l.Proven(alice), "an error proves nothing")
	acquire(t, l, alice).Done(lane.Wrong)
	require.False(t, l.Proven(alice), "a changed password is not proven any more")
}

func TestAFullQueueIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := lane.New(lane.Options{Unproven: 1, Queue: 2})
		first := acquire(t, l, user("a"))

		order := make(chan string, 2)
		for _, name := range []string{"b", "c"} {
			go func() {
				slot, err := l.Acquire(t.Context(), user(name))
				if err != nil {
					order <- err.Error()
					return
				}
				order <- name
				slot.Done(lane.Wrong)
			}()
			synctest.Wait()
		}
		_, err := l.Acquire(t.Context(), user("d"))
		require.ErrorIs(t, err, eauth.ErrBusy)

		first.Done(lane.Wrong)
		require.Equal(t, "b", <-order, "first come, first served")
		require.Equal(t, "c", <-order)
	})
}

func TestWaitersMoveToTheProvenLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := lane.New(lane.Options{Proven: 3, Unproven: 2})
		stranger := acquire(t, l, user("stranger"))
		first := acquire(t, l, user("alice"))

		served := make(chan struct{}, 3)
		for range 3 {
			go func() {
				slot, err := l.Acquire(t.Context(), user("alice"))
				if err == nil {
					served <- struct{}{}
					defer slot.Done(lane.Right)
				}
			}()
		}
		synctest.Wait()
		require.Empty(t, served)

		first.Done(lane.Right)
		synctest.Wait()
		require.Len(t, served, 3)
		stranger.Done(lane.Wrong)
	})
}

// What is known of credentials ends with time, with the user's eighth other
// prefix, and with too many wrong tries from the same prefix.
func TestWhatIsKnownIsBounded(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(t *testing.T, l *lane.Lanes){
		"age": func(t *testing.T, l *lane.Lanes) {
			time.Sleep(12 * time.Hour)
			acquire(t, l, at("192.0.2.1", "alice")).Done(lane.Right) // which renews it
			time.Sleep(23 * time.Hour)
			require.True(t, l.Proven(at("192.0.2.1", "alice")))
			time.Sleep(2 * time.Hour)
		},
		"prefixes": func(t *testing.T, l *lane.Lanes) {
			for i := range 8 {
				require.True(t, l.Proven(at("192.0.2.1", "alice")))
				acquire(t, l, at(fmt.Sprintf("2001:db8:0:%d::1", i), "alice")).Done(lane.Right)
			}
			require.True(t, l.Proven(at("2001:db8::2", "alice")), "the others stay")
		},
		"users": func(t *testing.T, l *lane.Lanes) {
			for i := range 3 {
				acquire(t, l, at("192.0.2.1", fmt.Sprint(i))).Done(lane.Right)
			}
		},
		"misses": func(t *testing.T, l *lane.Lanes) {
			for i := range 20 {
				wrong := at("192.0.2.1", "alice")
				wrong.Password = fmt.Sprint("guess", i)
				for range 100 { // a program that goes on with an old password
					require.False(t, l.Pass(wrong))
				}
				wrong.RemoteAddr = netip.MustParseAddr("192.0.2.2") // which is no miss here
				require.False(t, l.Pass(wrong))
				require.True(t, l.Pass(at("192.0.2.1", "alice")))
			}
			slot := acquire(t, l, at("192.0.2.1", "alice"))
			slot.DonePassed(lane.Right) // which takes back nothing
			wrong := at("192.0.2.1", "alice")
			wrong.Password = "guess"
			require.False(t, l.Pass(wrong))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := lane.New(lane.Options{Remember: 3})
				acquire(t, l, at("192.0.2.1", "alice")).Done(lane.Right)
				require.True(t, l.Proven(at("192.0.2.1", "alice")))
				forget(t, l)
				require.False(t, l.Proven(at("192.0.2.1", "alice")))
				require.False(t, l.Pass(at("192.0.2.1", "alice")))
			})
		})
	}
}

// Wrong tries that never got to be checked, and wrong passwords of others,
// push out nothing.
func TestOnlyRightCredentialsAreRemembered(t *testing.T) {
	t.Parallel()
	l := lane.New(lane.Options{Remember: 1})
	acquire(t, l, user("a")).Done(lane.Right)
	for i := range 100 {
		acquire(t, l, at("192.0.2.1", fmt.Sprint(i))).Done(lane.Wrong)
		l.Pass(at("192.0.2.1", fmt.Sprint(i)))
	}
	require.True(t, l.Proven(user("a")))
}

// A new user's login waits for nobody else's wrong ones, and when every slot is
// taken it waits for one turn of each other prefix.
func TestPrefixesShareTheUnprovenLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := lane.New(lane.Options{Unproven: 2, Queue: 8})
		guess := func(addr, name string) {
			go func() {
				slot, err := l.Acquire(t.Context(), at(addr, name))
				if err == nil {
					time.Sleep(2 * time.Second)
					slot.Done(lane.Wrong)
				}
			}()
			synctest.Wait()
		}
		for i := range 20 {
			guess("192.0.2.1", fmt.Sprint("guess", i))
		}
		start := time.Now()
		slot, err := l.Acquire(t.Context(), at("192.0.2.2", "alice"))
		require.NoError(t, err)
		slot.Done(lane.Right)
		require.Zero(t, time.Since(start), "there is a slot for the second prefix")

		guess("192.0.2.3", "a")
		start = time.Now()
		slot, err = l.Acquire(t.Context(), at("192.0.2.2", "bob"))
		require.NoError(t, err)
		slot.Done(lane.Wrong)
		require.Equal(t, 2*time.Second, time.Since(start), "it waits for no more than one turn of each other")
		time.Sleep(time.Minute)
	})
}

// The slots must add up again however waiting ends.
func TestNoSlotIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := lane.New(lane.Options{Proven: 2, Unproven: 3, Queue: 100})
		for i := range 90 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*time.Millisecond)
				defer cancel()
				slot, err := l.Acquire(ctx, user(fmt.Sprint(i%5)))
				if err != nil {
					return
				}
				time.Sleep(time.Duration(i%3) * time.Millisecond)
				slot.Done(lane.Verdict(i % 3))
				slot.Done(lane.Right) // a second time changes nothing
			}()
		}
		time.Sleep(time.Second)

		for _, c := range []eauth.Credentials{user("x"), user("y"), user("z")} {
			defer acquire(t, l, c).Done(lane.Unknown)
		}
		_, err := l.Acquire(expired(t), user("w"))
		require.ErrorIs(t, err, context.Canceled, "three slots, not more")
	})
}
