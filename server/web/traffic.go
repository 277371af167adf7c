package web

import (
	"sync/atomic"
	"time"
)

// Traffic counts the requests of all listeners, for GET /stats. It is safe for
// concurrent use.
type Traffic struct {
	since           time.Time
	begun, ended    atomic.Int64
	in, out, micros atomic.Int64 // of the requests that have ended
}

// NewTraffic returns counters that start now.
func NewTraffic() *Traffic { return &Traffic{since: time.Now()} }

// begin counts a request in, and end counts it out.
func (t *Traffic) begin() { t.begun.Add(1) }

func (t *Traffic) end(x *Exchange) {
	t.ended.Add(1)
	t.in.Add(x.in)
	t.out.Add(x.out)
	t.micros.Add(time.Since(x.Start).Microseconds())
}

// TrafficCounts are the counters at one moment.
type TrafficCounts struct {
	Since        time.Time
	Begun, Ended int64
	In, Out      int64         // bytes of the requests that have ended
	Took         time.Duration // likewise, in total
}

// Counts returns the current counters.
func (t *Traffic) Counts() TrafficCounts {
	return TrafficCounts{
		Since: t.since, Begun: t.begun.Load(), Ended: t.ended.Load(), In: t.in.Load(), Out: t.out.Load(),
		Took: time.Duration(t.micros.Load()) * time.Microsecond,
	}
}
