package eventstream

import (
	"fmt"
	"unicode/utf8"

	"github.com/saltern-api/saltern/internal/pyglob"
)

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
