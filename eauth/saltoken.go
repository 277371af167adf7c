package eauth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// Token is a Salt token and its owner, as the master's store has it. It prints
// without the token itself.
type Token struct {
	Value  string
	User   string
	Eauth  string
	Groups []string

	// AuthList is what the token allows, as JSON, where the master stores that
	// in its tokens (keep_acl_in_token). It is null where the eauth module
	// returned nothing, and nil where the token has no auth_list at all.
	AuthList json.RawMessage

	Start  time.Time
	Expire time.Time
}

// Valid reports whether t has an owner and has not expired.
func (t Token) Valid(now time.Time) bool {
	return t.Value != "" && t.User != "" && now.Before(t.Expire)
}

// String describes the token without its secret.
func (t Token) String() string { return fmt.Sprintf("token of %s user %q", t.Eauth, t.User) }

// GoString keeps the token out of %#v too.
func (t Token) GoString() string { return t.String() }

// LogValue keeps the token out of logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// maxToken is the length of the longest Salt token: a SHA-512 in hex.
const maxToken = 128

// tokenLengths are the lengths of Salt's tokens, which are the hex digests of
// random bytes, by the master's hash_type.
var tokenLengths = map[string]int{
	"md5":    32,
	"sha1":   40,
	"sha224": 56,
	"sha256": 64,
	"sha384": 96,
	"sha512": maxToken,
}

// WellFormedToken reports whether s can be a token of a master with this
// hash_type: hex digits, as many as its digest has. An unknown hash type is
// treated as Salt's default, sha256. A token is a file name on the master, so
// nothing else may ever be looked up.
func WellFormedToken(s, hashType string) bool {
	want, ok := tokenLengths[hashType]
	if !ok {
		want = tokenLengths["sha256"]
	}
	return len(s) == want && isHex(s)
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
