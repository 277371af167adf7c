package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func printed(t *testing.T, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	std := stdio{out: &b, err: &b}.printers()
	for _, part := range parts {
		n, err := std.out.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	return b.String()
}

func TestPrinter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain\ttext\n":                     "plain\ttext\n",
		"Grüße, 世界 \U0001f600":              "Grüße, 世界 \U0001f600",
		"\x1b[2J\x1b]0;title\a":             `\u001b[2J\u001b]0;title\u0007`,
		"over\rwritten\b\x7f\x00":           `over\u000dwritten\u0008\u007f\u0000`,
		"\u009b31m":                         `\u009b31m`,
		"\x9b31m, as bytes of no character": `\ufffd31m, as bytes of no character`,
		"turned \u202eround\u2066":          `turned \u202eround\u2066`,
		"no-break\u00a0space\u200b":         `no-break\u00a0space\u200b`,
		"tags \U000e0041":                   `tags \udb40\udc41`,
		`a \u001b that is one already`:      `a \u001b that is one already`,
	} {
		require.Equal(t, want, printed(t, text))
		require.Equal(t, want, printed(t, strings.Split(text, "")...), "a character at a time")
	}
	require.Equal(t, "ü", printed(t, "\xc3", "\xbc"), "a byte at a time")
	require.Equal(t, `\u009b`, printed(t, "\xc2", "\x9b"))

	failed := errors.New("the pipe is broken")
	_, err := (&printer{to: writer(func([]byte) (int, error) { return 0, failed })}).Write([]byte("x"))
	require.ErrorIs(t, err, failed)
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// A text in a table stays in its row and column.
func TestTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	rows := newTable(&b, "NAME", "WHAT")
	rows.row("a\tb", "x\nFORGED  true")
	rows.row("\x1b[31mred", "y")
	require.NoError(t, rows.flush())
	require.Equal(t, "NAME           WHAT\n"+`a\tb           x\nFORGED  true`+"\n"+`\u001b[31mred  y`+"\n", b.String())
}

// FuzzPrinter requires that the output for any text is printable, and that JSON
// keeps its meaning.
func FuzzPrinter(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[2J", "\xc2\x9b", "\x9b", `{"a": "\u009b\u202e"}`, "[\"\u009b\U000e0041\"]", "\xf0\x9f\x98"} {
		f.Add(s, 1)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		whole := printed(t, text)
		at = min(max(at, 0), len(text))
		require.Equal(t, whole, printed(t, text[:at], text[at:]))
		require.True(t, utf8.ValidString(whole))
		require.False(t, strings.ContainsFunc(whole, func(c rune) bool { return !unicode.IsPrint(c) && c != '\n' && c != '\t' }))
		var was, is any
		if utf8.ValidString(text) && !strings.Contains(text, "\r") && json.Unmarshal([]byte(text), &was) == nil {
			require.NoError(t, json.Unmarshal([]byte(whole), &is), whole)
			require.Equal(t, was, is)
		}
	})
}
