package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// witness sees what a master is made to do, past any gateway: the events of
// its bus and the jobs in its cache.
type witness struct {
	firer *eventbus.Firer
	all   *eventbus.Sub
	cache string
	known []string // jobs in the cache that have been told of
	calls atomic.Int64
}

// newWitness sees what happens from now on. It ends with the test.
func newWitness(t *testing.T, r *env.Env) *witness {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: filepath.Join(r.SockDir(), "master_event_pub.ipc"), Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = bus.Run(ctx)
	}()
	w := &witness{
		firer: eventbus.NewFirer(bus, eventbus.FirerOptions{
			Network: "unix", Address: filepath.Join(r.SockDir(), "master_event_pull.ipc"), Log: log, Confirm: patience,
		}),
		all:   bus.Expect(""),
		cache: filepath.Join(r.CacheDir(), "jobs"),
	}
	t.Cleanup(func() {
		w.all.Close()
		cancel()
		<-ended
	})
	require.NoError(t, bus.Ready(t.Context()))
	w.seen(t)
	return w
}

// fire puts an event on the bus, as whoever has got that far could.
func (w *witness) fire(t *testing.T, tag, data string) {
	t.Helper()
	raw, err := msgpack.AppendFromJSON(nil, []byte(data))
	require.NoError(t, err)
	require.NoError(t, w.firer.Fire(t.Context(), tag, raw))
}

// busEvent is one of the bus, with its data as JSON.
type busEvent struct{ tag, data string }

// next waits for the next event with such a tag.
func (w *witness) next(t *testing.T, tag *regexp.Regexp) busEvent {
	t.Helper()
	for {
		if e := w.read(t); tag.MatchString(e.tag) {
			return e
		}
	}
}

func (w *witness) read(t *testing.T) busEvent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	e, err := w.all.Next(ctx)
	if err == eventbus.ErrGap { //nolint:errorlint // it is never wrapped; the first connection is one
		return w.read(t)
	}
	require.NoError(t, err)
	data, err := msgpack.AppendJSON(nil, e.Data)
	require.NoError(t, err, e.Tag)
	return busEvent{tag: e.Tag, data: string(data)}
}

// seen returns the events since it was called last.
func (w *witness) seen(t *testing.T) []busEvent {
	t.Helper()
	last := fmt.Sprintf("saltern/witness/%d", w.calls.Add(1))
	w.fire(t, last, `{}`)
	var events []busEvent
	for {
		e := w.read(t)
		if e.tag == last {
			w.newJobs(t)
			return events
		}
		if !strings.HasPrefix(e.tag, eventbus.ProbePrefix) {
			events = append(events, e)
		}
	}
}

// begun are the tags by which a master tells of a job that it begins.
var begun = regexp.MustCompile(`^salt/(job|run|wheel)/[^/]+/(new|publish)$|^\d{20}$`)

// requireIdle requires that the master was made to do nothing since seen was
// called last.
func (w *witness) requireIdle(t *testing.T) {
	t.Helper()
	jobs := w.newJobs(t)
	for _, e := range w.seen(t) {
		require.False(t, begun.MatchString(e.tag), "a job: %s %s", e.tag, e.data)
	}
	require.Empty(t, jobs, "jobs in the cache")
}

// newJobs are the folders of the job cache that are new since the last call.
func (w *witness) newJobs(t *testing.T) []string {
	t.Helper()
	jobs, err := filepath.Glob(filepath.Join(w.cache, "*", "*"))
	require.NoError(t, err)
	more := added(w.known, jobs)
	w.known = jobs
	return more
}
