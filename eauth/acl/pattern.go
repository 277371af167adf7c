package acl

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/saltern-api/saltern/internal/pyglob"
)

// pattern is a compiled pattern of the configuration: a regular expression, a glob, or neither.
type pattern struct {
	always outcome        // the outcome for every text, if it is neither
	re     *regexp.Regexp // anchored at the start
	glob   *pyglob.Glob
	traits
}

// traits describe the texts for which the outcome of a pattern is uncertain.
type traits struct {
	ascii   bool // Python's classes contain more letters than Go's: only ASCII is certain
	oneLine bool // Python's $ also matches before a final line feed: only texts without one are certain
}

// regex compiles a Python regular expression for re.match. One that Python does not accept matches nothing, as in the
// master.
func regex(src string) *pattern {
	expr, t, err := translate(src)
	switch err {
	case nil:
		return compile(expr, t)
	case errInvalid:
		return &pattern{always: no}
	default:
		return &pattern{always: maybe}
	}
}

// glob compiles a pattern of Python's fnmatch, which matches whole texts. For one that releases of Python read
// differently the outcome is uncertain.
func glob(src string) *pattern {
	g := pyglob.Compile(src)
	if g.Varies() || !utf8.ValidString(src) {
		return &pattern{always: maybe}
	}
	return &pattern{glob: &g}
}

func compile(expr string, t traits) *pattern {
	re, err := regexp.Compile(expr)
	if err != nil { // too large for Go
		return &pattern{always: maybe}
	}
	return &pattern{re: re, traits: t}
}

// match matches a regular expression at the start of a text, or a glob against the whole of it.
func (p *pattern) match(s string) outcome {
	switch {
	case p.re == nil && p.glob == nil:
		return p.always
	case !utf8.ValidString(s),
		p.ascii && !isASCII(s),
		p.oneLine && strings.Contains(s, "\n"):
		return maybe
	case p.glob != nil:
		return certain(p.glob.Match(s))
	default:
		return certain(p.re.MatchString(s))
	}
}

// valuePattern returns the pattern for a value of the configuration. Python accepts only text as a pattern.
func valuePattern(v any) *pattern {
	if s, ok := v.(string); ok {
		return regex(s)
	}
	return &pattern{always: no}
}
