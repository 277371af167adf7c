package differential

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// hookEvents are the events that the hooks of both have fired, as they are on the bus:
// Saltern's /events hides credentials from its readers, and salt-api's asks the master
// about the reader's token after each event.
type hookEvents struct {
	mu    sync.Mutex
	byTag map[string]string // the event's JSON
}

const hookTag = "salt/netapi/hook"

// openHookEvents follows the bus until the test ends.
func openHookEvents(t *testing.T, w *httpWorld) *hookEvents {
	t.Helper()
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: filepath.Join(w.env.SockDir(), "master_event_pub.ipc")})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	running.Go(func() { _ = bus.Run(ctx) }) // the context's error
	require.NoError(t, bus.Ready(t.Context()))
	sub := bus.Expect(hookTag)
	e := &hookEvents{byTag: make(map[string]string)}
	running.Go(func() {
		defer sub.Close()
		for {
			event, err := sub.Next(ctx)
			if err != nil {
				return // what comes after it never came
			}
			text, err := msgpack.AppendJSON([]byte(`{"data": `), event.Data)
			if err != nil {
				text = []byte(err.Error())
			}
			e.mu.Lock()
			e.byTag[event.Tag] = string(msgpack.AppendJSONString(append(text, `, "tag": `...), event.Tag)) + "}"
			e.mu.Unlock()
		}
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
