package lowstate

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// verbose is a master with two minions that return text of some size.
func verbose(size int) mastertest.Options {
	answer := func(_ context.Context, job mastertest.Job) mastertest.Return {
		if job.Fun == "test.ping" {
			return mastertest.Return{Return: msgpack.AppendBool(nil, true)}
		}
		return mastertest.Return{Return: msgpack.AppendString(nil, strings.Repeat("a line\n", size/7))}
	}
	return mastertest.Options{
		MaxEventSize: 64 << 20,
		Minions:      []mastertest.Minion{{ID: "ms-0", Answer: answer}, {ID: "ms-1", Answer: answer}},
		Runners: map[string]mastertest.Function{
			"test.large": func(context.Context, mastertest.Call) (msgpack.Raw, bool) {
				return msgpack.AppendString(nil, strings.Repeat("a line\n", size/7)), true
			},
		},
	}
}

// run runs chunks with a spool of their own.
func (b *before) run(s *spool.Spool, chunks ...string) (Result, error) {
	c, err := asBench(chunks...)
	require.NoError(b.t, err)
	c.Spool = s
	return b.gateway.Run(b.t.Context(), c)
}

func unlinked(dir string) func() (spool.File, error) {
	return func() (spool.File, error) { return spool.Unlinked(dir) }
}

// cached is a master that keeps the same returns in its job cache, and trims those on
// its event bus.
func cached(o mastertest.Options) mastertest.Options {
	o.MaxEventSize, o.JobCache = 0, true
	return o
}

// Large answers of all clients are in the call's spool, and take little memory.
func TestAnswersAreSpooled(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mastertest.Options{"from the bus": verbose(5 << 20), "from the job cache": cached(verbose(5 << 20))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testAnswersAreSpooled(t, gatewayBefore(t, o))
		})
	}
}

func testAnswersAreSpooled(t *testing.T, b *before) {
	store := spool.NewStore(spool.Options{Memory: 32 << 20, Disk: 1 << 30, Create: unlinked(t.TempDir())})
	text := strings.Repeat(`a line\n`, 5<<20/7)
	for name, c := range map[string]struct {
		chunks []string
		want   int // how often the text is there
	}{
		"local":       {[]string{`"client": "local", "tgt": "*", "fun": "cmd.run"`}, 2},
		"full_return": {[]string{`"client": "local", "tgt": "*", "fun": "cmd.run", "full_return": true`}, 2},
		"two chunks":  {[]string{`"client": "local", "tgt": "ms-0", "fun": "cmd.run"`, `"client": "local", "tgt": "*", "fun": "cmd.run"`}, 3},
		"raw batch":   {[]string{`"client": "local_batch", "tgt": "*", "fun": "cmd.run", "raw": true`}, 2},
		"batch":       {[]string{`"client": "local_batch", "tgt": "*", "fun": "cmd.run", "batch": 1`}, 2},
		"runners":     {[]string{`"client": "runner", "fun": "test.large"`, `"client": "runner", "fun": "test.large"`}, 2},
	} {
		s := store.New()
		res, err := b.run(s, c.chunks...)
		require.NoError(t, err, name)
		got := 0
		for _, a := range res.Answers {
			require.IsType(t, Spooled{}, a, name)
			part, err := Put(s, a)
			require.NoError(t, err, name)
			whole, err := part.Bytes()
			require.NoError(t, err, name)
			got += strings.Count(string(whole), text)
		}
		require.Equal(t, c.want, got, name)
		memory, disk := store.Held()
		require.Less(t, memory, int64(1<<20), name)
		require.Greater(t, disk, int64(c.want*5<<20), name)
		require.NoError(t, s.Close())
		memory, disk = store.Held()
		require.Zero(t, memory+disk, name)
	}
}

// Above the limit for all, a call is refused, before it is sent if it cannot fit.
// Small answers find room.
func TestAnswersAboveTheLimit(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mastertest.Options{"from the bus": verbose(5 << 20), "from the job cache": cached(verbose(5 << 20))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testAnswersAboveTheLimit(t, gatewayBefore(t, o))
		})
	}
}

func testAnswersAboveTheLimit(t *testing.T, b *before) {
	store := spool.NewStore(spool.Options{Memory: 32 << 20, Disk: 12 << 20, Create: unlinked(t.TempDir())})
	first := store.New()
	_, err := b.run(first, `"client": "local", "tgt": "ms-0", "fun": "cmd.run"`)
	require.NoError(t, err)

	second := store.New()
	_, err = b.run(second, `"client": "local", "tgt": "*", "fun": "cmd.run"`)
	requireKind(t, Unavailable, "Too many large answers at once. The command was sent: its job is 2", err)
	e, _ := errors.AsType[*Error](err)
	require.Equal(t, answersRetryAfter, e.RetryAfter)
	require.NoError(t, second.Close())

	third, fourth := store.New(), store.New()
	_, err = third.Write(make([]byte, 5<<20))
	require.NoError(t, err)
	res, err := b.run(fourth, `"client": "local", "tgt": "*", "fun": "cmd.run"`)
	require.Equal(t, &Error{Kind: Unavailable, Text: textManyAnswers, RetryAfter: answersRetryAfter, Err: spool.ErrFull}, err)
	require.Empty(t, res.Records[0].JID, "it was not sent")
	require.NoError(t, third.Close())

	_, err = b.run(fourth, `"client": "local", "tgt": "*", "fun": "test.ping"`)
	require.NoError(t, err)
	require.NoError(t, fourth.Close())
	require.NoError(t, first.Close())
	memory, disk := store.Held()
	require.Zero(t, memory+disk)
}

// A full disk is the error of large answers alone.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	b := gatewayBefore(t, verbose(5<<20))
	full := &os.PathError{Op: "write", Path: "state_dir", Err: errors.New("no space left on device")}
	store := spool.NewStore(spool.Options{Memory: 32 << 20, Create: func() (spool.File, error) { return nil, full }})
	s := store.New()
	_, err := b.run(s, `"client": "local", "tgt": "*", "fun": "cmd.run"`)
	requireKind(t, Unavailable, "The gateway has no room on its disk for an answer of this size. The command was sent: its job is 2", err)
	require.ErrorIs(t, err, full, "the log has the cause")
	require.NoError(t, s.Close())

	s = store.New()
	res, err := b.run(s, `"client": "local", "tgt": "*", "fun": "test.ping"`)
	require.NoError(t, err)
	require.JSONEq(t, `{"ms-0": true, "ms-1": true}`, string(res.Answers[0].JSON()))
	require.NoError(t, s.Close())
	memory, disk := store.Held()
	require.Zero(t, memory+disk)
}

// A caller that hangs up leaves nothing.
func TestHangUpFreesAnswers(t *testing.T) {
	t.Parallel()
	o := verbose(5 << 20)
	o.Minions[1].Delay = time.Minute
	b := gatewayBefore(t, o)
	store := spool.NewStore(spool.Options{Memory: 32 << 20, Disk: 1 << 30, Create: unlinked(t.TempDir())})
	c, err := asBench(`"client": "local", "tgt": "*", "fun": "cmd.run", "timeout": 60`)
	require.NoError(t, err)
	c.Spool = store.New()
	ctx, hangUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := b.gateway.Run(ctx, c)
		done <- errors.Join(err, c.Spool.Close())
	}()
	require.Eventually(t, func() bool {
		_, disk := store.Held()
		return disk > 4<<20
	}, 30*time.Second, time.Millisecond)
	hangUp()
	require.ErrorIs(t, <-done, context.Canceled)
	memory, disk := store.Held()
	require.Zero(t, memory+disk)
}
