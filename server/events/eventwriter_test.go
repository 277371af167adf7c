package events

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/server/web"
)

// chanTap is a bus with the events sent to it.
type chanTap chan eventbus.Event

func (c chanTap) Next(ctx context.Context) (eventbus.Event, error) {
	select {
	case e := <-c:
		return e, nil
	case <-ctx.Done():
		return eventbus.Event{}, ctx.Err()
	}
}

func (chanTap) Close() {}

// lockedRecorder may be read while it is written.
type lockedRecorder struct {
	mu sync.Mutex
	*httptest.ResponseRecorder
}

func (r *lockedRecorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ResponseRecorder.Write(p)
}

func (r *lockedRecorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.Body.Reset()
	return r.Body.String()
}

func TestSilentStreamShowsThatItIsThere(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(ctx context.Context, w *eventWriter, reader *eventstream.Reader) error{
		"one goroutine": func(ctx context.Context, w *eventWriter, reader *eventstream.Reader) error {
			return w.copy(ctx, reader)
		},
		"steps": func(ctx context.Context, w *eventWriter, reader *eventstream.Reader) error {
			due := make(chan struct{}, 1)
			for {
				if ended, err := w.step(ctx, reader); ended {
					return err
				}
				w.until(func() {
					select {
					case due <- struct{}{}:
					default:
					}
				})
				<-due
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testSilentStream(t, write)
		})
	}
}

func testSilentStream(t *testing.T, write func(ctx context.Context, w *eventWriter, reader *eventstream.Reader) error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tap := make(chanTap)
		hub := eventstream.New(eventstream.Options{Tap: func() eventstream.Tap { return tap }})
		defer hub.Close()
		reader, err := hub.Read(eventstream.Request{Tags: []string{"a"}})
		require.NoError(t, err)
		defer reader.Close()
		answer := &lockedRecorder{ResponseRecorder: httptest.NewRecorder()}
		ctx, cancel := context.WithCancel(t.Context())
		x := web.NewExchange(answer, time.Minute)
		w := newEventWriter(ctx, x)
		done := make(chan error)
		go func() { done <- write(ctx, w, reader) }()

		say := func(tag string) {
			tap <- eventbus.Event{Tag: tag, Data: mastertest.JSON(`{}`)}
			synctest.Wait()
		}
		written := func() string {
			synctest.Wait()
			return answer.take()
		}
		start := reader.Position()
		time.Sleep(keepAlive + time.Second)
		require.Equal(t, ": keep-alive\n\n", written())
		time.Sleep(keepAlive)
		require.Equal(t, ": keep-alive\n\n", written())
		say("a")
		time.Sleep(time.Second)
		require.Contains(t, written(), "tag: a\n")
		time.Sleep(keepAlive)
		require.Empty(t, written(), "it was not silent")
		say("b")
		time.Sleep(keepAlive)
		moved := written()
		require.Regexp(t, `\A: keep-alive\nid: [0-9a-f]{12}-\d+\n\n\z`, moved, "the filter held an event back")
		require.NotContains(t, moved, start)
		time.Sleep(keepAlive)
		require.Equal(t, ": keep-alive\n\n", written())

		cancel()
		require.NoError(t, <-done)
		w.release()
	})
}
