package session

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth"
)

// Session is a logged-in caller, or a caller with a Salt token alone. It prints
// without its secrets.
type Session struct {
	ID    string // 40 hex digits; empty for a Salt token without a session
	Token string // the Salt token that the caller acts with

	User     string
	Eauth    string
	Groups   []string
	AuthList json.RawMessage // see [eauth.Token]

	Start  time.Time
	Expire time.Time // of both session and token
}

func newSession(id string, t eauth.Token) *Session {
	return &Session{
		ID: id, Token: t.Value,
		User: t.User, Eauth: t.Eauth, Groups: t.Groups, AuthList: t.AuthList,
		Start: t.Start, Expire: t.Expire,
	}
}

// String describes the session without its secret.
func (s Session) String() string { return fmt.Sprintf("session of %s user %q", s.Eauth, s.User) }

// GoString keeps the secrets out of %#v too.
func (s Session) GoString() string { return s.String() }

// LogValue keeps the secrets out of logs.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.String()) }
