package web

import (
	"path"
	"strings"
)

// Clip shortens a text to at most n bytes and an ellipsis, without half a
// character before that.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}

// RootPrefix returns a root_prefix as BelowRoot takes it: "" for none.
func RootPrefix(setting string) string {
	if prefix := path.Clean("/" + setting); prefix != "/" {
		return prefix
	}
	return ""
}
