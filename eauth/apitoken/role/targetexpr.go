package role

import (
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/acl"
)

// targetExpr is a parsed compound target.
type targetExpr struct {
	text string // its words, each with one space between
	op   string // and, or, not; empty for a word
	kids []*targetExpr
}

const (
	opAnd = "and"
	opOr  = "or"
	opNot = "not"
)

// expr parses a target of a role, with nodegroups replaced. ok is false where the
// target cannot be used.
func (o Options) expr(target string) (*targetExpr, bool) {
	operand, ok := o.target(target)
	if !ok {
		return nil, false
	}
	return parseTarget(operand), true
}

// parseTarget parses a well-formed compound target, see [readCompound].
func parseTarget(target string) *targetExpr {
	p := &targetParser{words: strings.Fields(target)}
	return p.either()
}

type targetParser struct{ words []string }

func (p *targetParser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

// either parses operands of "or", which has the lowest precedence.
func (p *targetParser) either() *targetExpr {
	kids := []*targetExpr{p.both()}
	for p.peek() == opOr {
		p.words = p.words[1:]
		kids = append(kids, p.both())
	}
	return joined(opOr, kids)
}

// both parses operands of "and", which may be left out before a "not".
func (p *targetParser) both() *targetExpr {
	kids := []*targetExpr{p.one()}
	for {
		switch p.peek() {
		case opAnd:
			p.words = p.words[1:]
		case opNot:
		default:
			return joined(opAnd, kids)
		}
		kids = append(kids, p.one())
	}
}

func (p *targetParser) one() *targetExpr {
	word := p.peek()
	if word == "" { // not in a well-formed target; it is within nothing, and nothing is within it
		return &targetExpr{op: opOr, kids: nil, text: ""}
	}
	p.words = p.words[1:]
	switch word {
	case opNot:
		kid := p.one()
		return &targetExpr{text: opNot + " " + kid.text, op: opNot, kids: []*targetExpr{kid}}
	case "(":
		e := p.either()
		if p.peek() == ")" {
			p.words = p.words[1:]
		}
		return e
	}
	return &targetExpr{text: word}
}

func joined(op string, kids []*targetExpr) *targetExpr {
	if len(kids) == 1 {
		return kids[0]
	}
	texts := make([]string, len(kids))
	for i, k := range kids {
		texts[i] = k.text
	}
	return &targetExpr{text: "( " + strings.Join(texts, " "+op+" ") + " )", op: op, kids: kids}
}

// eachPart reports whether a condition holds for all parts of a target that are
// joined by "or".
func eachPart(e *targetExpr, holds func(*targetExpr) bool) bool {
	if e.op != opOr {
		return holds(e)
	}
	return len(e.kids) > 0 && !slices.ContainsFunc(e.kids, func(k *targetExpr) bool { return !eachPart(k, holds) })
}

// maxSteps bounds the comparison of a role with others to some 0.1 s.
const maxSteps = 50_000

// comparison counts the steps that a comparison may still take.
type comparison struct{ steps int }

func newComparison() *comparison { return &comparison{maxSteps} }

// step counts a step, and reports whether it may be taken.
func (c *comparison) step() bool {
	c.steps--
	return c.steps >= 0
}

// within reports whether all minions of target e are minions of target of, whatever
// minions exist.
func (c *comparison) within(e, of *targetExpr) bool {
	if !c.step() || e.text == "" || of.text == "" {
		return false
	}
	if e.text == of.text || of.text == everywhere {
		return true
	}
	inner := func(k *targetExpr) bool { return c.within(k, of) }
	outer := func(k *targetExpr) bool { return c.within(e, k) }
	all := func(kids []*targetExpr, ok func(*targetExpr) bool) bool {
		return !slices.ContainsFunc(kids, func(k *targetExpr) bool { return !ok(k) })
	}
	switch {
	case e.op == opOr:
		return all(e.kids, inner)
	case of.op == opAnd:
		return all(of.kids, outer)
	case e.op == opAnd && slices.ContainsFunc(e.kids, inner):
		return true
	case of.op == opOr && slices.ContainsFunc(of.kids, outer):
		return true
	case e.op == opNot && of.op == opNot:
		return c.within(of.kids[0], e.kids[0])
	case e.op == "":
		return wordWithin(e.text, of)
	}
	return false
}

// wordWithin is within for one word.
func wordWithin(word string, of *targetExpr) bool {
	e := readTerm(word)
	if ids, ok := idsOf(e); ok {
		matched, known := acl.Accepted(func() ([]string, error) { return ids, nil }).Match(of.text, "compound")
		return known && len(matched) == len(ids)
	}
	if of.op != "" {
		return false
	}
	switch outer := readTerm(of.text); {
	case e.engine != outer.engine:
		return false
	case e.engine == "":
		return globWithin([]rune(e.pattern), []rune(outer.pattern))
	case e.engine == "E":
		return patternWithin(e.pattern, outer.pattern)
	}
	return false
}

// idsOf returns the ids that a word lists; ok is false for a word of another form.
func idsOf(t term) (ids []string, ok bool) {
	switch {
	case t.engine == "" && !strings.ContainsAny(t.pattern, "*?["):
		return []string{t.pattern}, true
	case t.engine == "L":
		ids := slices.DeleteFunc(strings.Split(t.pattern, ","), func(id string) bool { return id == "" })
		return ids, len(ids) > 0
	}
	return nil, false
}

// globWithin reports whether a glob matches nothing that another does not match. It
// returns false where one has classes.
func globWithin(glob, of []rune) bool {
	if slices.Contains(glob, '[') || slices.Contains(of, '[') {
		return false
	}
	// can[j] is set where what was read of glob is within the first j characters
	// of of.
	can := make([]bool, len(of)+1)
	can[0] = true
	through := func() {
		for j, c := range of {
			if c == '*' && can[j] {
				can[j+1] = true
			}
		}
	}
	through()
	for _, c := range glob {
		next := make([]bool, len(of)+1)
		for j, o := range of {
			switch {
			case !can[j]:
			case o == '*':
				next[j] = true
			case c != '*' && (o == '?' || o == c && c != '?'):
				next[j+1] = true
			}
		}
		can = next
		through()
	}
	return can[len(of)]
}
