package jobs

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// settling is a reader for which the first ones wait until something is recorded.
type settling struct {
	records.Reader
	first    chan struct{} // has a value for each of those that wait
	recorded chan struct{}
	settled  chan struct{} // gets one for each that has settled
}

func (s settling) Settled(ctx context.Context) records.Reader {
	select {
	case <-s.first:
		select {
		case <-s.recorded:
		case <-ctx.Done():
		}
	default:
	}
	s.settled <- struct{}{}
	return s.Reader
}

func (s settling) Job(ctx context.Context, jid string, minions bool) (records.Job, error) {
	return s.Settled(ctx).Job(ctx, jid, minions)
}

// Those who wait for what is about to be recorded keep no others from reading, and wait
// once, not for each job.
func TestReadSettles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := settling{stored{}, make(chan struct{}, maxReaders), make(chan struct{}), make(chan struct{}, 3*maxReaders)}
		of := NewRecords(s)
		read := func() error {
			return of.read(t.Context(), func(ctx context.Context, from records.Reader) error {
				_, err := from.Job(ctx, "1", false)
				_, second := from.Job(ctx, "2", false)
				require.NoError(t, second)
				return err
			})
		}
		waited := make(chan error, maxReaders)
		for range maxReaders {
			s.first <- struct{}{}
			go func() { waited <- read() }()
		}
		synctest.Wait()
		require.NoError(t, read())
		require.Len(t, s.settled, 1)
		close(s.recorded)
		for range maxReaders {
			require.NoError(t, <-waited)
		}
		require.Len(t, s.settled, maxReaders+1)
	})
}

// stored is a store with every job.
type stored struct{ records.Reader }

func (stored) Job(_ context.Context, jid string, _ bool) (records.Job, error) {
	return records.Job{JID: jid}, nil
}
