package gateway

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// usefulHeap is how large the heap may become before garbage is collected, in
	// bytes. The gateway keeps little, and Go's runtime would collect garbage after
	// each few megabytes: a sixth of what a local_async costs.
	usefulHeap = 16 << 20

	// usualPercent and mostPercent bound how much garbage there may be, in percent
	// of what is kept, in a heap that keeps less than that. The second one bounds what
	// a heap may take that grows before the percentage is set.
	usualPercent, mostPercent = 50, 300

	// crowdedPercent is the same for a heap that keeps more, but no more than crowdedHeap
	// bytes: tens of thousands of minions of one job, whose returns are kept no longer
	// than it takes to write them, or of connections that wait, between whose memory
	// that of what has ended stays free.
	crowdedPercent = 25
	crowdedHeap    = 256 << 20

	// runtimePercent is what Go's runtime begins with.
	runtimePercent = 100

	// percentStep leaves the percentage as it is while little changes: the whole
	// program is stopped for a moment to set it.
	percentStep = 25

	// quietTime is how long there is no collection of garbage where little happens. Go's
	// runtime has one every two minutes, whether it is due or not.
	quietTime = time.Minute

	// muchSpare is how many bytes have to be gained to give spare memory back.
	muchSpare = 4 << 20

	percentVariable = "GOGC"
)

// heap is what is read and set of Go's runtime. Sizes are in bytes.
type heap struct {
	live  func() uint64 // what the last collection has left
	spare func() uint64 // what has no objects, and was not given back to the system
	set   func(percent int) int
	free  func() // collects garbage, and gives back all that is spare
}

// collectLess sets after each collection of garbage when the next one is due, and gives
// what is spare back where little happens, unless the environment sets the percentage, which
// the runtime reads itself.
func collectLess(getenv func(string) string, of heap) {
	if getenv(percentVariable) == "" {
		(&collector{heap: of, percent: runtimePercent, last: time.Now()}).await()
	}
}

// collector sets the percentage of garbage.
type collector struct {
	heap
	percent int       // that is set
	last    time.Time // of the last collection
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
	c.giveBack()
	c.await()
}

// giveBack gives what is spare back to the system, if nothing needed it for some time: the
// runtime keeps as much as its heap has had since the collection before, and more.
func (c *collector) giveBack() {
	before := c.last
	c.last = time.Now()
	if c.last.Sub(before) >= quietTime && c.spare() >= muchSpare {
		c.free()
		c.last = time.Now()
	}
}

// runtimeHeap is that of this process.
func runtimeHeap() heap {
	return heap{
		live: liveHeap, set: debug.SetGCPercent, free: debug.FreeOSMemory,
		spare: func() uint64 { return figure("/memory/classes/heap/free:bytes") },
	}
}

// liveHeap returns the bytes of objects that the last collection has left.
func liveHeap() uint64 { return figure("/gc/heap/live:bytes") }

func figure(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// percentFor returns the percentage with which a heap of which so much is kept grows to
// usefulHeap before the next collection, but at least to half as much again, or to a
// quarter of a crowded one.
func percentFor(live uint64) int {
	if live >= usefulHeap && live < crowdedHeap {
		return crowdedPercent
	}
	percent := uint64(mostPercent)
	switch {
	case live >= usefulHeap:
		percent = usualPercent
	case live > 0:
		percent = min(percent, (usefulHeap-live)*100/live/percentStep*percentStep)
	}
	return int(max(percent, usualPercent))
}
