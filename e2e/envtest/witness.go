package envtest

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

// Witness sees what a master is made to do, past any gateway: the events of
// its bus and the jobs in its cache.
type Witness struct {
	Firer *eventbus.Firer
	all   *eventbus.Sub
	Cache string
	known []string // jobs in the cache that have been told of
	calls atomic.Int64
}

// NewWitness sees what happens from now on. It ends with the test.
func NewWitness(t *testing.T, r *env.Env) *Witness {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: filepath.Join(r.SockDir(), "master_event_pub.ipc"), Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = bus.Run(ctx)
	}()
	w := &Witness{
		Firer: eventbus.NewFirer(bus, eventbus.FirerOptions{
			Network: "unix", Address: filepath.Join(r.SockDir(), "master_event_pull.ipc"), Log: log, Confirm: Patience,
		}),
		all:   bus.Expect(""),
		Cache: filepath.Join(r.CacheDir(), "jobs"),
	}
	t.Cleanup(func() {
		w.all.Close()
		cancel()
		<-ended
	})
	require.NoError(t, bus.Ready(t.Context()))
	w.Seen(t)
	return w
}

// Fire puts an event on the bus, as whoever has got that far could.
func (w *Witness) Fire(t *testing.T, tag, data string) {
	t.Helper()
	raw, err := msgpack.AppendFromJSON(nil, []byte(data))
	require.NoError(t, err)
	require.NoError(t, w.Firer.Fire(t.Context(), tag, raw))
}

// BusEvent is one of the bus, with its data as JSON.
type BusEvent struct{ Tag, Data string }

// Next waits for the next event with such a tag.
func (w *Witness) Next(t *testing.T, tag *regexp.Regexp) BusEvent {
	t.Helper()
	for {
		if e := w.read(t); tag.MatchString(e.Tag) {
			return e
		}
	}
}

func (w *Witness) read(t *testing.T) BusEvent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	e, err := w.all.Next(ctx)
	if err == eventbus.ErrGap { //nolint:errorlint // it is never wrapped; the first connection is one
		return w.read(t)
	}
	require.NoError(t, err)
	data, err := msgpack.AppendJSON(nil, e.Data)
	require.NoError(t, err, e.Tag)
	return BusEvent{Tag: e.Tag, Data: string(data)}
}

// Seen returns the events since it was called last.
func (w *Witness) Seen(t *testing.T) []BusEvent {
	t.Helper()
	last := fmt.Sprintf("saltern/witness/%d", w.calls.Add(1))
	w.Fire(t, last, `{}`)
	var events []BusEvent
	for {
		e := w.read(t)
		if e.Tag == last {
			w.NewJobs(t)
			return events
		}
		if !strings.HasPrefix(e.Tag, eventbus.ProbePrefix) {
			events = append(events, e)
		}
	}
}

// Begun are the tags with which a master begins a job.
var Begun = regexp.MustCompile(`^salt/(job|run|wheel)/[^/]+/(new|publish)$|^\d{20}$`)

// RequireIdle requires that the master was made to do nothing since seen was
// called last.
func (w *Witness) RequireIdle(t *testing.T) {
	t.Helper()
	jobs := w.NewJobs(t)
	for _, e := range w.Seen(t) {
		require.False(t, Begun.MatchString(e.Tag), "a job: %s %s", e.Tag, e.Data)
	}
	require.Empty(t, jobs, "jobs in the cache")
}

// NewJobs are the folders of the job cache that are new since the last call.
func (w *Witness) NewJobs(t *testing.T) []string {
	t.Helper()
	jobs, err := filepath.Glob(filepath.Join(w.Cache, "*", "*"))
	require.NoError(t, err)
	more := Added(w.known, jobs)
	w.known = jobs
	return more
}
