package lowstate

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
)

// promises notes what becomes of call-backs. Its destination is ci.
type promises struct {
	mu                      sync.Mutex
	reserved, kept, dropped []string
}

func (p *promises) Reserve(_ context.Context, id eauth.Identity, destination string) (Promise, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch destination {
	case "ci":
		p.reserved = append(p.reserved, id.User+"/"+id.Eauth)
		return noted{p}, nil
	case "full":
		return nil, &Error{Kind: TooMany, Text: "too many"}
	}
	return nil, &Error{Kind: BadRequest, Text: "callback: there is no destination"}
}

type noted struct{ *promises }

func (n noted) Keep(_ context.Context, jid string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept = append(n.kept, jid)
}

func (n noted) Drop(context.Context) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dropped = append(n.dropped, "")
}

func (p *promises) take() (reserved []string, kept, dropped int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	reserved, kept, dropped = p.reserved, len(p.kept), len(p.dropped)
	p.reserved, p.kept, p.dropped = nil, nil, nil
	return reserved, kept, dropped
}

// The destination of a call-back is no argument of the command, and is told of the
// job of which the client is told.
func TestCallback(t *testing.T) {
	t.Parallel()
	eachRelease(t, one("web1"), func(t *testing.T, b *before) {
		p := &promises{}
		b.gateway.callbacks = p
		for chunk, cmd := range map[string]string{
			`"client": "local", "tgt": "*", "fun": "test.ping"`:        "publish",
			`"client": "local_async", "tgt": "*", "fun": "test.ping"`:  "publish",
			`"client": "local_subset", "tgt": "*", "fun": "test.ping"`: "publish",
			`"client": "runner_async", "fun": "test.arg"`:              "runner",
			`"client": "wheel_async", "fun": "key.list_all"`:           "wheel",
		} {
			call, err := asBench(chunk + `, "callback": "ci"`)
			require.NoError(t, err)
			res, err := b.gateway.Run(t.Context(), call)
			require.NoError(t, err, chunk)
			require.NotContains(t, string(b.Last(cmd)), "callback", chunk)
			require.Equal(t, "ci", res.Records[0].Callback)
			require.Equal(t, []string{res.Records[0].JID}, p.kept, chunk)
			require.NotContains(t, string(res.Chunks[0].Arguments(1000)), "callback")
			reserved, _, dropped := p.take()
			require.Equal(t, []string{"bench/sharedsecret"}, reserved)
			require.Zero(t, dropped)
		}
		for _, empty := range []string{`null`, `""`, `" "`, `[]`} { // what templates leave
			_, err := b.call(ping + `, "callback": ` + empty)
			require.NoError(t, err)
		}
		_, err := b.call(`"client": "local_async", "tgt": "none", "fun": "test.ping", "callback": "ci"`)
		require.NoError(t, err)
		reserved, kept, dropped := p.take()
		require.Len(t, reserved, 1)
		require.Zero(t, kept)
		require.Equal(t, 1, dropped, "there is no job")
	})
}

// Where a call-back cannot be promised, nothing of the request is sent; and nobody
// reserves one who is not known.
func TestCallbackRefused(t *testing.T) {
	t.Parallel()
	eachRelease(t, one("web1"), func(t *testing.T, b *before) {
		p := &promises{}
		b.gateway.callbacks = p
		const async = `"client": "local_async", "tgt": "*", "fun": "test.ping"`
		for chunk, says := range map[string]string{
			async + `, "callback": "none"`:                                                            "chunk 1: callback: there is no destination",
			async + `, "callback": 1`:                                                                 "chunk 1: callback must be a string",
			async + `, "callback": {"a": "ci"}`:                                                       "chunk 1: callback must be a string",
			async + `, "callback": "ci", "jid": "20260101000000000001"`:                               "chunk 1: callback does not go with a jid",
			`"client": "runner", "fun": "test.arg", "callback": "ci"`:                                 "chunk 1: callback goes with",
			`"client": "wheel", "fun": "key.list_all", "callback": "ci"`:                              "chunk 1: callback goes with",
			`"client": "local_batch", "tgt": "*", "fun": "test.ping", "callback": "ci"`:               "chunk 1: callback goes with",
			`"client": "local_async", "tgt": "*", "fun": "test.ping", "callback": "full", "arg": [1]`: "too many",
		} {
			_, err := b.call(async+`, "callback": "ci"`, chunk)
			require.ErrorContains(t, err, says, chunk)
			_, kept, dropped := p.take()
			require.Zero(t, kept)
			require.LessOrEqual(t, dropped, 1)
			require.Zero(t, b.Count("publish"), chunk)
		}
		call, err := asBench(async + `, "callback": "ci"`)
		require.NoError(t, err)
		call.Chunks[0] = call.Chunks[0].With(Pair{"password", "wrong"})
		_, err = b.gateway.Run(t.Context(), call)
		require.ErrorIs(t, err, ErrUnauthenticated)
		reserved, _, _ := p.take()
		require.Empty(t, reserved)
	})
}

// A call-back whose caller the master would check together with the command is not
// reserved before that is done.
func TestCallbackOfUnknownCaller(t *testing.T) {
	t.Parallel()
	b := decidingGateway(t, one("web1"))
	p := &promises{}
	b.gateway.callbacks = p
	const async = `"client": "local_async", "tgt": "*", "fun": "test.ping", "callback": "ci"`
	call, err := asBench(async)
	require.NoError(t, err)
	call.Chunks[0] = call.Chunks[0].With(Pair{"password", "wrong"})
	_, err = b.gateway.Run(t.Context(), call)
	require.ErrorIs(t, err, ErrUnauthenticated)
	reserved, _, _ := p.take()
	require.Empty(t, reserved)
	_, err = b.call(async)
	require.NoError(t, err)
	reserved, kept, _ := p.take()
	require.Equal(t, []string{"bench/sharedsecret"}, reserved)
	require.Equal(t, 1, kept)
}

// The call-backs of commands that the master refuses, and of those that are not
// reached, are dropped.
func TestCallbackDropped(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, cannotRun())
	p := &promises{}
	b.gateway.callbacks = p
	_, err := b.call(`"client": "local_async", "tgt": "*", "fun": "test.ping", "callback": "ci"`,
		`"client": "local_async", "tgt": "*", "fun": "cmd.run", "callback": "ci"`,
		`"client": "local_async", "tgt": "*", "fun": "test.ping", "callback": "ci"`)
	require.Error(t, err)
	reserved, kept, dropped := p.take()
	require.Len(t, reserved, 3)
	require.Equal(t, 1, kept)
	require.Equal(t, 2, dropped)
}

// Without destinations the key is an argument as any other.
func TestNoCallbacks(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, one("web1"))
	_, err := b.call(`"client": "runner_async", "fun": "test.arg", "callback": "ci"`)
	require.NoError(t, err)
	require.True(t, strings.Contains(string(b.Last("runner")), "callback"))
}
