package saltmaster

import "log/slog"

// Login is what a command carries in place of a Salt token: the master checks the password with its eauth module, and
// has that module say what the user may do where it can (acl, process_acl). It prints without the password.
//
// The master keeps what a publication carried, password included, in its job cache, and puts it on its event bus where
// it refuses the publication. salt-api's own have the same in them.
type Login struct{ Eauth, Username, Password string }

// String is a login without its password.
func (l Login) String() string { return l.Eauth + " user " + l.Username }

// GoString keeps the password out of %#v too.
func (l Login) GoString() string { return l.String() }

// LogValue keeps the password out of logs.
func (l Login) LogValue() slog.Value { return slog.StringValue(l.String()) }

// authorityPairs is how many entries of a load appendAuthority writes.
func authorityPairs(l Login) int {
	if l.Eauth != "" {
		return 3
	}
	return 1
}

// appendAuthority writes the credentials of a command: never both, since the master takes the token then, and calls the eauth
// module about the other user.
func appendAuthority(b []byte, token string, l Login) []byte {
	if l.Eauth == "" {
		return appendPair(b, "token", token)
	}
	b = appendPair(b, "eauth", l.Eauth)
	b = appendPair(b, "username", l.Username)
	return appendPair(b, "password", l.Password)
}
