package acl

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// classes are Python's classes in ASCII. Its \s contains four separators more than Go's.
var classes = map[rune]string{
	'd': `0-9`,
	'D': `\D`,
	's': `\t-\r\x1c-\x20`,
	'S': `\x00-\x08\x0e-\x1b\x21-\x{10ffff}`,
	'w': `0-9A-Za-z_`,
	'W': `\W`,
}

// controls are the letters that stand for one character each.
var controls = map[rune]rune{'a': '\a', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\'}

// escape parses what follows a \ outside of a class.
func (p *translator) escape() (item, error) {
	r := p.take()
	switch r {
	case 'A':
		p.out.WriteString(`\A`)
		return nothing, nil
	case 'Z':
		p.out.WriteString(`\z`)
		return nothing, nil
	case 'b':
		p.out.WriteString(`\b`)
		p.ascii = true
		return nothing, nil
	case 'B', 'z': // their meaning depends on the release of Python
		return nothing, errUnclear
	}
	if set, ok := classes[r]; ok {
		p.out.WriteString("[" + set + "]")
		p.ascii = true
		return atom, nil
	}
	c, err := p.character(r)
	if err != nil {
		return nothing, err
	}
	return atom, p.literal(c)
}

// character returns what a \ and the character after it stand for, inside and outside of classes.
func (p *translator) character(r rune) (rune, error) {
	if c, ok := controls[r]; ok {
		return c, nil
	}
	switch {
	case r < 0:
		return 0, errInvalid
	case r == 'x':
		return p.hex(2)
	case r == 'u':
		return p.hex(4)
	case r == 'U':
		return p.hex(8)
	case r == 'N', r >= '0' && r <= '9': // by name, octal, or a group once more
		return 0, errUnclear
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return 0, errInvalid
	default:
		return r, nil
	}
}

// hex parses a character given as n hexadecimal digits.
func (p *translator) hex(n int) (rune, error) {
	if len(p.in)-p.pos < n {
		return 0, errInvalid
	}
	digits := string(p.in[p.pos : p.pos+n])
	if strings.Trim(digits, "0123456789abcdefABCDEF") != "" {
		return 0, errInvalid
	}
	p.pos += n
	c, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || c > utf8.MaxRune || !utf8.ValidRune(rune(c)) {
		return 0, errUnclear
	}
	return rune(c), nil
}

// class parses what follows a [.
func (p *translator) class() error {
	p.out.WriteByte('[')
	if p.accept("^") {
		p.out.WriteByte('^')
	}
	for first := true; ; first = false {
		r := p.take()
		if r == ']' && !first {
			p.out.WriteByte(']')
			return nil
		}
		lo, set, err := p.member(r)
		if err != nil {
			return err
		}
		hi := lo
		if p.peek() == '-' && p.pos+1 < len(p.in) && p.in[p.pos+1] != ']' {
			p.take()
			var high string
			hi, high, err = p.member(p.take())
			if err != nil {
				return err
			}
			if set != "" || high != "" || hi < lo {
				return errInvalid
			}
		}
		if set != "" {
			p.out.WriteString(set)
			continue
		}
		if p.ignoreCase && hi > 0x7f {
			return errUnclear
		}
		writeRange(&p.out, lo, hi)
	}
}

// member parses one member of a class: a character, or a set of them in Go's syntax.
func (p *translator) member(r rune) (c rune, set string, err error) {
	switch r {
	case -1:
		return 0, "", errInvalid
	case '\\':
	default:
		return r, "", nil
	}
	r = p.take()
	if r == 'b' {
		return '\b', "", nil
	}
	if set, ok := classes[r]; ok {
		p.ascii = true
		return 0, set, nil
	}
	c, err = p.character(r)
	return c, "", err
}

func writeRange(b *strings.Builder, lo, hi rune) {
	fmt.Fprintf(b, `\x{%x}-\x{%x}`, lo, hi)
}
