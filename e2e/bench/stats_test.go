package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	require.Zero(t, median(nil))
	require.InDelta(t, 3, median([]float64{3}), 0)
	require.InDelta(t, 2, median([]float64{9, 1, 2}), 0)
	values := []float64{8, 1, 2, 4}
	require.InDelta(t, 3, median(values), 0)
	require.Equal(t, []float64{8, 1, 2, 4}, values, "the order is the caller's")
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, c := range []struct {
		sorted []time.Duration
		q      float64
		want   time.Duration
	}{
		{nil, .5, 0},
		{[]time.Duration{7}, .01, 7},
		{[]time.Duration{7}, .99, 7},
		{[]time.Duration{1, 2}, .5, 1},
		{[]time.Duration{1, 2}, .51, 2},
		{hundred, 0, 1},
		{hundred, .5, 50},
		{hundred, .99, 99},
		{hundred, .995, 100},
		{hundred, 1, 100},
	} {
		require.Equal(t, c.want, quantile(c.sorted, c.q), "%v of %d", c.q, len(c.sorted))
	}
}

func per(second ...int) []sample {
	var rounds []sample
	for _, n := range second {
		rounds = append(rounds, sample{took: time.Second, each: make([]time.Duration, n)})
	}
	return rounds
}

// The machine is half as fast in the second round, and both are.
func TestRatioIsOfRoundsSideBySide(t *testing.T) {
	t.Parallel()
	r, ok := ratio(per(90, 45, 90), per(100, 50, 100))
	require.True(t, ok)
	require.InDelta(t, .9, r, 1e-9)

	r, ok = ratio(per(40, 80, 80), per(10))
	require.True(t, ok)
	require.InDelta(t, 4, r, 1e-9, "salt-api sat out the later rounds")

	for _, none := range [][]sample{nil, per(0)} {
		_, ok = ratio(per(10), none)
		require.False(t, ok)
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	require.Equal(t, []float64{4, 0}, rates([]sample{{took: 500 * time.Millisecond, each: make([]time.Duration, 2)}, {}}))
	require.Equal(t, []time.Duration{1, 2, 3}, latencies([]sample{{each: []time.Duration{3, 1}}, {each: []time.Duration{2}}}))
}

// Requests start within the round only, and the round lasts until the last of
// them is answered.
func TestLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := load(t.Context(), 2, time.Second, func(context.Context) error {
			time.Sleep(400 * time.Millisecond)
			return nil
		})
		require.Equal(t, 1200*time.Millisecond, s.took)
		require.Len(t, s.each, 6)
		require.Equal(t, 400*time.Millisecond, s.each[5])
		require.Empty(t, s.errs)
		require.InDelta(t, 5, s.rate(), 1e-9)
	})
}

// A client whose request failed does not try again, and a failure is no
// request.
func TestLoadEndsAtAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		s := load(t.Context(), 1, time.Second, func(context.Context) error {
			time.Sleep(100 * time.Millisecond)
			if calls.Add(1) == 2 {
				return errors.New("wrong")
			}
			return nil
		})
		require.EqualValues(t, 2, calls.Load())
		require.Len(t, s.each, 1)
		require.Len(t, s.errs, 1)
	})
}
