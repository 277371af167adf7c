package guard_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/throttle"
)

var errRefused = errors.New("not this")

// TestCarry sends commands with every verdict about the credentials that they carry.
func TestCarry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		password string
		verdict  eauth.Verdict
		err      error
		want     error
		outcome  guard.Outcome
		asked    int32 // the inner backend
	}{
		"done":                             {"right", eauth.Right, nil, nil, guard.OK, 0},
		"known, and refused":               {"right", eauth.Right, errRefused, errRefused, guard.OK, 0},
		"not known":                        {"wrong", eauth.Wrong, errRefused, errRefused, guard.Wrong, 0},
		"no answer":                        {"right", eauth.NoVerdict, errRefused, errRefused, guard.Error, 0},
		"refused, for it is not allowed":   {"right", eauth.Unclear, errRefused, errRefused, guard.OK, 1},
		"refused, for it is not the user":  {"wrong", eauth.Unclear, errRefused, eauth.ErrWrong, guard.Wrong, 1},
		"credentials that cannot be right": {"a\x00", eauth.Right, nil, eauth.ErrWrong, guard.Wrong, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				k, seen := &checker{}, &counter{}
				g := guard.New(k, guard.Options{Observe: seen.add})
				_, err := g.Carry(t.Context(), creds("alice", c.password), func(context.Context) (eauth.Verdict, error) {
					return c.verdict, c.err
				})
				require.ErrorIs(t, err, c.want)
				synctest.Wait()
				require.Equal(t, map[guard.Outcome]int{c.outcome: 1}, seen.all())
				require.Equal(t, c.asked, k.asked.Load())
				require.Zero(t, k.granted.Load(), "what the check was given is given back")
			})
		})
	}
}

// Guesses in commands count, even if the client disconnects before the response.
func TestCarryThrottles(t *testing.T) {
	t.Parallel()
	for name, patience := range map[string]time.Duration{"waits": time.Hour, "hangs up": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				g := guard.New(&checker{}, guard.Options{Throttle: throttle.Options{Free: 3}})
				for range 20 {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					_, err := g.Carry(ctx, creds("alice", "wrong"), func(context.Context) (eauth.Verdict, error) {
						sent++
						time.Sleep(wrongTakes)
						return eauth.Wrong, errRefused
					})
					require.Error(t, err)
					cancel()
					time.Sleep(wrongTakes)
				}
				require.Less(t, sent, 12)
			})
		})
	}
}

// A slot is held until the master has responded, not until the caller has left.
func TestCarryHoldsItsSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(&checker{}, guard.Options{Admission: admission.Options{KnownGood: 1, Others: 1}})
		ended := false
		ctx, hangUp := context.WithTimeout(t.Context(), time.Millisecond)
		defer hangUp()
		_, err := g.Carry(ctx, creds("alice", "right"), func(ctx context.Context) (eauth.Verdict, error) {
			time.Sleep(time.Minute / 2)
			require.NoError(t, ctx.Err(), "the command goes on")
			ended = true
			return eauth.Right, nil
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, ended)
		_, err = g.Carry(t.Context(), creds("bob", "right"), func(context.Context) (eauth.Verdict, error) {
			require.True(t, ended)
			return eauth.Right, nil
		})
		require.NoError(t, err)
	})
}

// A command ends when there is no response.
func TestCarryEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(&checker{}, guard.Options{Timeout: time.Second})
		start := time.Now()
		_, err := g.Carry(t.Context(), creds("alice", "right"), func(ctx context.Context) (eauth.Verdict, error) {
			<-ctx.Done()
			return eauth.NoVerdict, ctx.Err()
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		_, err = g.Carry(t.Context(), creds("alice", "right"), func(context.Context) (eauth.Verdict, error) {
			panic("the password is secret")
		})
		require.ErrorContains(t, err, "panicked with a string")
	})
}
