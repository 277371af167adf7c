package commands

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// Follower waits for minions as salt does. *lowstate.Gateway is one.
type Follower interface {
	FollowAfter() time.Duration
	Follow(ctx context.Context, a lowstate.Authority, jid string, minions []string) error
}

var _ Follower = (*lowstate.Gateway)(nil)

// Following has commands end in the records when salt would stop waiting for them,
// although nobody waits: where minions are still silent after the master's timeout,
// saltutil.find_job is sent with the authority of who sent the command, as long as its
// credential is good. It is for all listeners. Its fields are set once.
type Following struct {
	Gateway  Follower
	Stopping context.Context // ends when the gateway begins to stop
	Go       func(func())    // runs a goroutine that the gateway waits for
	Log      *slog.Logger    // nil discards

	waiting, following atomic.Int64
}

// Waiting returns how many commands are looked at later.
func (f *Following) Waiting() int64 { return f.waiting.Load() }

const (
	// maxWaiting bounds the commands that are looked at later, and maxFollowing those
	// that are followed. Beyond these, commands end as those do that nobody follows.
	maxWaiting   = 10_000
	maxFollowing = 200

	// maxFollow is how long a command is followed.
	maxFollow = 24 * time.Hour
)

// begin has a command of a caller followed. Until the master's timeout is over, there
// is only a timer for it.
func (f *Following) begin(a *API, by *caller.Caller, jid string) {
	if f == nil || a.Records == nil {
		return
	}
	if f.waiting.Add(1) > maxWaiting {
		f.waiting.Add(-1)
		return
	}
	time.AfterFunc(f.Gateway.FollowAfter(), func() {
		defer f.waiting.Add(-1)
		if f.Stopping.Err() == nil {
			f.Go(func() { f.follow(a, by, jid) })
		}
	})
}

// follow follows a command. Without success it ends later, as one that nobody follows.
func (f *Following) follow(a *API, by *caller.Caller, jid string) {
	defer f.following.Add(-1)
	defer f.recovered(jid)
	if f.following.Add(1) > maxFollowing {
		return
	}
	ctx, cancel := context.WithTimeout(f.Stopping, maxFollow)
	defer cancel()
	ctx, done := a.Fleet.Run.Authority.Follow(ctx, by)
	defer done()
	c := a.Of(&method.Call{Caller: by})
	j, err := a.Records.Job(ctx, by, jid, false)
	if err != nil || j.State.Ended() {
		return
	}
	minions, err := c.silent(ctx, records.Job{JID: jid})
	if err != nil {
		return
	}
	authority, release, err := a.Fleet.Run.Authority.Authority(ctx, by)
	if err != nil {
		return
	}
	defer release()
	_ = f.Gateway.Follow(ctx, authority, jid, minions) // see above
}

// recovered ends a panic, so that one command does not end the gateway. Its value may be
// a secret.
func (f *Following) recovered(jid string) {
	if p := recover(); p != nil && f.Log != nil {
		err := &lowstate.PanicError{Value: p, Stack: debug.Stack()}
		f.Log.LogAttrs(context.Background(), slog.LevelError, "a command is not followed any more",
			slog.String("jid", jid), slog.Any("error", err), slog.String("stack", string(err.Stack)))
	}
}
