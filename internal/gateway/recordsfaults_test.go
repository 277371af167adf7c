package gateway

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to hold a lock that keeps the gateway from writing

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// minions of which each returns some kB.
func minions(n int) mastertest.Options {
	o := mastertest.Options{JobCache: true}
	for i := range n {
		o.Minions = append(o.Minions, mastertest.Minion{ID: fmt.Sprint("m", i)})
	}
	return o
}

// A gateway that is killed with a full queue, in the middle of many jobs, has all
// of them recorded after it was started again, and none twice.
func TestKilledWhileRecording(t *testing.T) {
	t.Parallel()
	const jobs, each = 1000, 4
	master := mastertest.Start(t, minions(each))
	dir := t.TempDir()
	file := filepath.Join(dir, "state", "records.db")
	first := startChild(t, master, dir, "", "")

	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: master.Addr()})
	t.Cleanup(pool.Close)
	client := saltmaster.New(pool, saltmaster.Options{User: "root"})
	t.Cleanup(client.Close)
	token, err := master.Token("bench")
	require.NoError(t, err)
	jids := new(saltmaster.JIDs)
	text := strings.Repeat("x", 8<<10)
	publish := func(n int) {
		t.Helper()
		for range n {
			_, err := client.Publish(t.Context(), saltmaster.Publication{
				Tgt: msgpack.AppendString(nil, "*"), TgtType: "glob", Fun: "test.echo", Token: token, JID: jids.Next(),
				Arg: msgpack.AppendString(msgpack.AppendArray(nil, 1), text),
			})
			require.NoError(t, err)
		}
	}
	store := sqlite.Open(sqlite.Options{File: file})
	defer func() { require.NoError(t, store.Close()) }()
	completed := func() int {
		c, err := store.CountJobs(t.Context(), records.Filter{States: []records.State{records.Completed}})
		require.NoError(t, err)
		return c.Total
	}
	publish(200)
	require.Eventually(t, func() bool { return completed() > 100 }, time.Minute, 200*time.Millisecond)

	// Another process writes for a long time: the queue grows beyond its memory.
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(t.Context(), "PRAGMA busy_timeout = 60000")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	publish(400)
	first.kill(t)
	publish(200)
	_, err = db.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.Less(t, completed(), 600, "it was killed before it had written all")

	startChild(t, master, dir, "", "")
	publish(jobs - 800)
	require.Eventually(t, func() bool { return completed() >= jobs }, 3*time.Minute, time.Second)
	size, err := store.Size(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, jobs, size.Jobs)
	require.EqualValues(t, jobs*each, size.Returns)
}

// A full disk is no reason for a command to fail. The gateway says so, and
// records again when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	master := mastertest.Start(t, minions(2))
	dir, more := t.TempDir(), filepath.Join(master.ConfDir(), "master.d")
	require.NoError(t, os.MkdirAll(more, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(more, "clients.conf"), []byte("netapi_enable_clients: [local]\n"), 0o600))
	disk := filepath.Join(dir, "disk")
	require.NoError(t, os.Mkdir(disk, 0o700))
	g := startChild(t, master, dir, "records: {file: "+disk+"/records.db}\n", disk)
	require.Eventually(t, func() bool { return strings.Contains(g.get(t, "/metrics"), "\nsaltern_records_up 1\n") }, time.Minute, 10*time.Millisecond)
	jobs := 0
	ping := func(arg string) {
		t.Helper()
		jobs++
		require.JSONEq(t, `{"return": [{"m0": "`+arg+`", "m1": "`+arg+`"}]}`,
			g.post(t, `"client": "local", "tgt": "*", "fun": "test.echo", "arg": ["`+arg+`"]`))
	}
	ping("before")
	require.Contains(t, g.order(t, "fill"), "no space left on device")
	require.Eventually(t, func() bool {
		ping(strings.Repeat("while it is full ", 100))
		return strings.Contains(g.get(t, "/metrics"), "\nsaltern_records_up 0\n")
	}, time.Minute, 10*time.Millisecond)
	require.Contains(t, g.get(t, "/readyz"), "records", "it is ready, and says what is missing")
	ping("full")
	require.Equal(t, "<nil>", g.order(t, "free"))
	require.Eventually(t, func() bool { return strings.Contains(g.get(t, "/metrics"), "\nsaltern_records_up 1\n") }, time.Minute, 10*time.Millisecond)
	ping("after")
	metric := func(name string) (n int) {
		for line := range strings.Lines(g.get(t, "/metrics")) {
			_, _ = fmt.Sscanf(line, name+" %d\n", &n)
		}
		return n
	}
	require.Eventually(t, func() bool { return metric("saltern_records_returns_total") >= 2*jobs }, time.Minute, 10*time.Millisecond)
	require.Equal(t, jobs, metric("saltern_records_jobs_total"))
	require.Equal(t, 0, metric("saltern_records_dropped_total"))
}
