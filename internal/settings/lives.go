package settings

import (
	"errors"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

const day = 24 * time.Hour

// lifeUnits are the units of lifetimes. The API accepts the same.
var lifeUnits = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day, 'y': 365 * day,
}

// longestLife is the longest finite lifetime. Longer ones are mistakes.
const longestLife = 100 * 365 * day

// parseLife parses a whole number and a letter, such as 180d.
func parseLife(text string) (time.Duration, bool) {
	if len(text) < 2 {
		return 0, false
	}
	unit := lifeUnits[text[len(text)-1]]
	v, err := strconv.ParseInt(text[:len(text)-1], 10, 64)
	if unit == 0 || err != nil || v < 1 || v > int64(longestLife/unit) || text[0] == '+' {
		return 0, false
	}
	return time.Duration(v) * unit, true
}

var errLife = errors.New("not a number with s, m, h, d, w or y, such as 30d")

// ParseLife returns the lifetime of a text such as 30d, as in saltern.yaml.
func ParseLife(text string) (time.Duration, error) {
	if v, ok := parseLife(text); ok {
		return v, nil
	}
	return 0, errLife
}

// life reads a lifetime, or never for none.
func (d *decoder) life(to *Life) value {
	return value{kind: "lifetime, or never", show: shownLife(to), read: func(n *yaml.Node, key string) {
		v, ok := parseLife(n.Value)
		switch {
		case isA(n, "!!str") && n.Value == "never":
			*to = Life{Never: true}
		case isA(n, "!!str") && ok:
			*to = Life{For: v}
		default:
			d.problem(n.Line, key, "must be a number with s, m, h, d, w or y, such as 180d, or never")
		}
	}}
}

// atMost reads a limit, or never for none.
func (d *decoder) atMost(to *time.Duration) value {
	return value{kind: "lifetime, or never", show: shownAtMost(to), read: func(n *yaml.Node, key string) {
		var l Life
		d.life(&l).read(n, key)
		*to = l.For
	}}
}

// span reads a finite lifetime.
func (d *decoder) span(to *time.Duration) value {
	return value{kind: "lifetime", show: shownSpan(to), read: func(n *yaml.Node, key string) {
		v, ok := parseLife(n.Value)
		if !isA(n, "!!str") || !ok {
			d.problem(n.Line, key, "must be a number with s, m, h, d, w or y, such as 30m or 7d")
			return
		}
		*to = v
	}}
}
