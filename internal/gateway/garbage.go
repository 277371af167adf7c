package gateway

import (
	"runtime"
	"runtime/metrics"
)

const (
	// usefulHeap is how large the heap may become before garbage is collected, in
	// bytes. The gateway keeps little, and Go's runtime would collect garbage after
	// each few megabytes: a sixth of what a local_async costs.
	usefulHeap = 16 << 20

	// usualPercent and mostPercent bound how much garbage there may be, in percent
	// of what is kept, in a heap that keeps less than that. The second one bounds what
	// a heap may take that grows before the percentage is set.
	usualPercent, mostPercent = 100, 300

	// crowdedPercent is the same for a heap that keeps more: thousands of clients
	// that wait, or minions of one job. Twice of what these take would be much.
	crowdedPercent = 50

	// percentStep leaves the percentage as it is while little changes: the whole
	// program is stopped for a moment to set it.
	percentStep = 25

	percentVariable = "GOGC"
)

// collectLess sets after each collection of garbage when the next one is due, unless
// the environment does, which the runtime reads itself. set is debug.SetGCPercent,
// and live returns what the last collection has left, in bytes.
func collectLess(getenv func(string) string, live func() uint64, set func(int) int) {
	if getenv(percentVariable) == "" {
		(&collector{live: live, set: set, percent: usualPercent}).await()
	}
}

// collector sets the percentage of garbage.
type collector struct {
	live    func() uint64
	set     func(int) int
	percent int // that is set
}

// await has collected called after the next collection.
func (c *collector) await() {
	type marker struct{ _ *byte } // with a pointer in it it is an object by itself
	runtime.AddCleanup(new(marker), (*collector).collected, c)
}

func (c *collector) collected() {
	if percent := percentFor(c.live()); percent != c.percent {
		c.percent = percent
		c.set(percent)
	}
	c.await()
}

// liveHeap returns the bytes of objects that the last collection has left.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// percentFor returns the percentage with which a heap of which so much is kept grows to
// usefulHeap before the next collection, but at least to twice of that, or to half as
// much again of a large one.
func percentFor(live uint64) int {
	if live >= usefulHeap {
		return crowdedPercent
	}
	percent := uint64(mostPercent)
	if live > 0 {
		percent = min(percent, (usefulHeap-live)*100/live/percentStep*percentStep)
	}
	return int(max(percent, usualPercent))
}
