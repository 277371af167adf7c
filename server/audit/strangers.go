package audit

import "time"

// Of entries about somebody who has proved nothing, so many are written at
// once, and so many in a second. Otherwise anybody who can reach the gateway
// could have everything else rotated away.
const (
	strangersAtOnce    = 1000
	strangersPerSecond = 10

	// withheldEvery is how often it is told how many were not written.
	withheldEvery = time.Minute
)

// strangers is a bucket that fills with time.
type strangers struct {
	spent    float64 // of strangersAtOnce
	last     time.Time
	withheld int
	since    time.Time // of the first that was withheld
}

// admit reports whether one more entry is to be written.
func (s *strangers) admit(now time.Time) bool {
	if passed := now.Sub(s.last).Seconds(); passed > 0 {
		s.spent = max(0, s.spent-passed*strangersPerSecond)
		s.last = now
	}
	if s.spent+1 > strangersAtOnce {
		if s.withheld == 0 {
			s.since = now
		}
		s.withheld++
		return false
	}
	s.spent++
	return true
}

// account returns how many were withheld, if that is due to be told.
func (s *strangers) account(now time.Time) (n int, ok bool) {
	if s.withheld == 0 || now.Sub(s.since) < withheldEvery {
		return 0, false
	}
	n, s.withheld = s.withheld, 0
	return n, true
}
