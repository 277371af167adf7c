package tokenapi

import (
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// InvalidRequest returns the error for a request that is malformed (RFC 6749,
// section 5.2). The text is for the client.
func InvalidRequest(text string) error {
	return &web.Error{Status: http.StatusBadRequest, Code: web.CodeInvalidRequest, Text: text}
}

// InvalidGrant returns the one error for a credential that is unknown, expired,
// revoked or another user's: clients do not learn which.
func InvalidGrant(err error) error {
	return &web.Error{Status: http.StatusBadRequest, Code: web.CodeInvalidGrant, Text: web.TextGrant, Err: err}
}

// NotLoggedIn returns the error for a request without a valid credential.
func NotLoggedIn(err error) error {
	return &web.Error{Status: http.StatusUnauthorized, Code: web.CodeInvalidToken, Err: err,
		Text: "there is no credential, or it is not valid"}
}

// ASCII replaces the characters that must not be in an error_description, which
// is printable ASCII without quotes and backslashes (RFC 6749, section 5.2).
func ASCII(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '"' || c == '\\':
			return '\''
		case c < ' ' || c > '~':
			return '?'
		}
		return c
	}, text)
}

// WriteOAuthVCDError writes an error for clients of RFC 6749, which read the first
// two members, and those of Cloud Director, which print the last two.
func WriteOAuthVCDError(x *web.Exchange, _ *http.Request, e *web.Error) {
	code, text := e.OAuthCode(), ASCII(e.Text)
	x.WriteBody("application/json", e.Status, web.JSON(struct {
		Error          string `json:"error"`
		Description    string `json:"error_description"`
		MinorErrorCode string `json:"minorErrorCode"`
		Message        string `json:"message"`
	}{code, text, code, text}))
}

// ResourcePath is the well-known path of RFC 9728.
const ResourcePath = "/.well-known/oauth-protected-resource"

// Realm is the settings that all APIs for tokens share.
type Realm struct {
	URLs web.URLs

	// Metadata is whether there is a document at [ResourcePath].
	Metadata bool
}

// Options returns the options of an API's routes: errors are written by write,
// with a challenge for a 401; bodies are small; and responses are not cached
// (RFC 6749, section 5.1).
func (m Realm) Options(write web.ErrorWriter) []web.Option {
	return []web.Option{web.Errors(m.challenged(write)), web.NoStore, web.BodyLimit(MaxBody), web.Wrap(withHeaders)}
}

func (m Realm) challenged(write web.ErrorWriter) web.ErrorWriter {
	return func(x *web.Exchange, r *http.Request, e *web.Error) {
		if e.Status == http.StatusUnauthorized {
			x.Header().Set("Www-Authenticate", m.challenge(r, e))
		}
		write(x, r, e)
	}
}

// challenge returns the WWW-Authenticate (RFC 6750, section 3). For a request
// without a credential it has no error code.
func (m Realm) challenge(r *http.Request, e *web.Error) string {
	about := caller.BearerChallenge
	if m.Metadata {
		about += `, resource_metadata="` + m.URLs.Base(r) + ResourcePath + `"` // RFC 9728, section 5.1
	}
	shown, err := caller.HeaderCredential(r)
	if shown == "" && err == nil && r.Header.Get("Authorization") == "" || e.OAuthCode() != web.CodeInvalidToken {
		return about
	}
	return about + `, error="invalid_token"`
}

// clientRequestID is a header of Cloud Director's clients that is echoed. Its
// value is the client's choice, within limits.
const clientRequestID = "X-Vmware-Vcloud-Client-Request-Id"

func withHeaders(h web.Handler) web.Handler {
	return func(x *web.Exchange, r *http.Request) error {
		x.Header().Set("Pragma", "no-cache")
		if id := r.Header.Get(clientRequestID); web.IsRequestID(id) {
			x.Header().Set(clientRequestID, id)
		}
		return h(x, r)
	}
}
