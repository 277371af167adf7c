package gateway

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPercentFor(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: 300, 1: 300, 4 << 20: 300, 5 << 20: 200, 6 << 20: 150, 7 << 20: 125, 8 << 20: 100, 9 << 20: 100, 15 << 20: 100, 16 << 20: 50, 17 << 20: 50, 1 << 40: 50,
	} {
		require.Equal(t, want, percentFor(live), live)
	}
}

// TestCollectLess collects garbage until the percentage is set that is right for what
// is kept, which changes.
func TestCollectLess(t *testing.T) {
	t.Parallel()
	var live atomic.Uint64
	var percent, times atomic.Int64
	live.Store(5 << 20)
	collectLess(func(name string) string {
		require.Equal(t, "GOGC", name)
		return ""
	}, live.Load, func(p int) int {
		percent.Store(int64(p))
		times.Add(1)
		return 0
	})
	collectUntil := func(want int64) {
		t.Helper()
		require.Eventually(t, func() bool {
			runtime.GC()
			return percent.Load() == want
		}, time.Minute, 10*time.Millisecond)
	}
	collectUntil(200)
	live.Store(50 << 20)
	collectUntil(50)
	require.EqualValues(t, 2, times.Load(), "it is set when it changes")
	require.NotPanics(t, func() { liveHeap() })
}

func TestCollectAsTheEnvironmentSays(t *testing.T) {
	t.Parallel()
	collectLess(func(string) string { return "50" }, nil, nil) // none of them is called
	runtime.GC()
	runtime.GC()
}
