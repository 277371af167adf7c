package credname

import (
	"slices"
	"strings"
)

// words are what names of credentials have in them, in lower case and with underscores.
var words = []string{
	"password", "passwd", "passphrase", "passcode", "secret", "token", "credential", "auth_list", "authorization", "cookie",
	"apikey", "api_key", "access_key", "private_key", "privkey", "ssh_priv", "minion_pem", "xsrf", "csrf",
}

// ofSalt are names that Salt gives to credentials, and others to anything.
var ofSalt = []string{"key", "priv"}

// Is tells whether a value of this name is likely a credential, wherever it stands: among arguments, headers, in a body.
func Is(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
}

// IsInSalt is Is for what Salt itself puts on its event bus, where "key" is the master's own.
func IsInSalt(name string) bool {
	return Is(name) || slices.Contains(ofSalt, strings.ToLower(name))
}

// Assigned returns the name in a text of the form name=value, as Salt's command line has keyword arguments, where that
// is the name of a credential. Of the text no more than its first bytes are looked at.
func Assigned(text string) (name string, ok bool) {
	name, _, found := strings.Cut(text[:min(len(text), maxName)], "=")
	return name, found && Is(name)
}

// maxName is more bytes than any name has.
const maxName = 1024
