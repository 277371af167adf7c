package credname

import (
	"slices"
	"strings"
)

// words are parts of the names of credentials, in lower case and with underscores.
var words = []string{
	"password", "passwd", "passphrase", "passcode", "secret", "token", "credential", "auth_list", "authorization", "cookie",
	"apikey", "api_key", "access_key", "private_key", "privkey", "ssh_priv", "minion_pem", "xsrf", "csrf",
}

// ofSalt are names that Salt uses for credentials, and others for anything.
var ofSalt = []string{"key", "priv"}

// Is reports whether a value of this name is likely a credential, wherever it is: among arguments, headers, in a body.
func Is(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
}

// IsInSalt is Is for data that Salt itself puts on its event bus, where "key" is the master's
// own.
func IsInSalt(name string) bool {
	return Is(name) || slices.Contains(ofSalt, strings.ToLower(name))
}

// Assigned returns the name in a text of the form name=value, as keyword arguments on Salt's command line, if that is
// the name of a credential. Only the beginning of the text is read.
func Assigned(text string) (name string, ok bool) {
	name, _, found := strings.Cut(text[:min(len(text), maxName)], "=")
	return name, found && Is(name)
}

// maxName is more bytes than any name has.
const maxName = 1024
