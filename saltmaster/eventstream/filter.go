package eventstream

import (
	"slices"

	"github.com/saltern-api/saltern/internal/pyglob"
)

// Filter chooses events by tag. The zero value lets all of them through.
type Filter struct {
	sets [][]pyglob.Glob // a tag must match one glob of each set
}

// NewFilter makes a filter of globs as of Python's fnmatch, of which one must match; with none, all events pass. The
// error is of type *GlobError.
func NewFilter(tags ...string) (Filter, error) {
	globs, err := compileGlobs(tags)
	if err != nil || len(globs) == 0 {
		return Filter{}, err
	}
	return Filter{sets: [][]pyglob.Glob{globs}}, nil
}

// And returns a filter that lets through what both do.
func (f Filter) And(other Filter) Filter {
	return Filter{sets: slices.Concat(f.sets, other.sets)}
}

// Match reports whether events with this tag pass.
func (f Filter) Match(tag string) bool {
	for _, set := range f.sets {
		if !matchAny(set, tag) {
			return false
		}
	}
	return true
}

func matchAny(globs []pyglob.Glob, s string) bool {
	for i := range globs {
		if globs[i].Match(s) {
			return true
		}
	}
	return false
}
