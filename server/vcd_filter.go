package server

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of a filter.
const (
	maxFilter      = 2048 // bytes
	maxFilterTerms = 64
	maxFilterDepth = 16
)

// filter is a FIQL expression as VCD's clients send it:
//
//	(name==ci;owner.name==alice;(type==PROXY,type==REFRESH))
//
// A semicolon is "and" and binds closer than the comma, which is "or".
type filter interface {
	// match asks for the fields of one object.
	match(field func(name string) string) bool
}

type (
	anyOf []filter // true with one of them
	allOf []filter // true with all of them, as when there are none

	// comparison is true where the field equals the value, or does not.
	comparison struct {
		field string
		parts []string // of the value, between its asterisks
		not   bool
	}
)

func (f anyOf) match(field func(string) string) bool {
	return slices.ContainsFunc(f, func(g filter) bool { return g.match(field) })
}

func (f allOf) match(field func(string) string) bool {
	return !slices.ContainsFunc(f, func(g filter) bool { return !g.match(field) })
}

func (c comparison) match(field func(string) string) bool {
	return like(field(c.field), c.parts) != c.not
}

// like tells whether text is the parts with anything between them.
func like(text string, parts []string) bool {
	first, rest := parts[0], parts[1:]
	if len(rest) == 0 {
		return text == first
	}
	text, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	last := rest[len(rest)-1]
	for _, part := range rest[:len(rest)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, last)
}

// parseFilter reads a filter over these fields. No filter lets all through.
// What is wrong is told in words for the client, without quoting him.
func parseFilter(text string, fields ...string) (filter, error) {
	if text == "" {
		return allOf(nil), nil
	}
	if len(text) > maxFilter || !utf8.ValidString(text) {
		return nil, errors.New("the filter is too long, or not UTF-8")
	}
	p := &filterParser{rest: text, fields: fields}
	f, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, errors.New("the filter has a parenthesis too many")
	}
	return f, nil
}

type filterParser struct {
	rest   string
	fields []string
	terms  int
}

func (p *filterParser) or(depth int) (filter, error) {
	return p.list(',', func() (filter, error) { return p.and(depth) }, func(all []filter) filter { return anyOf(all) })
}

func (p *filterParser) and(depth int) (filter, error) {
	return p.list(';', func() (filter, error) { return p.term(depth) }, func(all []filter) filter { return allOf(all) })
}

// list reads one or more with a sign between them.
func (p *filterParser) list(sign byte, one func() (filter, error), join func([]filter) filter) (filter, error) {
	var all []filter
	for {
		f, err := one()
		if err != nil {
			return nil, err
		}
		all = append(all, f)
		if p.rest == "" || p.rest[0] != sign {
			break
		}
		p.rest = p.rest[1:]
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return join(all), nil
}

func (p *filterParser) term(depth int) (filter, error) {
	if p.terms++; p.terms > maxFilterTerms || depth > maxFilterDepth {
		return nil, errors.New("the filter is too large")
	}
	rest, nested := strings.CutPrefix(p.rest, "(")
	if !nested {
		return p.comparison()
	}
	p.rest = rest
	f, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if rest, ok := strings.CutPrefix(p.rest, ")"); ok {
		p.rest = rest
		return f, nil
	}
	return nil, errors.New("the filter lacks a parenthesis")
}

func (p *filterParser) comparison() (filter, error) {
	end := strings.IndexAny(p.rest, ",;()")
	if end < 0 {
		end = len(p.rest)
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	at := strings.IndexAny(text, "=!")
	if at < 0 {
		return nil, errors.New("the filter lacks a comparison")
	}
	field, value := text[:at], text[at:]
	c := comparison{field: field, not: strings.HasPrefix(value, "!=")}
	if !slices.Contains(p.fields, field) {
		return nil, fmt.Errorf("the filter may name %s", strings.Join(p.fields, ", "))
	}
	rest, ok := strings.CutPrefix(value, "!=")
	if !ok {
		rest, ok = strings.CutPrefix(value, "==")
	}
	if !ok {
		return nil, errors.New("the filter may compare by == and != only")
	}
	for part := range strings.SplitSeq(rest, "*") {
		c.parts = append(c.parts, plain(part))
	}
	return c, nil
}

// plain takes the percent signs out of a value, by which FIQL writes what
// would end it. One that is none stands for itself: most clients do not escape
// a second time what they put into a URL.
func plain(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil && utf8.ValidString(decoded) {
		return decoded
	}
	return s
}
