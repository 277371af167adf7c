package acl

import (
	"fmt"
	"strconv"
)

const maxRepeats = 1000 // Go's own bound

// repeat writes a quantifier.
func (p *translator) repeat(last item, quantifier string) error {
	if last != atom {
		return errInvalid
	}
	p.out.WriteString(quantifier)
	switch p.peek() {
	case '?':
		p.out.WriteRune(p.take())
	case '+': // possessive from Python 3.11
		return errUnclear
	}
	return nil
}

// count parses what follows a {, which is a literal { unless a quantifier
// follows.
func (p *translator) count(last item) (item, error) {
	start := p.pos
	lo := p.digits()
	hi, open := lo, p.accept(",")
	if open {
		hi = p.digits()
	}
	if !p.accept("}") || !open && lo == "" {
		p.pos = start
		return atom, p.literal('{')
	}
	least, lowOK := bound(lo, 0)
	most, highOK := bound(hi, maxRepeats)
	switch {
	case !lowOK, !highOK:
		return nothing, errUnclear
	case least > most:
		return nothing, errInvalid
	case hi == "":
		return repeated, p.repeat(last, fmt.Sprintf("{%d,}", least))
	default:
		return repeated, p.repeat(last, fmt.Sprintf("{%d,%d}", least, most))
	}
}

// bound parses one end of a quantifier. ok is false if Go does not repeat that
// often.
func bound(digits string, def int) (n int, ok bool) {
	if digits == "" {
		return def, true
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n <= maxRepeats
}

func (p *translator) digits() string {
	start := p.pos
	for !p.end() && p.in[p.pos] >= '0' && p.in[p.pos] <= '9' {
		p.pos++
	}
	return string(p.in[start:p.pos])
}
