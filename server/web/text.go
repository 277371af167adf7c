package web

import (
	"path"
	"strings"
)

// Clip shortens a text to at most n bytes and an ellipsis, without splitting a
// character.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}

// RootPrefix returns a root_prefix in the form that BelowRoot takes: "" for
// none.
func RootPrefix(setting string) string {
	if prefix := path.Clean("/" + setting); prefix != "/" {
		return prefix
	}
	return ""
}
