package eventstream

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of a list of globs.
const (
	maxGlobs      = 64
	maxGlobLength = 256 // bytes
)

// GlobError is what is wrong with a list of globs. Its text is fit for clients.
type GlobError struct{ text string }

// Error says it.
func (e *GlobError) Error() string { return e.text }

// glob is a pattern as of Python's fnmatch: * is any text, with slashes too, ? is one character, [ab-d] and [!ab-d]
// are one character of a set. A [ without its ] is itself.
type glob struct {
	text   string // of what has no meaning, up to the first piece that has one
	pieces []piece
}

type pieceKind uint8

const (
	anyText pieceKind = iota
	anyRune
	oneRune
	oneOf
)

type piece struct {
	kind   pieceKind
	rune   rune
	not    bool
	ranges []runeRange
}

type runeRange struct{ from, to rune }

// compileGlobs compiles a list within the bounds.
func compileGlobs(patterns []string) ([]glob, error) {
	if len(patterns) > maxGlobs {
		return nil, &GlobError{fmt.Sprintf("at most %d patterns are accepted", maxGlobs)}
	}
	globs := make([]glob, 0, len(patterns))
	for _, p := range patterns {
		if p == "" || len(p) > maxGlobLength || !utf8.ValidString(p) {
			return nil, &GlobError{fmt.Sprintf("a pattern must be text of 1 to %d bytes", maxGlobLength)}
		}
		globs = append(globs, compileGlob(p))
	}
	return globs, nil
}

func compileGlob(pattern string) glob {
	cut := strings.IndexAny(pattern, "*?[")
	if cut < 0 {
		return glob{text: pattern}
	}
	g := glob{text: pattern[:cut]}
	for rest := pattern[cut:]; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		switch r {
		case '*':
			if n := len(g.pieces); n == 0 || g.pieces[n-1].kind != anyText {
				g.pieces = append(g.pieces, piece{kind: anyText})
			}
		case '?':
			g.pieces = append(g.pieces, piece{kind: anyRune})
		case '[':
			p, after := compileSet(rest)
			g.pieces = append(g.pieces, p)
			rest = after
		default:
			g.pieces = append(g.pieces, piece{kind: oneRune, rune: r})
		}
	}
	return g
}

// compileSet reads a set behind its [, and returns what follows it.
func compileSet(s string) (p piece, rest string) {
	from := 0
	if strings.HasPrefix(s, "!") {
		from = 1
	}
	// A ] in the first place is one of the set.
	end := -1
	if from < len(s) {
		_, first := utf8.DecodeRuneInString(s[from:])
		end = strings.IndexByte(s[from+first:], ']')
		if end >= 0 {
			end += from + first
		}
	}
	if end < 0 {
		return piece{kind: oneRune, rune: '['}, s
	}
	p = piece{kind: oneOf, not: from == 1}
	for set := []rune(s[from:end]); len(set) > 0; {
		r := runeRange{set[0], set[0]}
		set = set[1:]
		if len(set) >= 2 && set[0] == '-' {
			r.to = set[1]
			set = set[2:]
		}
		if r.from <= r.to { // as in Python, a range that runs backwards is empty
			p.ranges = append(p.ranges, r)
		}
	}
	return p, s[end+1:]
}

// match reports whether the whole of s matches.
func (g *glob) match(s string) bool {
	rest, ok := strings.CutPrefix(s, g.text)
	if !ok {
		return false
	}
	if len(g.pieces) == 0 {
		return rest == ""
	}
	if len(g.pieces) == 1 && g.pieces[0].kind == anyText {
		return true
	}
	return g.matchPieces(rest)
}

// matchPieces takes time in proportion to the product of both lengths at most: only the last * is ever tried again.
func (g *glob) matchPieces(s string) bool {
	at := 0
	again, from := -1, "" // the piece after the last *, and where it was tried last
	for {
		if at == len(g.pieces) && s == "" {
			return true
		}
		if at < len(g.pieces) {
			p := &g.pieces[at]
			if p.kind == anyText {
				at++
				again, from = at, s
				continue
			}
			if s != "" {
				r, size := utf8.DecodeRuneInString(s)
				if p.accepts(r) {
					at, s = at+1, s[size:]
					continue
				}
			}
		}
		if again < 0 || from == "" {
			return false
		}
		_, size := utf8.DecodeRuneInString(from)
		from = from[size:]
		at, s = again, from
	}
}

func (p *piece) accepts(r rune) bool {
	switch p.kind {
	case anyRune:
		return true
	case oneRune:
		return r == p.rune
	case oneOf:
		for _, in := range p.ranges {
			if in.from <= r && r <= in.to {
				return !p.not
			}
		}
		return p.not
	case anyText:
	}
	return false
}
