package apitokentest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

const many = 100

// race calls f in many goroutines at once, and returns how often each of these
// outcomes occurred. Any other outcome fails the test.
func race(t *testing.T, outcomes []error, f func(n int) error) (counts []int) {
	t.Helper()
	var wg sync.WaitGroup
	begin := make(chan struct{})
	errs := make([]error, many)
	for n := range many {
		wg.Go(func() {
			<-begin
			errs[n] = f(n)
		})
	}
	close(begin)
	wg.Wait()
	counts = make([]int, len(outcomes))
	for _, err := range errs {
		at := -1
		for n, outcome := range outcomes {
			if errors.Is(err, outcome) {
				at = n
			}
		}
		require.NotEqual(t, -1, at, "%v", err)
		counts[at]++
	}
	return counts
}

func testManyConsume(t *testing.T, s apitoken.Store) {
	family := apitoken.NewID()
	token := issue(apitoken.KindRefresh, "token", inFamily(family))
	create(t, s, token)
	var successors [many]apitoken.Issue
	for n := range successors {
		successors[n] = issue(apitoken.KindRefresh, fmt.Sprint("successor ", n), inFamily(family))
	}
	counts := race(t, []error{nil, apitoken.ErrReused, apitoken.ErrRevoked}, func(n int) error {
		_, err := s.Consume(t.Context(), token.Hash, start, successors[n])
		return err
	})
	require.Equal(t, []int{1, 1, many - 2}, counts, "one wins, one shows the theft, and all is over")
	var there int
	for _, i := range successors {
		r, err := s.Lookup(t.Context(), i.Hash)
		if err == nil {
			there++
			require.Equal(t, apitoken.Revoked, r.State(start))
		}
	}
	require.Equal(t, 1, there)
}

func testManyCreate(t *testing.T, s apitoken.Store) {
	counts := race(t, []error{nil, apitoken.ErrConflict}, func(n int) error {
		i := issue(apitoken.KindAPI, "ci")
		i.Hash = hash(fmt.Sprint(n))
		return s.Create(t.Context(), i)
	})
	require.Equal(t, []int{1, many - 1}, counts)
	all, err := listAll(t.Context(), s, apitoken.Query{})
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func testManyRenew(t *testing.T, s apitoken.Store) {
	token := issue(apitoken.KindAPI, "ci", func(r *apitoken.Record) { r.Issued = time.Time{} })
	token.Hash = apitoken.Hash{}
	create(t, s, token)
	counts := race(t, []error{nil, apitoken.ErrConflict}, func(n int) error {
		_, err := s.Renew(t.Context(), token.Record.ID,
			apitoken.Renewal{Hash: hash(fmt.Sprint("first ", n)), At: start, First: true})
		return err
	})
	require.Equal(t, []int{1, many - 1}, counts)
	counts = race(t, []error{nil}, func(n int) error {
		_, err := s.Renew(t.Context(), token.Record.ID, apitoken.Renewal{Hash: hash(fmt.Sprint("next ", n)), At: start})
		return err
	})
	require.Equal(t, []int{many}, counts)
	var known int
	for n := range many {
		for _, kind := range []string{"first ", "next "} {
			if _, err := s.Lookup(t.Context(), hash(fmt.Sprint(kind, n))); err == nil {
				known++
			}
		}
	}
	require.Equal(t, 1, known, "a token has one secret")
}

// After a revocation has returned, no lookup finds the token live.
func testRevokeDuringLookup(t *testing.T, s apitoken.Store) {
	for round := range 20 {
		token := issue(apitoken.KindAPI, fmt.Sprint("token ", round))
		create(t, s, token)
		var over atomic.Bool
		var wg sync.WaitGroup
		errs := make(chan error, 8)
		for range cap(errs) {
			wg.Go(func() { errs <- lookUntilRevoked(t.Context(), s, token.Hash, &over) })
		}
		_, err := s.Revoke(t.Context(), token.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
		over.Store(true)
		wg.Wait()
		close(errs)
		require.NoError(t, err)
		for err := range errs {
			require.NoError(t, err)
		}
	}
}

func lookUntilRevoked(ctx context.Context, s apitoken.Store, h apitoken.Hash, over *atomic.Bool) error {
	for {
		answered := over.Load()
		r, err := s.Lookup(ctx, h)
		switch {
		case err != nil:
			return err
		case r.State(start) == apitoken.Revoked:
			return nil
		case answered:
			return errors.New("a token was live after it had been revoked")
		}
	}
}

// A token that is made for another one during its revocation is revoked too.
func testRevokeDuringExchange(t *testing.T, s apitoken.Store) {
	for round := range 10 {
		parent := issue(apitoken.KindAPI, fmt.Sprint("token ", round))
		create(t, s, parent)
		children := make([]apitoken.Issue, many)
		for n := range children {
			children[n] = issue(apitoken.KindAccess, fmt.Sprint("child ", round, " ", n), childOf(parent))
		}
		counts := race(t, []error{nil, apitoken.ErrRevoked}, func(n int) error {
			if n == many/2 {
				_, err := s.Revoke(t.Context(), parent.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
				return err
			}
			return s.Create(t.Context(), children[n])
		})
		var there int
		for _, i := range children {
			if r, err := s.Lookup(t.Context(), i.Hash); err == nil {
				there++
				require.Equal(t, apitoken.Revoked, r.State(start))
			}
		}
		require.Equal(t, counts[0]-1, there)
	}
}

func testManyShare(t *testing.T, s apitoken.Store) {
	var firsts atomic.Int64
	race(t, []error{nil}, func(int) error {
		first, err := s.Once(t.Context(), "reminder", time.Hour)
		if first {
			firsts.Add(1)
		}
		return err
	})
	require.EqualValues(t, 1, firsts.Load())

	race(t, []error{nil}, func(int) error {
		_, err := s.AddFailure(t.Context(), "192.0.2.1", time.Hour)
		return err
	})
	f, err := s.Failures(t.Context(), "192.0.2.1")
	require.NoError(t, err)
	require.Equal(t, many, f.Count)

	counts := race(t, []error{nil, apitoken.ErrConflict}, func(int) error {
		_, err := s.PutDocument(t.Context(), "role", apitoken.Document{Key: "ops"})
		return err
	})
	require.Equal(t, []int{1, many - 1}, counts)
}
