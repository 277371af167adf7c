package events

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// asking is readers of views, each of which sends its request for a second.
type asking struct {
	questions *Views
	refused   map[string]bool

	mu    sync.Mutex
	names []string // the readers that have sent a request
}

func (a *asking) sent() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.names)
}

func (a *asking) by(ctx context.Context, name string) func() error {
	return func() error {
		a.mu.Lock()
		a.names = append(a.names, name)
		a.mu.Unlock()
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
		if a.refused[name] {
			return errors.New("may not")
		}
		return nil
	}
}

func (a *asking) arrival(ctx context.Context, authority, name, event, minions string) {
	a.questions.ofArrival(ctx, arrival{authority, event, minions}, sharedUser{"pam", name}, a.by(ctx, name))
}

func (a *asking) all(ctx context.Context, authority, name string) {
	a.questions.ofAll(ctx, authority, sharedUser{"pam", name}, a.by(ctx, name))
}

func newAsking() *asking {
	return &asking{questions: NewViews(), refused: map[string]bool{"no": true}}
}

// The minions of an event are queried once, for any number of readers.
func TestOneQuestionForAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAsking()
		for range 3 {
			for _, name := range []string{"no", "no", "alice", "bob"} {
				go a.arrival(t.Context(), "", name, "1", "c")
				synctest.Wait()
			}
		}
		time.Sleep(time.Minute)
		a.arrival(t.Context(), "", "carol", "1", "c") // a late reader
		require.Len(t, a.sent(), 2, "one who may not ask leaves it to the others")
		require.Equal(t, "no", a.sent()[0])
		require.NotEqual(t, "no", a.sent()[1])

		a.arrival(t.Context(), "", "bob", "2", "c")
		a.arrival(t.Context(), "", "bob", "2", "c,d")
		require.Equal(t, []string{"bob", "bob"}, a.sent()[2:], "another event, and other minions")
		a.arrival(t.Context(), "token", "bob", "2", "c")
		require.Len(t, a.sent(), 5, "a token's question may have other answers")
	})
}

// A reader that leaves while it sends the request leaves it to the others.
func TestTheQuestionOfOneWhoLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAsking()
		ctx, cancel := context.WithCancel(t.Context())
		go a.arrival(ctx, "", "alice", "1", "c")
		synctest.Wait()
		go a.arrival(t.Context(), "", "alice", "1", "c")
		synctest.Wait()
		require.Len(t, a.sent(), 1)
		cancel()
		time.Sleep(time.Minute)
		require.Len(t, a.sent(), 2)
	})
}

// Readers that start while all minions are queried share the next request: they
// have missed some returns of the current one.
func TestOneQuestionForAllWhoCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAsking()
		for range 100 {
			go a.all(t.Context(), "", "alice")
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		require.Len(t, a.sent(), 2)

		start := time.Now()
		a.all(t.Context(), "", "bob")
		require.Len(t, a.sent(), 3, "what was answered before is not seen")
		require.Equal(t, time.Second, time.Since(start))

		for range 2 {
			a.all(t.Context(), "", "no")
		}
		require.Len(t, a.sent(), 5, "who may not ask may be allowed to the next time")
		a.all(t.Context(), "", "alice")
		require.Len(t, a.sent(), 6)
	})
}

// A request that panics does not count, and blocks no one.
func TestAQuestionThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAsking()
		require.Panics(t, func() {
			a.questions.ofAll(t.Context(), "", sharedUser{"pam", "alice"}, func() error { panic("x") })
		})
		a.all(t.Context(), "", "bob")
		require.Equal(t, []string{"bob"}, a.sent())
	})
}
