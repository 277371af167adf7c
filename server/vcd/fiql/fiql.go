package fiql

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
	maxLength = 2048 // bytes
	maxTerms  = 64
	maxDepth  = 16
)

// Filter is a FIQL expression as clients of Cloud Director send it:
//
//	(name==ci;owner.name==alice;(type==PROXY,type==REFRESH))
//
// A semicolon is "and" and binds closer than the comma, which is "or".
type Filter interface {
	// Match reports whether an object with these fields matches.
	Match(field func(name string) string) bool
}

type (
	anyOf []Filter // true if one of them is
	allOf []Filter // true if all of them are, or there are none

	// comparison is true if the field equals the value, or does not.
	comparison struct {
		field string
		parts []string // of the value, between asterisks
		not   bool
	}
)

func (f anyOf) Match(field func(string) string) bool {
	return slices.ContainsFunc(f, func(g Filter) bool { return g.Match(field) })
}

func (f allOf) Match(field func(string) string) bool {
	return !slices.ContainsFunc(f, func(g Filter) bool { return !g.Match(field) })
}

func (c comparison) Match(field func(string) string) bool {
	return like(field(c.field), c.parts) != c.not
}

// like reports whether text consists of the parts with anything between them.
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

// Parse parses a filter over these fields. An empty text is a filter that matches
// everything. Errors are for the client, and quote nothing of the text.
func Parse(text string, fields ...string) (Filter, error) {
	if text == "" {
		return allOf(nil), nil
	}
	if len(text) > maxLength || !utf8.ValidString(text) {
		return nil, errors.New("the filter is too long, or not UTF-8")
	}
	p := &parser{rest: text, fields: fields}
	f, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.rest != "" {
		return nil, errors.New("the filter has a parenthesis too many")
	}
	return f, nil
}

type parser struct {
	rest   string
	fields []string
	terms  int
}

func (p *parser) or(depth int) (Filter, error) {
	return p.list(',', func() (Filter, error) { return p.and(depth) }, func(all []Filter) Filter { return anyOf(all) })
}

func (p *parser) and(depth int) (Filter, error) {
	return p.list(';', func() (Filter, error) { return p.term(depth) }, func(all []Filter) Filter { return allOf(all) })
}

// list parses one or more expressions separated by sign.
func (p *parser) list(sign byte, one func() (Filter, error), join func([]Filter) Filter) (Filter, error) {
	var all []Filter
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

func (p *parser) term(depth int) (Filter, error) {
	if p.terms++; p.terms > maxTerms || depth > maxDepth {
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

func (p *parser) comparison() (Filter, error) {
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

// plain decodes the percent-encoding of a value, which FIQL uses for its
// delimiters. A value that is not valid percent-encoding is kept: most
// clients do not escape a value a second time for the URL.
func plain(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil && utf8.ValidString(decoded) {
		return decoded
	}
	return s
}
