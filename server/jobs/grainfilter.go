package jobs

import (
	"errors"
	"strconv"
	"strings"

	"github.com/saltern-api/saltern/internal/pyglob"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// grainFilter selects minions by a cached grain, as salt -G does: os:Debian*, or
// ip4_interfaces:eth0:10.*. The name is as it is written; for the value, case does not
// count, * is any text, one of a list is enough, and of a map a key is.
type grainFilter struct {
	text  string
	globs map[int]*pyglob.Glob // of the rest of the text, by where that begins
}

// parseGrainFilter reads a filter. The error is for the client.
func parseGrainFilter(text string) (*grainFilter, error) {
	name, pattern, _ := strings.Cut(text, ":")
	switch {
	case name == "" || pattern == "":
		return nil, errors.New("it is no grain and a value with a colon between them: os:Debian")
	case len(text) > records.MaxFilter:
		return nil, errors.New("it is too long")
	}
	return &grainFilter{text: text, globs: make(map[int]*pyglob.Glob)}, nil
}

// matches reports whether grains have the grain.
func (f *grainFilter) matches(grains msgpack.Raw) bool { return f.inMap(grains, 0) }

// inMap looks for the text from at on in a map: for its name, which ends at a colon.
func (f *grainFilter) inMap(m msgpack.Raw, at int) bool {
	name, _, ok := strings.Cut(f.text[at:], ":")
	if !ok {
		return false
	}
	v, ok := m.Lookup(name)
	return ok && f.inValue(v, at+len(name)+1)
}

func (f *grainFilter) inValue(v msgpack.Raw, at int) (found bool) {
	switch v.Kind() {
	case msgpack.Map:
		_ = v.Each(func(key, _ msgpack.Raw) error {
			found = found || f.isText(key, at)
			return nil
		})
		return found || f.inMap(v, at)
	case msgpack.Array:
		_ = v.Elems(func(v msgpack.Raw) error {
			found = found || v.Kind() != msgpack.Array && f.inValue(v, at)
			return nil
		})
		return found
	}
	return f.isText(v, at)
}

// isText reports whether the text of a value is what the filter has from at on.
func (f *grainFilter) isText(v msgpack.Raw, at int) bool {
	text, ok := textOf(v)
	if !ok {
		return false
	}
	g := f.globs[at]
	if g == nil {
		compiled := pyglob.Compile(strings.ToLower(f.text[at:]))
		g = &compiled
		f.globs[at] = g
	}
	return g.Match(strings.ToLower(text))
}

// textOf returns a value as Python writes it, but for floating-point numbers, lists and maps.
func textOf(v msgpack.Raw) (string, bool) {
	if text, ok := v.Str(); ok {
		return text, true
	}
	if n, ok := v.Int(); ok {
		return strconv.FormatInt(n, 10), true
	}
	if is, ok := v.Bool(); ok {
		return map[bool]string{true: "True", false: "False"}[is], true
	}
	if v.Kind() == msgpack.Nil {
		return "None", true
	}
	return "", false
}
