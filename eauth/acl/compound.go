package acl

import "strings"

// compoundMatcher parses a compound expression: words and the operators and, or, not and parentheses. ok is false for
// an expression that is not well formed, which Salt reads in its own way, and for one with a word that matches more
// than ids.
func compoundMatcher(words []string) (matcher, bool) {
	if len(words) > maxWords {
		return nil, false
	}
	p := &compoundParser{words: words}
	m, ok := p.either()
	return m, ok && len(p.words) == 0
}

const (
	maxWords  = 10_000
	maxNested = 100 // parentheses inside each other
)

type compoundParser struct {
	words []string
	depth int
}

func (p *compoundParser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *compoundParser) accept(word string) bool {
	if p.peek() != word {
		return false
	}
	p.words = p.words[1:]
	return true
}

// either parses operands joined by "or", which binds the least.
func (p *compoundParser) either() (matcher, bool) {
	left, ok := p.both()
	for ok && p.accept("or") {
		var right matcher
		was := left
		right, ok = p.both()
		left = func(id string) outcome {
			return firstYes([]matcher{was, right}, func(m matcher) outcome { return m(id) })
		}
	}
	return left, ok
}

// both parses operands joined by "and". Before a "not" it may be left out.
func (p *compoundParser) both() (matcher, bool) {
	left, ok := p.one()
	for ok && (p.accept("and") || p.peek() == "not") {
		var right matcher
		was := left
		right, ok = p.one()
		left = func(id string) outcome {
			return was(id).and(func() outcome { return right(id) })
		}
	}
	return left, ok
}

func (p *compoundParser) one() (matcher, bool) {
	switch word := p.peek(); word {
	case "", "and", "or", ")":
		return nil, false
	case "not":
		p.accept("not")
		if p.peek() == "not" { // an error in Salt
			return nil, false
		}
		m, ok := p.one()
		return func(id string) outcome { return negate(m(id)) }, ok
	case "(":
		p.accept("(")
		if p.depth++; p.depth > maxNested {
			return nil, false
		}
		m, ok := p.either()
		p.depth--
		return m, ok && p.accept(")")
	default:
		p.accept(word)
		return wordMatcher(word)
	}
}

func negate(o outcome) outcome {
	switch o {
	case yes:
		return no
	case no:
		return yes
	default:
		return o
	}
}

// wordMatcher parses one word: an engine's letter, an @ and the engine's pattern, or a glob.
func wordMatcher(word string) (matcher, bool) {
	engine, pattern, found := strings.Cut(word, "@")
	if !found || engine == "" || pattern == "" {
		return globMatcher(word)
	}
	switch {
	case engine == "L":
		return listMatcher(pattern)
	case engine == "E":
		return pcreMatcher(pattern)
	case strings.ContainsRune("GPIJ", rune(engine[0])) && len(engine) <= 2: // with or without a delimiter
		return nil, false
	case len(engine) == 1 && strings.Contains("NSRTM", engine):
		return nil, false
	default:
		return globMatcher(word)
	}
}
