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

// matches evaluates a target of any type.
func matches(m minion, tgt any, tgtType, delimiter string) (bool, error) {
	s, _ := tgt.(string)
	switch tgtType {
	case "glob":
		return glob(s, m.id)
	case "pcre":
		return pcre(s, m.id)
	case "list":
		switch list := tgt.(type) {
		case []string:
			return slices.Contains(list, m.id), nil
		case []any:
			return slices.Contains(list, any(m.id)), nil
		}
		return onList(s, m.id), nil
	case "grain", "grain_pcre":
		return grain(s, delimiter, tgtType == "grain_pcre", m)
	case "compound":
		return compound(s, m)
	default:
		return false, errNotKnown
	}
}

func glob(pattern, id string) (bool, error) {
	g := pyglob.Compile(pattern)
	return g.Match(id), nil
}

func pcre(pattern, text string) (bool, error) {
	re, err := regexp.Compile(`\A(?:` + pattern + `)`)
	if err != nil {
		return false, err
	}
	return re.MatchString(text), nil
}

func onList(list, id string) bool {
	return strings.Contains(list, ","+id+",") || strings.HasPrefix(list, id+",") || strings.HasSuffix(list, ","+id) || list == id
}

// grain supports grains that are text, one level deep.
func grain(expr, delimiter string, regex bool, m minion) (bool, error) {
	if delimiter == "" {
		delimiter = ":"
	}
	key, want, ok := strings.Cut(expr, delimiter)
	value, has := m.grains[key]
	switch {
	case !ok || !has:
		return false, nil
	case regex:
		return pcre(strings.ToLower(want), strings.ToLower(value))
	default:
		return glob(strings.ToLower(want), strings.ToLower(value))
	}
}

// compound evaluates an expression that Python accepts, and returns false for others.
func compound(expr string, m minion) (bool, error) {
	p := &parser{m: m}
	for _, w := range pythonSpace.Split(expr, -1) {
		if w == "" {
			continue
		}
		if n := len(p.words); w == "not" && n > 0 && !slices.Contains([]string{"and", "or", "("}, p.words[n-1]) {
			p.words = append(p.words, "and")
		}
		p.words = append(p.words, w)
	}
	v := p.or()
	if p.err == nil && len(p.words) > 0 {
		p.err = errMalformed
	}
	if errors.Is(p.err, errMalformed) {
		return false, nil
	}
	return v, p.err
}

var errMalformed = errors.New("malformed")

type parser struct {
	words []string
	m     minion
	err   error
}

func (p *parser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
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
	p.words = p.words[1:]
	v, err := p.term(w)
	if err != nil && p.err == nil {
		p.err = err
	}
	return v
}

func (p *parser) term(w string) (bool, error) {
	m := targetRex.FindStringSubmatch(w)
	if m == nil {
		return false, errMalformed
	}
	switch m[1] + m[3] {
	case "":
		return glob(w, p.m.id)
	case "L":
		return onList(m[4], p.m.id), nil
	case "E":
		return pcre(m[4], p.m.id)
	case "G", "P":
		return grain(m[4], m[2], m[1] == "P", p.m)
	default:
		return false, errNotKnown
	}
}
