package local

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHub(t *testing.T) {
	t.Parallel()
	var hub Hub
	hub.Publish(apitoken.Notice{Documents: true}) // without a watcher
	next, stop := iter.Pull(hub.Watch(t.Context()))
	defer stop()
	take := func() apitoken.Notice {
		n, ok := next()
		require.True(t, ok)
		return n
	}
	require.Equal(t, apitoken.Notice{Recheck: true}, take())

	hub.Publish(apitoken.Notice{Revoked: []string{"one"}})
	hub.Publish(apitoken.Notice{Revoked: []string{"two", "three"}, Documents: true})
	require.Equal(t, apitoken.Notice{Revoked: []string{"one", "two", "three"}, Documents: true}, take())

	for n := range maxPending + 1 {
		hub.Publish(apitoken.Notice{Revoked: []string{fmt.Sprint(n)}})
	}
	require.Equal(t, apitoken.Notice{Recheck: true}, take(), "who is slow has to look at everything")
	hub.Publish(apitoken.Notice{Revoked: []string{"four"}})
	require.Equal(t, apitoken.Notice{Revoked: []string{"four"}}, take())
}

func TestAWatcherLeaves(t *testing.T) {
	t.Parallel()
	var hub Hub
	for range hub.Watch(t.Context()) {
		break
	}
	require.Empty(t, hub.watchers)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range hub.Watch(ctx) {
		cancel()
	}
	require.Empty(t, hub.watchers)
}

func TestFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := NewFailures()
		require.Equal(t, 1, f.Add("a", time.Minute).Count)
		time.Sleep(time.Minute - 1)
		require.Equal(t, apitoken.Failures{Count: 2, Last: time.Now()}, f.Add("a", time.Minute))
		time.Sleep(time.Minute - 1)
		require.Equal(t, 2, f.Get("a").Count)
		time.Sleep(time.Nanosecond)
		require.Zero(t, f.Get("a"))
		require.Equal(t, 1, f.Add("a", time.Minute).Count)
	})
}

func TestFailuresAreBounded(t *testing.T) {
	t.Parallel()
	f := NewFailures()
	f.Add("first", time.Hour)
	for n := range maxCounts {
		f.Add(fmt.Sprint(n), time.Hour)
	}
	require.Equal(t, maxCounts, f.counts.Len())
	require.Zero(t, f.Get("first"))
}
