package differential

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// hookEvents are the events that the hooks of both have fired, as Saltern's /events
// shows them. salt-api asks the master about the caller's token after each event of
// the bus, for as long as somebody reads.
type hookEvents struct {
	mu    sync.Mutex
	byTag map[string]string // the event's JSON
}

const hookTag = "salt/netapi/hook"

// openHookEvents follows the bus until the test ends.
func openHookEvents(t *testing.T, w *httpWorld) *hookEvents {
	t.Helper()
	a, err := w.saltern.send(httpStep{method: "GET", path: "/events", stream: "yes",
		headers: []string{"X-Auth-Token: " + w.login(t, w.saltern, sandbox.UserAll)}})
	require.NoError(t, err)
	require.NotNil(t, a.stream, "%d %s", a.status, a.body)
	require.NoError(t, a.conn.SetDeadline(time.Time{}))
	e := &hookEvents{byTag: make(map[string]string)}
	var reader sync.WaitGroup
	reader.Go(func() {
		var tag string
		for a.stream.Scan() {
			if name, value, _ := strings.Cut(a.stream.Text(), ": "); name == "tag" {
				tag = value
			} else if name == "data" && strings.HasPrefix(tag, hookTag) {
				e.mu.Lock()
				e.byTag[tag] = value
				e.mu.Unlock()
			}
		}
	})
	t.Cleanup(func() {
		_ = a.conn.Close()
		reader.Wait()
	})
	return e
}

const neverCame = `"never came"`

// wait returns the event with this tag, or a text when there is none after a
// while.
func (e *hookEvents) wait(tag string) string {
	for range 900 {
		e.mu.Lock()
		event := e.byTag[tag]
		e.mu.Unlock()
		if event != "" {
			return event
		}
		time.Sleep(100 * time.Millisecond)
	}
	return neverCame
}

// readStream reads a stream of events up to the one with this tag, which it
// has fired as often as need be. It returns the lines of this event, after
// those with which the stream began.
func (w *httpWorld) readStream(t *testing.T, a httpAnswer, tag string) string {
	t.Helper()
	defer a.conn.Close() //nolint:errcheck // it never ends otherwise
	seen := make(chan struct{})
	var firing sync.WaitGroup
	defer firing.Wait()
	defer close(seen)
	firing.Go(func() {
		for {
			_, _ = w.saltAPI.send(httpStep{method: "POST", path: "/hook" + strings.TrimPrefix(tag, hookTag),
				headers: []string{"Host: firing", "X-Auth-Token: " + w.fixed["FIRING"]}})
			select {
			case <-seen:
				return
			case <-time.After(time.Second):
			}
		}
	})
	var start, block []string
	for first := true; a.stream.Scan(); {
		switch line := a.stream.Text(); {
		case strings.HasPrefix(line, "retry:") && first:
			start = append(start, line)
		case line != "":
			block = append(block, line)
			first = false
		case len(block) > 0:
			if strings.Contains(strings.Join(block, "\n"), "tag: "+tag+"\n") {
				return strings.Join(append(start, block...), "\n")
			}
			block, first = nil, false
		}
	}
	return "the stream ended"
}
