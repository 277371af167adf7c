package eauth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// Token is a Salt token and what the master's store says of its owner. It
// prints without the token itself.
type Token struct {
	Value  string
	User   string
	Eauth  string
	Groups []string

	// AuthList is what the token allows, as JSON, where the master keeps that
	// in its tokens (keep_acl_in_token). It is null where the eauth module had
	// nothing to say, and nil where the token has no auth_list at all.
	AuthList json.RawMessage

	Start  time.Time
	Expire time.Time
}

// Valid reports whether t names its owner and has not expired.
func (t Token) Valid(now time.Time) bool {
	return t.Value != "" && t.User != "" && now.Before(t.Expire)
}

// String describes the token without its secret.
func (t Token) String() string { return fmt.Sprintf("token of %s user %q", t.Eauth, t.User) }

// GoString keeps the token out of %#v too.
func (t Token) GoString() string { return t.String() }

// LogValue keeps the token out of logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }
