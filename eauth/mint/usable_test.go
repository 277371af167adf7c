package mint_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/mint"
)

func TestUsable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection refused")
		s := &store{checkErr: down}
		m := mint.New(s, mint.Options{})
		ask := func() (bool, error) { return m.Usable(t.Context()) }

		for range 10 {
			_, err := ask()
			require.ErrorIs(t, err, down)
		}
		require.Equal(t, 1, s.checks, "a master that is down is left alone for a moment")

		time.Sleep(time.Second)
		s.set(func() { s.checkErr = nil })
		for range 10 {
			usable, err := ask()
			require.NoError(t, err)
			require.True(t, usable)
		}
		require.Equal(t, 2, s.checks)

		s.set(func() { s.checkErr = fmt.Errorf("another user: %w", mint.ErrNotAccepted) })
		m.Recheck()
		for range 10 {
			usable, err := ask()
			require.NoError(t, err, "a final no is no error")
			require.False(t, usable)
		}
		require.Equal(t, 3, s.checks)

		require.NoError(t, m.Close(t.Context()))
		m.Recheck()
		_, err := ask()
		require.ErrorIs(t, err, eauth.ErrUnavailable)
	})
}

func TestManyShareOneCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		m := mint.New(s, mint.Options{})

		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := m.Usable(impatient)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if usable, err := m.Usable(t.Context()); !usable || err != nil {
					t.Errorf("usable %v, err %v", usable, err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, s.checks, "the impatient caller's check served the others")
		require.NoError(t, m.Close(t.Context()))
	})
}

// A result from before the master's restart does not count afterwards.
func TestRecheckDuringACheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		m := mint.New(s, mint.Options{})
		answer := make(chan bool)
		go func() {
			usable, _ := m.Usable(t.Context())
			answer <- usable
		}()
		synctest.Wait()

		s.set(func() { s.checkErr = mint.ErrNotAccepted })
		m.Recheck()
		require.False(t, <-answer)
		require.Equal(t, 2, s.checks)
		require.NoError(t, m.Close(t.Context()))
	})
}

// If the master does not respond to a new check, the former result still
// counts; a different result counts at once.
func TestRecheckOfASilentMaster(t *testing.T) {
	t.Parallel()
	for _, former := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			answers := map[bool]error{true: nil, false: mint.ErrNotAccepted}
			s := &store{checkErr: answers[former]}
			m := mint.New(s, mint.Options{})
			requireUsable := func(want bool) {
				usable, err := m.Usable(t.Context())
				require.NoError(t, err)
				require.Equal(t, want, usable)
			}
			requireUsable(former)

			s.set(func() { s.checkErr = errors.New("no answer") })
			for range 3 {
				m.Recheck()
				requireUsable(former)
				requireUsable(former)
			}
			require.Equal(t, 4, s.checks, "each Recheck asks once")

			s.set(func() { s.checkErr = answers[!former] })
			time.Sleep(time.Second)
			requireUsable(!former)
			require.Equal(t, 5, s.checks, "what is not known is asked for again by itself")
			require.NoError(t, m.Close(t.Context()))
		})
	}
}
