package role

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/pyglob"
)

// This is a small evaluator of targets that does what minions do, independently of
// the package: a minion replaces each word by True or False and lets Python evaluate
// the rest.

type minion struct {
	id     string
	grains map[string]string
}

var (
	pythonSpace = regexp.MustCompile(`[\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+`)
	targetRex   = regexp.MustCompile(`^(?:([GPIJ])(.)?@|([LNSERTM])@)?(.+)$`)

	errNotKnown = errors.New("the evaluator does not know that")
)

// matcher reports whether a minion, or a text of it, is matched. What it needs is read
// once, and not for each minion.
type (
	matcher     func(m minion) (bool, error)
	textMatcher func(text string) (bool, error)
)

// requested reads a target of any type.
func requested(tgt any, tgtType, delimiter string) matcher {
	s, _ := tgt.(string)
	switch tgtType {
	case "glob":
		return ofID(glob(s))
	case "pcre":
		return ofID(pcre(s))
	case "list":
		return func(m minion) (bool, error) {
			switch list := tgt.(type) {
			case []string:
				return slices.Contains(list, m.id), nil
			case []any:
				return slices.Contains(list, any(m.id)), nil
			}
			return onList(s, m.id), nil
		}
	case "grain", "grain_pcre":
		return grain(s, delimiter, tgtType == "grain_pcre")
	case "compound":
		return compound(s)
	default:
		return fails(errNotKnown)
	}
}

func ofID(matches textMatcher) matcher {
	return func(m minion) (bool, error) { return matches(m.id) }
}

func fails(err error) matcher {
	return func(minion) (bool, error) { return false, err }
}

func glob(pattern string) textMatcher {
	g := pyglob.Compile(pattern)
	return func(text string) (bool, error) { return g.Match(text), nil }
}

func pcre(pattern string) textMatcher {
	re, err := regexp.Compile(`\A(?:` + pattern + `)`)
	return func(text string) (bool, error) {
		if err != nil {
			return false, err
		}
		return re.MatchString(text), nil
	}
}

func onList(list, id string) bool {
	return strings.Contains(list, ","+id+",") || strings.HasPrefix(list, id+",") || strings.HasSuffix(list, ","+id) || list == id
}

// grain supports grains that are text, one level deep.
func grain(expr, delimiter string, regex bool) matcher {
	if delimiter == "" {
		delimiter = ":"
	}
	key, want, ok := strings.Cut(expr, delimiter)
	if !ok {
		return fails(nil)
	}
	matches := glob(strings.ToLower(want))
	if regex {
		matches = pcre(strings.ToLower(want))
	}
	return func(m minion) (bool, error) {
		value, has := m.grains[key]
		if !has {
			return false, nil
		}
		return matches(strings.ToLower(value))
	}
}

// word is an operator or a parenthesis, or what matches minions.
type word struct {
	text    string
	matches matcher
}

// compound reads an expression that Python accepts, and matches nothing for others.
func compound(expr string) matcher {
	var words []word
	for _, w := range pythonSpace.Split(expr, -1) {
		if w == "" {
			continue
		}
		if n := len(words); w == "not" && n > 0 && !slices.Contains([]string{"and", "or", "("}, words[n-1].text) {
			words = append(words, word{text: "and"})
		}
		words = append(words, word{w, readWord(w)})
	}
	return func(m minion) (bool, error) {
		p := &parser{words: words, m: m}
		v := p.or()
		if p.err == nil && len(p.words) > 0 {
			p.err = errMalformed
		}
		if errors.Is(p.err, errMalformed) {
			return false, nil
		}
		return v, p.err
	}
}

// readWord reads a word that is not an operator.
func readWord(w string) matcher {
	parts := targetRex.FindStringSubmatch(w)
	if parts == nil {
		return fails(errMalformed)
	}
	switch parts[1] + parts[3] {
	case "":
		return ofID(glob(w))
	case "L":
		return func(m minion) (bool, error) { return onList(parts[4], m.id), nil }
	case "E":
		return ofID(pcre(parts[4]))
	case "G", "P":
		return grain(parts[4], parts[2], parts[1] == "P")
	default:
		return fails(errNotKnown)
	}
}

var errMalformed = errors.New("malformed")

type parser struct {
	words []word
	m     minion
	err   error
}

func (p *parser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0].text
}

func (p *parser) take(w string) bool {
	if p.next() != w {
		return false
	}
	p.words = p.words[1:]
	return true
}

func (p *parser) or() bool {
	v := p.and()
	for p.err == nil && p.take("or") {
		w := p.and()
		v = v || w
	}
	return v
}

func (p *parser) and() bool {
	v := p.not()
	for p.err == nil && p.take("and") {
		w := p.not()
		v = v && w
	}
	return v
}

func (p *parser) not() bool {
	if p.take("not") {
		return !p.not()
	}
	return p.operand()
}

func (p *parser) operand() bool {
	if p.take("(") {
		v := p.or()
		if p.err == nil && !p.take(")") {
			p.err = errMalformed
		}
		return v
	}
	w := p.next()
	if w == "" || slices.Contains(operators, w) {
		p.err = errMalformed
		return false
	}
	v, err := p.words[0].matches(p.m)
	p.words = p.words[1:]
	if err != nil && p.err == nil {
		p.err = err
	}
	return v
}
