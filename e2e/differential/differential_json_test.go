package differential

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ordered is a JSON value with the order of its keys and the spelling of its
// scalars: 1.0 is not 1, and the NaN of Python's json is a value too.
type ordered struct {
	open    byte      // { or [, or 0 for a scalar
	scalar  string    // as it was written
	keys    []string  // as they were written, of an object
	entries []ordered // of an object or a list
}

var scalarToken = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|NaN|-?Infinity)`)

func parseOrdered(text string) (*ordered, error) {
	v, rest, err := parseValue(text)
	if err == nil && strings.TrimSpace(rest) != "" {
		err = fmt.Errorf("%.20q follows the value", rest)
	}
	return &v, err
}

func parseValue(s string) (v ordered, rest string, err error) {
	s = strings.TrimSpace(s)
	if s == "" || s[0] != '{' && s[0] != '[' {
		v.scalar = scalarToken.FindString(s)
		if v.scalar == "" {
			return v, s, fmt.Errorf("no value in %.20q", s)
		}
		return v, s[len(v.scalar):], nil
	}
	v.open, s = s[0], strings.TrimSpace(s[1:])
	for s != "" && s[0] != v.closing() {
		if len(v.entries) > 0 {
			if s[0] != ',' {
				return v, s, fmt.Errorf("no comma in %.20q", s)
			}
			s = strings.TrimSpace(s[1:])
		}
		if v.open == '{' {
			key := scalarToken.FindString(s)
			if !strings.HasPrefix(key, `"`) || !strings.HasPrefix(s[len(key):], ":") {
				return v, s, fmt.Errorf("no key in %.20q", s)
			}
			v.keys, s = append(v.keys, key), s[len(key)+1:]
		}
		var e ordered
		if e, s, err = parseValue(s); err != nil {
			return v, s, err
		}
		v.entries, s = append(v.entries, e), strings.TrimSpace(s)
	}
	if s == "" {
		return v, s, fmt.Errorf("no %c", v.closing())
	}
	return v, s[1:], nil
}

func (v *ordered) closing() byte { return v.open + 2 } // } follows { in ASCII after |, and ] follows [ after \

func (v *ordered) write(b *bytes.Buffer) {
	if v.open == 0 {
		b.WriteString(v.scalar)
		return
	}
	b.WriteByte(v.open)
	for i := range v.entries {
		if i > 0 {
			b.WriteString(", ")
		}
		if v.open == '{' {
			b.WriteString(v.keys[i] + ": ")
		}
		v.entries[i].write(b)
	}
	b.WriteByte(v.closing())
}

// normalise takes out of a value what differs from one call to the next: job
// ids, times, and the order of minions.
func (v *ordered) normalise(minions map[string]bool) {
	v.scalar = withoutTimes(v.scalar)
	for i := range v.keys {
		v.keys[i] = withoutTimes(v.keys[i])
	}
	for i := range v.entries {
		v.entries[i].normalise(minions)
	}
	isMinion := func(s string) bool { return minions[strings.Trim(s, `"`)] }
	switch {
	case v.open == '{' && all(v.keys, isMinion):
		type entry struct {
			key   string
			value ordered
		}
		sorted := make([]entry, len(v.keys))
		for i := range v.keys {
			sorted[i] = entry{v.keys[i], v.entries[i]}
		}
		slices.SortFunc(sorted, func(a, b entry) int { return strings.Compare(a.key, b.key) })
		for i, e := range sorted {
			v.keys[i], v.entries[i] = e.key, e.value
		}
	case v.open == '[' && all(v.entries, func(e ordered) bool { return isMinion(e.scalar) }):
		slices.SortFunc(v.entries, func(a, b ordered) int { return strings.Compare(a.scalar, b.scalar) })
	}
}

func all[T any](list []T, ok func(T) bool) bool {
	return !slices.ContainsFunc(list, func(e T) bool { return !ok(e) })
}

var (
	jobID    = regexp.MustCompile(`\b20\d{18}\b`)
	isoTime  = regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?`)
	jobStart = regexp.MustCompile(`\b20\d\d, [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d\.\d{6}`)
)

// withoutTimes replaces job ids and times, if they are of now: those that a
// case itself is about are not.
func withoutTimes(s string) string {
	s = replaceRecent(s, jobID, "20060102150405", "JID")
	s = replaceRecent(s, isoTime, "2006-01-02T15:04:05", "TIME")
	return replaceRecent(s, jobStart, "2006, Jan 02 15:04:05", "TIME")
}

func replaceRecent(s string, form *regexp.Regexp, layout, name string) string {
	return form.ReplaceAllStringFunc(s, func(m string) string {
		at, err := time.Parse(layout, m[:len(layout)])
		if err != nil || time.Since(at).Abs() > 15*time.Hour { // they may be in local time
			return m
		}
		return name
	})
}

var errorPage = regexp.MustCompile(`(?s)^<!DOCTYPE html.*<h2>.*</h2>\s*<p>(.*?)</p>`)

// htmlMessage takes the message out of one of salt-api's error pages.
func htmlMessage(body string) (string, bool) {
	m := errorPage.FindStringSubmatch(body)
	if m == nil {
		return "", false
	}
	return html.UnescapeString(m[1]), true
}
