package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printer writes text that is safe for a terminal: everything that is not
// printable is escaped as in JSON, such as \u001b, so that names from other
// users move no cursor, change no color and reverse no line. Line ends and tabs
// are kept, and JSON stays JSON with the same values. All output of the program
// goes through one.
type printer struct {
	mu   sync.Mutex
	to   io.Writer
	rest []byte // of an incomplete character
}

// printers returns a stdio that escapes its output.
func (s stdio) printers() stdio { return stdio{out: &printer{to: s.out}, err: &printer{to: s.err}} }

// Write writes all of text, except an incomplete character at its end.
func (p *printer) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := text
	if len(p.rest) > 0 || !isPlain(text) {
		out = p.escape(append(p.rest, text...))
	}
	if _, err := p.to.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
}

// isPlain reports whether a text can be printed unchanged, as most can.
func isPlain(text []byte) bool {
	for _, b := range text {
		if (b < ' ' || b > '~') && b != '\n' && b != '\t' {
			return false
		}
	}
	return true
}

func (p *printer) escape(text []byte) []byte {
	p.rest = nil
	var out []byte
	for len(text) > 0 {
		if !utf8.FullRune(text) {
			p.rest = append([]byte(nil), text...)
			break
		}
		c, size := utf8.DecodeRune(text)
		switch {
		case c == utf8.RuneError && size == 1:
			out = append(out, `\ufffd`...)
		case c == '\n' || c == '\t' || unicode.IsPrint(c):
			out = append(out, text[:size]...)
		default:
			out = appendEscaped(out, c)
		}
		text = text[size:]
	}
	return out
}

func appendEscaped(out []byte, c rune) []byte {
	if first, second := utf16.EncodeRune(c); first != unicode.ReplacementChar {
		return fmt.Appendf(out, `\u%04x\u%04x`, first, second)
	}
	return fmt.Appendf(out, `\u%04x`, c)
}

// inLine replaces line ends and tabs in a text. The printer escapes the rest.
func inLine(text string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(text)
}

// table prints rows in columns.
type table struct{ w *tabwriter.Writer }

func newTable(out io.Writer, head ...string) table {
	// Escaping makes text wider, so it comes before the columns.
	t := table{tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)}
	t.row(head...)
	return t
}

// row adds a row.
func (t table) row(cells ...string) {
	escaped := make([]string, len(cells))
	for i, c := range cells {
		escaped[i] = string((&printer{}).escape([]byte(inLine(c))))
	}
	fmt.Fprintln(t.w, strings.Join(escaped, "\t"))
}

func (t table) flush() error { return t.w.Flush() }
