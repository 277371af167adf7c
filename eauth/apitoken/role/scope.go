package role

import "strings"

// blank stands for a blank of a role's name in a scope of OAuth, which cannot have
// one (RFC 6749, section 3.3). No name has a percent sign.
const blank = "%20"

// ScopeText returns names of roles as the scope of OAuth: separated by blanks.
func ScopeText(names []string) string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = strings.ReplaceAll(name, " ", blank)
	}
	return strings.Join(escaped, " ")
}

// ParseScope returns the names of the roles in a scope of OAuth.
func ParseScope(text string) []string {
	names := strings.Fields(text)
	for i, name := range names {
		names[i] = strings.ReplaceAll(name, blank, " ")
	}
	return names
}
