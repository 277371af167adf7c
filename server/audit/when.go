package audit

import (
	"fmt"
	"strconv"
	"time"
)

// ParseTime reads a time as RFC 3339 has it, or as a whole number and one of s,
// m, h, d and w: so long before now. The error is an [ErrInvalid].
func ParseTime(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	units := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
	}
	if len(text) > 1 {
		unit, ok := units[text[len(text)-1]]
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 31)
		if most := 100 * 365 * 24 * time.Hour; ok && err == nil && time.Duration(n) <= most/unit {
			return now.Add(-time.Duration(n) * unit), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %.40q is neither a time such as 2026-11-22T12:00:00Z nor an age such as 24h", ErrInvalid, text)
}
