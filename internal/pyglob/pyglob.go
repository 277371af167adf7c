package pyglob

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Glob is a compiled pattern. The zero Glob matches the empty text.
type Glob struct {
	prefix string // the literal text before the first piece
	pieces []piece
	varies bool
}

type pieceKind uint8

const (
	anyText pieceKind = iota
	anyChar
	literal
	set
)

type piece struct {
	kind   pieceKind
	text   string // of a literal: one character
	not    bool
	ranges []runeRange
}

type runeRange struct{ from, to rune }

// Compile compiles a pattern. Every text is a valid one.
func Compile(pattern string) Glob {
	cut := strings.IndexAny(pattern, "*?[")
	if cut < 0 {
		return Glob{prefix: pattern}
	}
	g := Glob{prefix: pattern[:cut]}
	for rest := pattern[cut:]; rest != ""; {
		_, size := utf8.DecodeRuneInString(rest)
		char := rest[:size]
		rest = rest[size:]
		switch char {
		case "*":
			if n := len(g.pieces); n == 0 || g.pieces[n-1].kind != anyText {
				g.pieces = append(g.pieces, piece{kind: anyText})
			}
		case "?":
			g.pieces = append(g.pieces, piece{kind: anyChar})
		case "[":
			if end := setEnd(rest); end >= 0 {
				g.pieces = append(g.pieces, g.set([]rune(rest[:end])))
				rest = rest[end+1:]
				break
			}
			fallthrough
		default:
			g.pieces = append(g.pieces, piece{kind: literal, text: char})
		}
	}
	return g
}

// setEnd returns the index of the ] that closes a set, or -1. A ] in the first
// place is an element of the set.
func setEnd(s string) int {
	start := 0
	if strings.HasPrefix(s, "!") {
		start++
	}
	if strings.HasPrefix(s[start:], "]") {
		start++
	}
	if end := strings.IndexByte(s[start:], ']'); end >= 0 {
		return start + end
	}
	return -1
}

// set compiles the text between the brackets. It follows Python 3.11's
// fnmatch.translate step by step: it splits the text at the hyphens of ranges,
// removes reversed ranges, and only then checks for the ! that negates.
func (g *Glob) set(in []rune) piece {
	chunks := chunksOf(in)
	for k := len(chunks) - 1; k > 0; k-- {
		before, after := chunks[k-1], chunks[k]
		if before[len(before)-1] > after[0] {
			g.varies = true
			chunks[k-1] = slices.Concat(before[:len(before)-1], after[1:])
			chunks = slices.Delete(chunks, k, k+1)
		}
	}
	p := piece{kind: set}
	switch first := chunks[0]; {
	case len(chunks) == 1 && len(first) == 0:
		return p // it matches nothing
	case first[0] == '!':
		p.not = true
		chunks[0] = first[1:]
		if len(chunks) > 1 && len(chunks[0]) == 0 { // a hyphen in the first place is literal
			chunks[1] = append([]rune{'-'}, chunks[1]...)
			chunks = chunks[1:]
		}
	}
	for k, chunk := range chunks {
		for _, r := range chunk {
			p.ranges = append(p.ranges, runeRange{r, r})
		}
		if k > 0 {
			before := chunks[k-1]
			p.ranges = append(p.ranges, runeRange{before[len(before)-1], chunk[0]})
		}
	}
	return p
}

// chunksOf splits a set at the hyphens of ranges: each is between the last
// character of one chunk and the first of the next. No chunk but the only one
// is empty.
func chunksOf(in []rune) [][]rune {
	var chunks [][]rune
	start, from := 0, 1
	if len(in) > 0 && in[0] == '!' {
		from = 2
	}
	for from <= len(in) {
		hyphen := slices.Index(in[from:], '-')
		if hyphen < 0 {
			break
		}
		hyphen += from
		chunks = append(chunks, in[start:hyphen:hyphen])
		start, from = hyphen+1, hyphen+3
	}
	if start < len(in) || len(chunks) == 0 {
		return append(chunks, in[start:])
	}
	last := len(chunks) - 1
	chunks[last] = append(chunks[last], '-')
	return chunks
}

// Varies reports whether releases of Python interpret the pattern differently:
// it has a reversed range, which is an error before Python 3.10.5 and empty
// since.
func (g *Glob) Varies() bool { return g.varies }

// Match reports whether all of s matches. Its time is at most proportional to
// the product of both lengths: only the last * is ever retried.
func (g *Glob) Match(s string) bool {
	s, ok := strings.CutPrefix(s, g.prefix)
	if !ok {
		return false
	}
	if len(g.pieces) == 1 && g.pieces[0].kind == anyText {
		return true
	}
	at := 0
	retryAt, retryFrom := -1, "" // the piece after the last *, and where it was last tried
	for {
		if at == len(g.pieces) && s == "" {
			return true
		}
		if at < len(g.pieces) {
			p := &g.pieces[at]
			if p.kind == anyText {
				at++
				retryAt, retryFrom = at, s
				continue
			}
			if size, ok := p.accept(s); ok {
				at, s = at+1, s[size:]
				continue
			}
		}
		if retryAt < 0 || retryFrom == "" {
			return false
		}
		_, size := utf8.DecodeRuneInString(retryFrom)
		retryFrom = retryFrom[size:]
		at, s = retryAt, retryFrom
	}
}

// accept reports whether a piece matches the first character of s, and returns
// its length in bytes.
func (p *piece) accept(s string) (size int, ok bool) {
	if s == "" {
		return 0, false
	}
	if p.kind == literal {
		return len(p.text), strings.HasPrefix(s, p.text)
	}
	r, size := utf8.DecodeRuneInString(s)
	if p.kind == anyChar {
		return size, true
	}
	in := slices.ContainsFunc(p.ranges, func(x runeRange) bool { return x.from <= r && r <= x.to })
	return size, in != p.not
}
