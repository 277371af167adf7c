package issuer_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// hung is a store that fails only after 2 s.
type hung struct {
	*memory.Store
	up    atomic.Bool
	asked atomic.Int64
}

func (s *hung) Documents(ctx context.Context, collection, after string, limit int) ([]apitoken.Document, error) {
	if s.up.Load() {
		return s.Store.Documents(ctx, collection, after, limit)
	}
	s.asked.Add(1)
	select {
	case <-time.After(2 * time.Second):
		return nil, apitoken.ErrUnavailable
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Concurrent calls do not wait for one another while the store hangs.
func TestRolesOfAHungStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pepper, err := apitoken.LoadPepper(t.TempDir())
		require.NoError(t, err)
		store := &hung{Store: memory.New()}
		s, err := issuer.New(issuer.Options{Store: store, Pepper: pepper, Owners: &town{}})
		require.NoError(t, err)
		defer s.Close()
		synctest.Wait()

		const many = 50
		ended := make(chan error, many)
		ask := func(ctx context.Context) { ended <- s.May(ctx, user("alice"), role.TokenManage) }
		gone, leave := context.WithCancel(t.Context())
		go ask(gone) // it holds the turn
		synctest.Wait()
		for range many - 1 {
			go ask(t.Context())
		}
		synctest.Wait()
		leave() // this is no failure of the store for the others
		require.ErrorIs(t, <-ended, context.Canceled)
		for range many - 1 {
			require.ErrorIs(t, <-ended, apitoken.ErrUnavailable)
		}
		require.EqualValues(t, 2, store.asked.Load())

		// Later calls try again, and a call ends with its context.
		go ask(t.Context())
		synctest.Wait()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go ask(impatient)
		require.ErrorIs(t, <-ended, context.DeadlineExceeded)
		require.ErrorIs(t, <-ended, apitoken.ErrUnavailable)
		require.EqualValues(t, 3, store.asked.Load())
		store.up.Store(true)
		require.NoError(t, s.May(t.Context(), user("alice"), role.TokenManage))
	})
}
