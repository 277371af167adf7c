package acl

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// pattern is a pattern of the operator's, ready to be matched as often as is asked.
type pattern struct {
	always outcome        // what every text comes to, where there is no re
	re     *regexp.Regexp // anchored at the start
	traits
}

// traits are the texts that a pattern cannot be told about.
type traits struct {
	ascii   bool // Python's classes know more letters than Go's: only ASCII is sure
	oneLine bool // Python's $ matches before a last line feed, too: only texts without one are sure
}

// regex compiles a Python regular expression for re.match. One that Python does not accept matches nothing, as at the
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

func compile(expr string, t traits) *pattern {
	re, err := regexp.Compile(expr)
	if err != nil { // too large for Go
		return &pattern{always: maybe}
	}
	return &pattern{re: re, traits: t}
}

// match tells whether the pattern matches at the start of a text.
func (p *pattern) match(s string) outcome {
	switch {
	case p.re == nil:
		return p.always
	case !utf8.ValidString(s),
		p.ascii && !isASCII(s),
		p.oneLine && strings.Contains(s, "\n"):
		return maybe
	default:
		return told(p.re.MatchString(s))
	}
}

// valuePattern is the pattern that a value of the configuration stands for. Python takes nothing but text for one.
func valuePattern(v any) *pattern {
	if s, ok := v.(string); ok {
		return regex(s)
	}
	return &pattern{always: no}
}
