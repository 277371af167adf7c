package admission_test

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
	"github.com/saltern-api/saltern/eauth/admission"
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

func acquire(t *testing.T, l *admission.Queue, c eauth.Credentials) *admission.Slot {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a slot that is free is had without waiting
	slot, err := l.Acquire(ctx, c)
	require.NoError(t, err)
	return slot
}

func TestGuessesFillOnlyTheirQueue(t *testing.T) {
	t.Parallel()
	l := admission.New(admission.Options{KnownGood: 2, Others: 2, Waiting: 1})
	acquire(t, l, user("alice")).Done(admission.Right)

	held := []*admission.Slot{acquire(t, l, user("x")), acquire(t, l, user("y"))}
	_, err := l.Acquire(expired(t), user("z"))
	require.ErrorIs(t, err, context.Canceled, "the second queue is full")

	acquire(t, l, user("alice")).Done(admission.Right)
	for _, s := range held {
		s.Done(admission.Wrong)
	}
	acquire(t, l, user("z")).Done(admission.Wrong)
}

func expired(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestOnlyTheSameCredentialsAreKnownGood(t *testing.T) {
	t.Parallel()
	l := admission.New(admission.Options{})
	alice := user("alice")
	acquire(t, l, alice).Done(admission.Right)
	require.True(t, l.KnownGood(alice))

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
		require.False(t, l.KnownGood(other), name)
	}

	acquire(t, l, alice).Done(admission.Unknown)
	require.True(t, l.KnownGood(alice), "an error changes nothing")
	acquire(t, l, alice).Done(admission.Wrong)
	require.False(t, l.KnownGood(alice), "a changed password is not known-good any more")
}

func TestAFullQueueIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{Others: 1, Waiting: 2})
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
				slot.Done(admission.Wrong)
			}()
			synctest.Wait()
		}
		_, err := l.Acquire(t.Context(), user("d"))
		require.ErrorIs(t, err, eauth.ErrBusy)

		first.Done(admission.Wrong)
		require.Equal(t, "b", <-order, "first come, first served")
		require.Equal(t, "c", <-order)
	})
}

func TestWaitersMoveToTheKnownGoodQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{KnownGood: 3, Others: 2})
		other := acquire(t, l, user("other"))
		first := acquire(t, l, user("alice"))

		served := make(chan struct{}, 3)
		for range 3 {
			go func() {
				slot, err := l.Acquire(t.Context(), user("alice"))
				if err == nil {
					served <- struct{}{}
					defer slot.Done(admission.Right)
				}
			}()
		}
		synctest.Wait()
		require.Empty(t, served)

		first.Done(admission.Right)
		synctest.Wait()
		require.Len(t, served, 3)
		other.Done(admission.Wrong)
	})
}

// What is known of credentials ends with time, with the user's eighth other
// prefix, and with too many wrong tries from the same prefix.
func TestWhatIsKnownIsBounded(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(t *testing.T, l *admission.Queue){
		"age": func(t *testing.T, l *admission.Queue) {
			time.Sleep(12 * time.Hour)
			acquire(t, l, at("192.0.2.1", "alice")).Done(admission.Right) // which renews it
			time.Sleep(23 * time.Hour)
			require.True(t, l.KnownGood(at("192.0.2.1", "alice")))
			time.Sleep(2 * time.Hour)
		},
		"prefixes": func(t *testing.T, l *admission.Queue) {
			for i := range 8 {
				require.True(t, l.KnownGood(at("192.0.2.1", "alice")))
				acquire(t, l, at(fmt.Sprintf("2001:db8:0:%d::1", i), "alice")).Done(admission.Right)
			}
			require.True(t, l.KnownGood(at("2001:db8::2", "alice")), "the others stay")
		},
		"users": func(t *testing.T, l *admission.Queue) {
			for i := range 3 {
				acquire(t, l, at("192.0.2.1", fmt.Sprint(i))).Done(admission.Right)
			}
		},
		"misses": func(t *testing.T, l *admission.Queue) {
			for i := range 20 {
				wrong := at("192.0.2.1", "alice")
				wrong.Password = fmt.Sprint("guess", i)
				for range 100 { // a program that goes on with an old password
					require.False(t, l.AllowThrottled(wrong))
				}
				wrong.RemoteAddr = netip.MustParseAddr("192.0.2.2") // which is no miss here
				require.False(t, l.AllowThrottled(wrong))
				require.True(t, l.AllowThrottled(at("192.0.2.1", "alice")))
			}
			slot := acquire(t, l, at("192.0.2.1", "alice"))
			slot.DonePassed(admission.Right) // which takes back nothing
			wrong := at("192.0.2.1", "alice")
			wrong.Password = "guess"
			require.False(t, l.AllowThrottled(wrong))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := admission.New(admission.Options{Remember: 3})
				acquire(t, l, at("192.0.2.1", "alice")).Done(admission.Right)
				require.True(t, l.KnownGood(at("192.0.2.1", "alice")))
				forget(t, l)
				require.False(t, l.KnownGood(at("192.0.2.1", "alice")))
				require.False(t, l.AllowThrottled(at("192.0.2.1", "alice")))
			})
		})
	}
}

// Wrong tries that never got to be checked, and wrong passwords of others,
// push out nothing.
func TestOnlyRightCredentialsAreRemembered(t *testing.T) {
	t.Parallel()
	l := admission.New(admission.Options{Remember: 1})
	acquire(t, l, user("a")).Done(admission.Right)
	for i := range 100 {
		acquire(t, l, at("192.0.2.1", fmt.Sprint(i))).Done(admission.Wrong)
		l.AllowThrottled(at("192.0.2.1", fmt.Sprint(i)))
	}
	require.True(t, l.KnownGood(user("a")))
}

// A new user's login waits for nobody else's wrong ones, and when every slot is
// taken it waits for one turn of each other prefix.
func TestPrefixesShareTheSecondQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{Others: 2, Waiting: 8})
		guess := func(addr, name string) {
			go func() {
				slot, err := l.Acquire(t.Context(), at(addr, name))
				if err == nil {
					time.Sleep(2 * time.Second)
					slot.Done(admission.Wrong)
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
		slot.Done(admission.Right)
		require.Zero(t, time.Since(start), "there is a slot for the second prefix")

		guess("192.0.2.3", "a")
		start = time.Now()
		slot, err = l.Acquire(t.Context(), at("192.0.2.2", "bob"))
		require.NoError(t, err)
		slot.Done(admission.Wrong)
		require.Equal(t, 2*time.Second, time.Since(start), "it waits for no more than one turn of each other")
		time.Sleep(time.Minute)
	})
}

// The slots must add up again however waiting ends.
func TestNoSlotIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{KnownGood: 2, Others: 3, Waiting: 100})
		for i := range 90 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*time.Millisecond)
				defer cancel()
				slot, err := l.Acquire(ctx, user(fmt.Sprint(i%5)))
				if err != nil {
					return
				}
				time.Sleep(time.Duration(i%3) * time.Millisecond)
				slot.Done(admission.Verdict(i % 3))
				slot.Done(admission.Right) // a second time changes nothing
			}()
		}
		time.Sleep(time.Second)

		for _, c := range []eauth.Credentials{user("x"), user("y"), user("z")} {
			defer acquire(t, l, c).Done(admission.Unknown)
		}
		_, err := l.Acquire(expired(t), user("w"))
		require.ErrorIs(t, err, context.Canceled, "three slots, not more")
	})
}
