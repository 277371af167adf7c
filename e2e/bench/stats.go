package main

import (
	"math"
	"slices"
	"time"
)

// sample is what one subject did in one round.
type sample struct {
	took time.Duration   // until the last request was answered
	each []time.Duration // how long each request took
	errs []error         // of requests that were not answered well
}

// rate is in requests per second.
func (s sample) rate() float64 {
	if s.took <= 0 {
		return 0
	}
	return float64(len(s.each)) / s.took.Seconds()
}

// rates are those of the rounds, in order.
func rates(rounds []sample) []float64 {
	all := make([]float64, len(rounds))
	for i, s := range rounds {
		all[i] = s.rate()
	}
	return all
}

// ratio is how much faster a was than b: the median over the rounds in which
// both took part, since only those ran at the same time. ok is false when
// there was none.
func ratio(a, b []sample) (r float64, ok bool) {
	var all []float64
	for i := range min(len(a), len(b)) {
		if of := b[i].rate(); of > 0 {
			all = append(all, a[i].rate()/of)
		}
	}
	return median(all), len(all) > 0
}

// median is the middle of values, or the mean of the two in the middle; 0 of
// none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// latencies are those of all rounds together, in ascending order.
func latencies(rounds []sample) []time.Duration {
	var all []time.Duration
	for _, s := range rounds {
		all = append(all, s.each...)
	}
	slices.Sort(all)
	return all
}

// quantile is the smallest value that at least the share q of all values does
// not exceed (nearest rank); 0 of none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
