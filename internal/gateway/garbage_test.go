package gateway

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPercentFor(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: 300, 1: 300, 4 << 20: 300, 5 << 20: 200, 6 << 20: 150, 7 << 20: 125, 8 << 20: 100, 9 << 20: 75, 11 << 20: 50, 15 << 20: 50,
		16 << 20: 25, 255 << 20: 25, 256 << 20: 50, 1 << 40: 50,
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
	}, heap{live: live.Load, set: func(p int) int {
		percent.Store(int64(p))
		times.Add(1)
		return 0
	}, spare: func() uint64 { return 0 }}) // on a busy machine, a minute may pass without a collection
	collectUntil := func(want int64) {
		t.Helper()
		require.Eventually(t, func() bool {
			runtime.GC()
			return percent.Load() == want
		}, time.Minute, 10*time.Millisecond)
	}
	collectUntil(200)
	live.Store(50 << 20)
	collectUntil(25)
	require.EqualValues(t, 2, times.Load(), "it is set when it changes")
	of := runtimeHeap()
	require.NotPanics(t, func() { of.live(); of.spare() })
}

func TestCollectAsTheEnvironmentSays(t *testing.T) {
	t.Parallel()
	collectLess(func(string) string { return "50" }, heap{}) // none of them is called
	runtime.GC()
	runtime.GC()
}

// What is spare is given back after a collection before which there was none for a while.
func TestGiveBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spare uint64
		after []time.Duration // of each collection, since the one before
		want  []int           // how often it was given back by then
	}{
		"quiet":     {muchSpare, []time.Duration{2 * time.Minute, 2 * time.Minute, time.Second, 2 * time.Minute}, []int{1, 2, 2, 3}},
		"busy":      {muchSpare, []time.Duration{time.Second, 30 * time.Second, quietTime - 1}, []int{0, 0, 0}},
		"no gain":   {muchSpare - 1, []time.Duration{2 * time.Minute, time.Hour}, []int{0, 0}},
		"from busy": {1 << 40, []time.Duration{time.Millisecond, 2 * time.Minute}, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				given := 0
				of := collector{last: time.Now(), heap: heap{spare: func() uint64 { return c.spare }, free: func() {
					given++
					time.Sleep(time.Second) // it is a collection itself
				}}}
				for i, after := range c.after {
					time.Sleep(after)
					of.giveBack()
					require.Equal(t, c.want[i], given, i)
				}
			})
		})
	}
}
