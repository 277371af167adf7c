package acl

import (
	"errors"
	"regexp"
	"strings"
)

// The two reasons why a Python pattern has no translation.
var (
	errInvalid = errors.New("not a regular expression of Python's")
	errUnclear = errors.New("a regular expression that Go cannot express, or that releases of Python read differently")
)

const maxGroups = 100 // nested in each other

// translator translates a Python regular expression into one of Go's that matches the same texts, at their start, as
// re.match does. It supports the syntax that occurs in rules, and returns an error for anything else: a pattern is
// never guessed.
type translator struct {
	in    []rune
	pos   int
	depth int
	out   strings.Builder
	names map[string]bool
	traits
	ignoreCase, dotAll bool
}

// translate returns the expression and the traits of the texts for which it is uncertain.
func translate(src string) (expr string, t traits, err error) {
	p := &translator{in: []rune(src), names: make(map[string]bool)}
	if err := p.flags(); err != nil {
		return "", traits{}, err
	}
	if err := p.alternatives(); err != nil {
		return "", traits{}, err
	}
	if !p.end() { // only a ) stops earlier
		return "", traits{}, errInvalid
	}
	var flags string
	if p.ignoreCase {
		p.ascii = true
		flags = "(?i)"
	}
	if p.dotAll {
		flags += "(?s)"
	}
	return flags + `\A(?:` + p.out.String() + ")", p.traits, nil
}

func (p *translator) end() bool { return p.pos == len(p.in) }

// peek returns the next character, or -1 at the end.
func (p *translator) peek() rune {
	if p.end() {
		return -1
	}
	return p.in[p.pos]
}

// take returns the next character and advances past it.
func (p *translator) take() rune {
	r := p.peek()
	if r >= 0 {
		p.pos++
	}
	return r
}

// accept advances past a text if it is next.
func (p *translator) accept(s string) bool {
	rest := p.in[p.pos:]
	if len(rest) < len(s) || string(rest[:len(s)]) != s { // s is ASCII
		return false
	}
	p.pos += len(s)
	return true
}

// flags parses the flags that may stand before everything else. Any other group is left for later.
func (p *translator) flags() error {
	for {
		start, i, d, m := p.pos, p.ignoreCase, p.dotAll, p.oneLine
		if !p.accept("(?") {
			return nil
		}
		if p.accept(")") {
			return errInvalid
		}
		if !p.flagLetters() {
			p.pos, p.ignoreCase, p.dotAll, p.oneLine = start, i, d, m
			return nil
		}
	}
}

func (p *translator) flagLetters() bool {
	for {
		switch p.take() {
		case 'i':
			p.ignoreCase = true
		case 's':
			p.dotAll = true
		case 'm':
			p.oneLine = true
		case 'u':
		case ')':
			return true
		default:
			return false
		}
	}
}

// alternatives parses up to a ) or the end.
func (p *translator) alternatives() error {
	for {
		if err := p.sequence(); err != nil {
			return err
		}
		if p.peek() != '|' {
			return nil
		}
		p.take()
		p.out.WriteByte('|')
	}
}

// item is the kind of expression before a quantifier.
type item int

const (
	nothing item = iota // or an anchor: cannot be repeated
	repeated
	atom
)

func (p *translator) sequence() error {
	last := nothing
	for !p.end() && p.peek() != '|' && p.peek() != ')' {
		was := last
		var err error
		switch r := p.take(); r {
		case '\\':
			last, err = p.escape()
		case '[':
			last, err = atom, p.class()
		case '(':
			last, err = p.group(was)
		case '.':
			p.out.WriteByte('.')
			last = atom
		case '^':
			p.out.WriteString(`\A`)
			last = nothing
		case '$':
			p.out.WriteString(`\z`)
			p.oneLine = true
			last = nothing
		case '*', '+', '?':
			last, err = repeated, p.repeat(was, string(r))
		case '{':
			last, err = p.count(was)
		default:
			last, err = atom, p.literal(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *translator) literal(r rune) error {
	if p.ignoreCase && r > 0x7f {
		return errUnclear
	}
	p.out.WriteString(regexp.QuoteMeta(string(r)))
	return nil
}

// group parses what follows a (.
func (p *translator) group(was item) (item, error) {
	switch {
	case p.accept("?#"):
		for r := p.take(); r != ')'; r = p.take() {
			switch r {
			case -1:
				return nothing, errInvalid
			case '\\': // belongs to the character after it, even here
				return nothing, errUnclear
			}
		}
		return was, nil // a comment: what stands before it is still what is repeated
	case p.accept("?:"):
	case p.accept("?P<"):
		if !p.name() {
			return nothing, errUnclear
		}
	case p.peek() == '?':
		return nothing, errUnclear
	}
	if p.depth++; p.depth > maxGroups {
		return nothing, errUnclear
	}
	p.out.WriteString("(?:")
	if err := p.alternatives(); err != nil {
		return nothing, err
	}
	if !p.accept(")") {
		return nothing, errInvalid
	}
	p.depth--
	p.out.WriteByte(')')
	return atom, nil
}

var groupName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// name parses the name of a group up to its >.
func (p *translator) name() bool {
	start := p.pos
	for r := p.take(); r != '>'; r = p.take() {
		if r < 0 {
			return false
		}
	}
	name := string(p.in[start : p.pos-1])
	if !groupName.MatchString(name) || p.names[name] {
		return false
	}
	p.names[name] = true
	return true
}
