package schedule_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/killtest"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/postgres"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
	"github.com/saltern-api/saltern/records/recordstest"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/records/sqlite"
)

// childEnv is the environment variable with the URL of the database for the child of
// TestKilled.
const childEnv = "SALTERN_TEST_SCHEDULE"

func TestMain(m *testing.M) {
	if url := os.Getenv(childEnv); url != "" {
		child(url)
	}
	goleak.VerifyTestMain(m)
}

// printing writes a line for each run that it makes, and does not end those of the
// schedules whose names begin with "hangs".
type printing struct{ name string }

// Run implements schedule.Runner.
func (p printing) Run(ctx context.Context, s records.Schedule, due time.Time) schedule.Outcome {
	_, _ = fmt.Fprintln(os.Stdout, p.name, s.Name, due.UnixMicro()) // which the test reads
	if strings.HasPrefix(s.Name, "hangs") {
		<-ctx.Done()
	}
	return schedule.Outcome{State: records.RunStarted, JID: "20261129120054248604", Cmd: "local", Fun: "test.ping"}
}

// child is a gateway that runs schedules until it is killed.
func child(url string) {
	store, err := postgres.Open(postgres.Options{URL: url})
	if err == nil {
		schedule.New(store, schedule.Options{}).Run(context.Background(), printing{"child"})
	}
	os.Exit(1)
}

// dueIn puts a schedule that is due some time from now.
func dueIn(t *testing.T, s records.Store, n int, name string, d time.Duration) records.Schedule {
	t.Helper()
	one := made(t, name, `{"minutes":1}`)
	one.ID, one.Version = fmt.Sprintf("60c14cfc-09ca-4b5a-bc76-%012d", n), 0
	one.Due = records.Micro(time.Now().Add(d))
	one.Start = one.Due
	got, err := s.PutSchedule(t.Context(), one, true)
	require.NoError(t, err)
	return got
}

// runs returns the states of the first run of each schedule, by their names.
func runs(t *testing.T, s records.Store, first map[string]time.Time) map[string]records.RunState {
	t.Helper()
	all, err := s.Runs(t.Context(), records.RunQuery{Limit: records.MaxLimit})
	require.NoError(t, err)
	found := make(map[string]records.RunState)
	for _, r := range all {
		if r.Due.Equal(first[r.Name]) {
			found[r.Name] = r.State
		}
	}
	return found
}

// TestKilled kills one of two gateways with one PostgreSQL in the middle of its runs.
// Those that it was about to make are not made by the other one, and show as unknown;
// what is due later is run by the other one, and each time once.
func TestKilled(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).Database(t)
	store, err := postgres.Open(postgres.Options{URL: url})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.Ping(t.Context()))

	first := make(map[string]time.Time)
	put := func(n int, name string, d time.Duration) {
		s := dueIn(t, store, n, name, d)
		first[name] = s.Due
	}
	put(1, "hangs 1", 0)
	put(2, "hangs 2", 0)
	cmd, out := killtest.Child(t, childEnv+"="+url)
	lines := killtest.Read(t, out, 2, 2, func() { require.NoError(t, cmd.Process.Kill()) })
	require.Error(t, cmd.Wait())
	require.Len(t, lines, 2)
	require.Equal(t, records.RunClaimed, runs(t, store, first)["hangs 1"])

	// The other gateway, and a third one, look after what is due from now on.
	ran := newCounting()
	var stops []func()
	for range 2 {
		other, err := postgres.Open(postgres.Options{URL: url})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { schedule.New(other, schedule.Options{}).Run(ctx, ran); close(done) }()
		stops = append(stops, func() { stop(); <-done; require.NoError(t, other.Close()) })
	}
	for n := range 10 {
		put(10+n, fmt.Sprint("later ", n), time.Duration(n)*100*time.Millisecond)
	}
	require.Eventually(t, func() bool {
		found := runs(t, store, first)
		for n := range 10 {
			if found[fmt.Sprint("later ", n)] != records.RunStarted {
				return false
			}
		}
		return true
	}, 30*time.Second, recordstest.Pause)
	// As if the claims of the killed one had ended.
	lost, err := store.LoseRuns(t.Context(), time.Now().Add(time.Hour), "its gateway ended")
	require.NoError(t, err)
	require.Len(t, lost, 2)
	for _, stop := range stops {
		stop()
	}
	for name, at := range first {
		if strings.HasPrefix(name, "later") {
			require.Equal(t, 1, ran.times(name, at), name)
		} else {
			require.Zero(t, ran.times(name, at), "%s is not run again", name)
			require.Equal(t, records.RunUnknown, runs(t, store, first)[name])
		}
	}
}

// TestSQLite runs schedules of a file, over a restart.
func TestSQLite(t *testing.T) {
	t.Parallel()
	store := sqlite.Open(sqlite.Options{File: filepath.Join(t.TempDir(), "records.db")})
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	ran := newCounting()
	for n := range 2 {
		s := dueIn(t, store, n, fmt.Sprint(n), 0)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { schedule.New(store, schedule.Options{}).Run(ctx, ran); close(done) }()
		require.Eventually(t, func() bool {
			return runs(t, store, map[string]time.Time{s.Name: s.Due})[s.Name] == records.RunStarted
		}, 30*time.Second, recordstest.Pause)
		stop()
		<-done
		require.Equal(t, 1, ran.times(s.Name, s.Due))
	}
}
