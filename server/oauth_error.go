package server

import (
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

func invalidRequest(text string) error {
	return &web.Error{Status: http.StatusBadRequest, Code: web.CodeInvalidRequest, Text: text}
}

// invalidGrant is the one answer for a credential that is unknown, expired,
// revoked or somebody else's: which of these it is, is nobody's business.
func invalidGrant(err error) error {
	return &web.Error{Status: http.StatusBadRequest, Code: web.CodeInvalidGrant, Err: err,
		Text: web.TextGrant}
}

func denied(text string, err error) error {
	return &web.Error{Status: http.StatusForbidden, Code: web.CodeAccessDenied, Text: text, Err: err}
}

// A style is how a door writes its errors.
type style func(x *exchange, e *web.Error)

// door makes one of net/http's of a handler, which answers errors in a style.
// Nothing that a door says may be kept by anybody (RFC 6749, section 5.1).
func (d *doors) door(write style, h handler) http.HandlerFunc {
	return d.mux.Handler(func(x *exchange, r *http.Request) error {
		head := x.Header()
		head.Set("Pragma", "no-cache")
		if id := r.Header.Get(clientRequestID); web.IsRequestID(id) {
			head.Set(clientRequestID, id)
		}
		return h(x, r)
	}, web.NoStore, web.BodyLimit(maxDoorBody), web.Errors(func(x *exchange, r *http.Request, e *web.Error) {
		if e.Status == http.StatusUnauthorized {
			x.Header().Set("Www-Authenticate", d.challenge(r, e))
		}
		write(x, e)
	})).ServeHTTP
}

// clientRequestID is a header of VCD's clients, who want it back. They may
// choose how it looks, within reason.
const clientRequestID = "X-Vmware-Vcloud-Client-Request-Id"

// challenge tells how to log in (RFC 6750, section 3). Who has shown nothing
// gets no error code.
func (d *doors) challenge(r *http.Request, e *web.Error) string {
	about := `Bearer realm="saltern"`
	if !d.with.NoVCD {
		about += `, resource_metadata="` + d.base(r) + web.ResourcePath + `"` // RFC 9728, section 5.1
	}
	shown, err := caller.HeaderCredential(r)
	if shown == "" && err == nil && r.Header.Get("Authorization") == "" || e.OAuthCode() != web.CodeInvalidToken {
		return about
	}
	return about + `, error="invalid_token"`
}

// writeOAuthVCDError satisfies clients of RFC 6749, who read the first two, and those
// of VCD, who print the last two.
func writeOAuthVCDError(x *exchange, e *web.Error) {
	code, text := e.OAuthCode(), asciiText(e.Text)
	writeBody(x, "application/json", e.Status, compact(struct {
		Error          string `json:"error"`
		Description    string `json:"error_description"`
		MinorErrorCode string `json:"minorErrorCode"`
		Message        string `json:"message"`
	}{code, text, code, text}))
}

// asciiText makes of a text what may stand in an error_description: printable
// ASCII without quotes and backslashes (RFC 6749, section 5.2).
func asciiText(text string) string {
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
