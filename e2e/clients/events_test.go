package clients

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// event is one of Salt's, as /events and /ws send it.
type event struct {
	Tag  string
	Data struct {
		JID, ID, Fun string
		Return       any
	}
}

// eventStream is an answer of /events, read as it comes. Its end closes events.
type eventStream struct {
	events chan event
	first  chan string // the first line
}

func readEvents(r io.Reader) *eventStream {
	s := &eventStream{events: make(chan event, 1000), first: make(chan string, 1)}
	go func() {
		defer close(s.events)
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 4<<20)
		for n := 0; lines.Scan(); n++ {
			if n == 0 {
				s.first <- lines.Text()
			}
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			var e event
			if ok && json.Unmarshal([]byte(data), &e) == nil {
				s.events <- e
			}
		}
	}()
	return s
}

// awaitFirst waits for the first line of the stream. Salt-api sends it only with
// the first event, so jobs are started until it comes.
func (s *eventStream) awaitFirst(t *testing.T, startJob func() string) string {
	t.Helper()
	for range 30 {
		startJob()
		select {
		case line := <-s.first:
			return line
		case <-time.After(time.Second):
		}
	}
	require.Fail(t, "the stream does not begin")
	return ""
}

// awaitReturns waits for the returns of a job from all minions.
func (s *eventStream) awaitReturns(t *testing.T, jid string) {
	t.Helper()
	missing := make(map[string]bool)
	for _, id := range minions {
		missing["salt/job/"+jid+"/ret/"+id] = true
	}
	late := time.After(30 * time.Second)
	for len(missing) > 0 {
		select {
		case e, ok := <-s.events:
			require.True(t, ok, "the stream ended, without %v", missing)
			if missing[e.Tag] {
				require.Equal(t, jid, e.Data.JID)
				require.True(t, strings.HasSuffix(e.Tag, "/"+e.Data.ID), "%v", e)
				delete(missing, e.Tag)
			}
		case <-late:
			require.Fail(t, "no event", "%v", missing)
		}
	}
}

// awaitEnd waits until the other side ends the stream.
func (s *eventStream) awaitEnd(t *testing.T) {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case _, ok := <-s.events:
			if !ok {
				return
			}
		case <-late:
			require.Fail(t, "the stream does not end")
		}
	}
}
