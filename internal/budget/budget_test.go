package budget_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/budget"
)

func TestSpend(t *testing.T) {
	t.Parallel()
	b := budget.New(t.Context(), nil)
	require.NoError(t, b.Spend(budget.Anonymous))
	require.Equal(t, budget.ErrStranger, b.Spend(1))
	require.Equal(t, budget.ErrStranger, b.Spend(0), "it stays used up")

	b.Known()
	require.NoError(t, b.Spend(budget.Caller-budget.Anonymous-1), "what was spent before counts")
	require.Equal(t, budget.ErrCaller, b.Spend(1))
	b.Known()
	require.Equal(t, budget.ErrCaller, b.Spend(0), "a second time it gives nothing")
}

func TestNil(t *testing.T) {
	t.Parallel()
	var b *budget.Budget
	b.Known()
	require.NoError(t, b.Spend(1<<40))
}

// The credentials outside of the body are checked when needed, and once.
func TestIdentify(t *testing.T) {
	t.Parallel()
	for known, want := range map[bool]error{true: nil, false: budget.ErrStranger} {
		asked := 0
		b := budget.New(t.Context(), func() bool {
			asked++
			return known
		})
		require.NoError(t, b.Spend(budget.Anonymous))
		require.Zero(t, asked)
		for range 2 {
			err := b.Spend(1)
			require.Equal(t, want == nil, err == nil, "%v", err)
		}
		require.Equal(t, 1, asked)
	}
}

// A request whose client is gone is read no further.
func TestEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	b := budget.New(ctx, nil)
	b.Known()
	require.NoError(t, b.Spend(100))
	cancel()
	spent := 0
	for ; spent < 10_000; spent++ {
		if err := b.Spend(1); err != nil {
			require.ErrorIs(t, err, context.Canceled)
			return
		}
	}
	require.Fail(t, "it goes on")
}
