package recordkeeper_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/gateway/recordkeeper"
	"github.com/saltern-api/saltern/records"
)

// fakeStore answers as it is told.
type fakeStore struct {
	records.Store // nil: nothing else is called

	mu    sync.Mutex
	err   error
	trims []records.Trim
}

func (f *fakeStore) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeStore) Ping(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *fakeStore) Trim(_ context.Context, t records.Trim) (records.Trimmed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trims = append(f.trims, t)
	return records.Trimmed{Jobs: 2, Returns: 7}, f.err
}

func (f *fakeStore) Size(context.Context) (records.Size, error) {
	return records.Size{Jobs: 5, Returns: 20, Bytes: 1000}, nil
}

func TestKeeper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f fakeStore
		var log bytes.Buffer
		reg := prometheus.NewRegistry()
		k := recordkeeper.New(&f, recordkeeper.Options{
			Keep: time.Hour, MaxSize: 500, Registerer: reg, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { k.Run(ctx); close(done) }()
		began := time.Now()
		time.Sleep(25*time.Minute + time.Second)
		synctest.Wait()
		require.Equal(t, []records.Trim{
			{Before: began.Add(-time.Hour), Bytes: 500}, {Before: began.Add(-50 * time.Minute), Bytes: 500},
			{Before: began.Add(-40 * time.Minute), Bytes: 500},
		}, f.trims)
		require.True(t, k.Up())
		require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP saltern_records_bytes About how much is recorded, as counted every ten minutes.
# TYPE saltern_records_bytes gauge
saltern_records_bytes 1000
# HELP saltern_records_jobs Jobs that are recorded, as counted every ten minutes.
# TYPE saltern_records_jobs gauge
saltern_records_jobs 5
# HELP saltern_records_up Whether the database of records answered the last time, and took what was written.
# TYPE saltern_records_up gauge
saltern_records_up 1
`)))

		f.set(records.ErrUnavailable)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.False(t, k.Up())
		require.Equal(t, 1, strings.Count(log.String(), "cannot be reached; commands run without them"))
		require.Len(t, f.trims, 3, "nothing is removed while it is away")
		f.set(nil)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		require.True(t, k.Up())
		require.Len(t, f.trims, 4)
		require.Contains(t, log.String(), "can be reached again")

		log.Reset()
		k.Wrote(nil)
		require.Empty(t, log.String())
		k.Wrote(records.ErrFull)
		k.Wrote(records.ErrFull)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.False(t, k.Up(), "it answers, and takes nothing")
		require.Equal(t, 1, strings.Count(log.String(), "no room for records"))
		require.Len(t, f.trims, 10, "what is too old is removed")
		k.Wrote(nil)
		require.True(t, k.Up())
		require.Contains(t, log.String(), "can be reached again")
		cancel()
		<-done
	})
}
