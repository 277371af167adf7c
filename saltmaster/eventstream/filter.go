package eventstream

import (
	"fmt"
	"slices"
	"unicode/utf8"

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

// Bounds of a list of globs.
const (
	maxGlobs      = 64
	maxGlobLength = 256 // bytes
)

// GlobError is what is wrong with a list of globs. Its text is fit for clients.
type GlobError struct{ text string }

// Error says it.
func (e *GlobError) Error() string { return e.text }

// compileGlobs compiles a list within the bounds.
func compileGlobs(patterns []string) ([]pyglob.Glob, error) {
	if len(patterns) > maxGlobs {
		return nil, &GlobError{fmt.Sprintf("at most %d patterns are accepted", maxGlobs)}
	}
	globs := make([]pyglob.Glob, 0, len(patterns))
	for _, p := range patterns {
		if p == "" || len(p) > maxGlobLength || !utf8.ValidString(p) {
			return nil, &GlobError{fmt.Sprintf("a pattern must be text of 1 to %d bytes", maxGlobLength)}
		}
		globs = append(globs, pyglob.Compile(p))
	}
	return globs, nil
}
