package lowstate

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestRunnerAsync(t *testing.T) {
	t.Parallel()
	o := one("web1")
	o.Runners = map[string]mastertest.Function{
		"slow.one": func(ctx context.Context, _ mastertest.Call) (msgpack.Raw, bool) {
			<-ctx.Done()
			return nil, false
		},
		"doc.runner": func(context.Context, mastertest.Call) (msgpack.Raw, bool) {
			return mastertest.JSON(`{"slow.one": "waits"}`), true
		},
	}
	eachRelease(t, o, func(t *testing.T, b *before) {
		const answer = `^\{"tag": "salt/run/(\d{20})", "jid": "(\d{20})"\}$`
		for _, fun := range []string{"slow.one", "test.arg", "test.arg"} {
			got, err := b.call(`"client": "runner_async", "fun": "` + fun + `", "arg": [1], "b": 2`)
			require.NoError(t, err)
			require.Regexp(t, answer, got)
		}
		b.requireError(Failed, "'no.such' is not available.", `"client": "runner_async", "fun": "no.such"`)
		require.Zero(t, b.bus.Stats().Subscribers)
	})
}

// Without the bus a runner can be started, but its start is not seen.
func TestRunnerAsyncWithoutTheBus(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, one("web1"))
	b.StopBus()
	require.Eventually(t, func() bool { return !b.bus.Connected() }, 10*time.Second, time.Millisecond)
	got, err := b.call(`"client": "runner_async", "fun": "test.arg"`)
	require.NoError(t, err)
	require.Contains(t, got, `"tag": "salt/run/`)
}

// If it cannot be determined whether a silent function exists, it is answered
// as existing.
func TestRunnerAsyncInDoubt(t *testing.T) {
	t.Parallel()
	o := one("web1")
	o.Users = map[string]mastertest.User{"bench": {Password: "secret", Perms: []string{"@odd"}}}
	b := gatewayBefore(t, o) // a 3008 sends nothing about odd.one, and the caller may not list the functions
	got, err := b.call(`"client": "runner_async", "fun": "odd.one"`)
	require.NoError(t, err)
	require.Contains(t, got, `"tag": "salt/run/`)
}

func TestSeenNames(t *testing.T) {
	t.Parallel()
	var s seenNames
	require.False(t, s.has("a"))
	s.add("a")
	require.True(t, s.has("a"))
	for i := range maxSeen {
		s.add(fmt.Sprint(i))
	}
	require.LessOrEqual(t, len(s.names), maxSeen)
	require.True(t, s.has(fmt.Sprint(maxSeen-1)))
}
