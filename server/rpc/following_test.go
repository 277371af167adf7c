package rpc_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/commands"
)

// follower notes what is followed.
type follower struct{ followed chan followed }

type followed struct {
	token, jid string
	minions    []string
}

func (follower) FollowAfter() time.Duration { return time.Millisecond }

func (f follower) Follow(_ context.Context, a lowstate.Authority, jid string, minions []string) error {
	f.followed <- followed{a.Token, jid, minions}
	return nil
}

// A command is followed with the caller's authority, on the minions that are silent.
func TestFollowing(t *testing.T) {
	t.Parallel()
	f := follower{make(chan followed, 10)}
	var running sync.WaitGroup
	begun := make(chan struct{}, 10)
	stopping, stop := context.WithCancel(t.Context())
	e := newEnv(t, func(a *rpc.API) {
		a.Following = &commands.Following{Gateway: f, Stopping: stopping, Go: func(run func()) {
			running.Go(func() { run(); begun <- struct{}{} })
		}}
	})
	put := func(b records.Batch) {
		_, err := e.store.Put(t.Context(), b)
		require.NoError(t, err)
	}
	returned := func(minion string) []records.Return {
		return []records.Return{{JID: jidOf(59), Minion: minion, Time: time.Date(2026, 11, 29, 12, 59, 55, 0, time.UTC), Success: true, Value: packed(`true`)}}
	}
	put(records.Batch{
		Jobs:    []records.Job{{JID: jidOf(59), User: "bob", Eauth: "pam", Client: "local_async", Fun: "test.ping", Minions: []string{"web1", "web2", "web3"}}},
		Returns: returned("web2"),
	})
	bob, admin := e.by(t, "bob"), e.by(t, "admin")
	e.post(t, ping, bob)
	require.Equal(t, followed{"salt-token-of-bob", jidOf(59), []string{"web1", "web3"}}, <-f.followed)
	<-begun
	put(records.Batch{Returns: returned("web1")})
	put(records.Batch{Returns: returned("web3")})
	e.post(t, ping, bob)
	<-begun
	e.post(t, ping, admin)
	<-begun
	stop()
	e.post(t, ping, bob)
	require.Eventually(t, func() bool { return e.api.Following.Waiting() == 0 }, 20*time.Second, time.Millisecond)
	running.Wait()
	require.Empty(t, begun, "when the gateway stops nothing begins")
	require.Empty(t, f.followed, "but the first one, all have ended, or are not seen")
}

// panicking is a follower that panics.
type panicking struct{ follower }

func (panicking) Follow(context.Context, lowstate.Authority, string, []string) error {
	panic("a secret")
}

// A panic ends the following of one command, and not the gateway.
func TestFollowingPanics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	ended := make(chan struct{})
	e := newEnv(t, func(a *rpc.API) {
		a.Following = &commands.Following{
			Gateway: panicking{}, Stopping: t.Context(), Log: slog.New(slog.NewTextHandler(&log, nil)), Go: func(run func()) {
				go func() {
					defer close(ended)
					run()
				}()
			},
		}
	})
	_, err := e.store.Put(t.Context(), records.Batch{
		Jobs: []records.Job{{JID: jidOf(59), User: "bob", Eauth: "pam", Client: "local_async", Fun: "test.ping", Minions: []string{"web1"}}},
	})
	require.NoError(t, err)
	e.post(t, ping, e.by(t, "bob"))
	<-ended
	require.Contains(t, log.String(), "a command is not followed any more")
	require.Contains(t, log.String(), jidOf(59))
	require.NotContains(t, log.String(), "secret")
}
