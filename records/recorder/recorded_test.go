package recorder_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// TestRecordedStreams records what real masters wrote, and compares that with
// what the exchanges were.
func TestRecordedStreams(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"3006", "3007", "3008"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata", "recorded-"+release+".txt"))
			require.NoError(t, err)
			require.Equal(t, string(text), recordStream(t, stream(t, release), strings.Count(string(text), "\n")))
		})
	}
}

// stream returns the events that a master wrote, one after the other.
func stream(t *testing.T, release string) (bus []byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "wire", release, "wire.json"))
	require.NoError(t, err)
	var recording struct{ Cases []struct{ Bus string } }
	require.NoError(t, json.Unmarshal(text, &recording))
	for _, c := range recording.Cases {
		events, err := hex.DecodeString(c.Bus)
		require.NoError(t, err)
		bus = append(bus, events...)
	}
	return bus
}

// recordStream has a publisher write bytes, and returns a line for each job and
// return that is recorded then, of which there are some.
func recordStream(t *testing.T, bus []byte, lines int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rs") // short: it holds the path of a unix socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	listener, err := net.Listen("unix", filepath.Join(dir, "bus"))
	require.NoError(t, err)
	store := sqlite.Open(sqlite.Options{File: filepath.Join(dir, "r.db")})
	b := eventbus.New(eventbus.Options{Network: "unix", Address: filepath.Join(dir, "bus"), Log: slog.New(slog.DiscardHandler)})
	r := recorder.New(store, recorder.Options{MasterID: "wire_master"})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	sub := b.Expect("salt/")
	all.Go(func() { _ = b.Run(ctx) })
	all.Go(func() { r.Run(ctx, sub) })
	conn, err := listener.Accept()
	require.NoError(t, err)
	_, err = conn.Write(bus)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		s := r.Stats()
		return s.Jobs+s.Returns >= uint64(lines)
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, conn.Close())
	require.NoError(t, listener.Close())
	cancel()
	all.Wait()
	var out strings.Builder
	for e, err := range store.Export(t.Context(), time.Time{}, time.Time{}) {
		require.NoError(t, err)
		switch j, ret := e.Job, e.Return; {
		case j != nil:
			fmt.Fprintf(&out, "%s %s by %s for %s (%s) %s: %s\n", j.Client, j.Fun, j.User, j.Tgt, strings.Join(j.Minions, " "), j.Arguments, j.State)
		case ret.Omitted:
			fmt.Fprintf(&out, "  %s %d %s, %d bytes\n", ret.Minion, ret.Retcode, ret.Outcome(), ret.Size)
		default:
			value, err := msgpack.AppendJSON(nil, ret.Value)
			require.NoError(t, err)
			fmt.Fprintf(&out, "  %s %d %s %.60s\n", ret.Minion, ret.Retcode, ret.Outcome(), value)
		}
	}
	require.NoError(t, store.Close())
	return out.String()
}
