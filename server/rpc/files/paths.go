package files

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/saltern-api/saltern/server/rpc/method"
)

// wrongPath returns what is wrong with the path of a file below a root. It has to have
// the one form that Salt's and the system's reading of it agree about.
func wrongPath(name string) string {
	switch {
	case name == "":
		return "it is missing"
	case len(name) > maxPath:
		return fmt.Sprintf("it is longer than %d bytes", maxPath)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "it has control characters, or is not UTF-8"
	case strings.Contains(name, `\`):
		return "it has a backslash"
	case path.IsAbs(name), name[0] == '~', strings.Contains(name, "://"):
		return "it is not relative to the roots of the environment"
	case path.Clean(name) != name, name == ".", name == "..", strings.HasPrefix(name, "../"):
		return "it has empty parts, or . or .. among them"
	}
	return ""
}

func wrongEnv(name string) string {
	if what := wrongPath(name); what != "" {
		return what
	}
	if strings.Contains(name, "/") || len(name) > 255 {
		return "it is no name of an environment"
	}
	return ""
}

func fileUUID(env, name string) string { return method.UUIDOf("file", env+"\x00"+name) }
