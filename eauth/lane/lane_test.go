package lane_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"saltern/eauth"
	"saltern/eauth/lane"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func user(name string) eauth.Credentials {
	return eauth.Credentials{Username: name, Password: "secret", Eauth: "pam"}
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

		for _, c := range []eauth.Credentials{user("new1"), user("new2"), user("new3")} {
			defer acquire(t, l, c).Done(lane.Unknown)
		}
		_, err := l.Acquire(expired(t), user("new4"))
		require.ErrorIs(t, err, context.Canceled, "three slots, not more")
	})
}
