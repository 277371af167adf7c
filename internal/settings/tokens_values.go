package settings

import (
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// optional reads text that may be empty.
func (d *decoder) optional(to *string) reader {
	return func(n *yaml.Node, key string) {
		if isA(n, "!!str") && n.Value == "" {
			*to = ""
			return
		}
		d.text(to)(n, key)
	}
}

// opposite reads a boolean whose name says the contrary.
func (d *decoder) opposite(to *bool) reader {
	return func(n *yaml.Node, key string) {
		yes := !*to
		d.boolean(&yes)(n, key)
		*to = !yes
	}
}

// number reads a whole number within bounds.
func (d *decoder) number(to *int, least, most int) reader {
	return func(n *yaml.Node, key string) {
		var v int
		if !isA(n, "!!int") || n.Decode(&v) != nil || v < least || v > most {
			d.problem(n.Line, key, "must be a whole number from %d to %d", least, most)
			return
		}
		*to = v
	}
}

var wordForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)

// word reads a name that can stand anywhere.
func (d *decoder) word(to *string) reader {
	return func(n *yaml.Node, key string) {
		if !isA(n, "!!str") || !wordForm.MatchString(n.Value) {
			d.problem(n.Line, key, "must be a name of letters, digits, hyphens, dots and underscores")
			return
		}
		*to = n.Value
	}
}

// oneOf reads one of some words.
func oneOf[T any](d *decoder, known map[string]T, words string, to *T) reader {
	return func(n *yaml.Node, key string) {
		v, ok := known[n.Value]
		if n.Kind != yaml.ScalarNode || !ok {
			d.problem(n.Line, key, "must be %s", words)
			return
		}
		*to = v
	}
}

const day = 24 * time.Hour

// lifeUnits are the letters of lives. The API takes the same.
var lifeUnits = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day, 'y': 365 * day,
}

// longestLife is the longest one with an end. Longer ones are slips.
const longestLife = 100 * 365 * day

// parseLife reads a whole number and a letter, such as 180d.
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

// life reads how long tokens are good, or never for those without an end.
func (d *decoder) life(to *Life) reader {
	return func(n *yaml.Node, key string) {
		v, ok := parseLife(n.Value)
		switch {
		case isA(n, "!!str") && n.Value == "never":
			*to = Life{Never: true}
		case isA(n, "!!str") && ok:
			*to = Life{For: v}
		default:
			d.problem(n.Line, key, "must be a number with s, m, h, d, w or y, such as 180d, or never")
		}
	}
}

// atMost reads a limit, where never is none.
func (d *decoder) atMost(to *time.Duration) reader {
	return func(n *yaml.Node, key string) {
		var l Life
		d.life(&l)(n, key)
		*to = l.For
	}
}

// span reads a life with an end.
func (d *decoder) span(to *time.Duration) reader {
	return func(n *yaml.Node, key string) {
		v, ok := parseLife(n.Value)
		if !isA(n, "!!str") || !ok {
			d.problem(n.Line, key, "must be a number with s, m, h, d, w or y, such as 30m or 7d")
			return
		}
		*to = v
	}
}
