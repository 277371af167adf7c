package caller

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/web"
)

// SessionCookie is the name of salt-api's cookie.
const SessionCookie = "session_id"

// Credential is a session id or a token outside of the body.
type Credential struct {
	Text   string
	Cookie bool // sent by the browser, whichever page caused the request

	expires time.Time // of the JWT that it was in; zero without one
}

// IsToken reports whether a credential is a token of the gateway's own, by its
// prefix, so that a mistyped token is not looked up elsewhere.
func (c Credential) IsToken() bool { return apitoken.LooksLike(c.Text) }

// isOwn reports whether the gateway has made the credential, as far as its form
// shows it.
func (c Credential) isOwn() bool { return c.IsToken() || c.isOwnJWT() }

// CredentialsOf returns the credentials outside of the body, in the order in
// which they are tried: the first valid one counts. An empty header counts as
// absent: SaltGUI sends one before it has a token.
//
// salt-api reads X-Auth-Token, before the cookie, and ignores Authorization.
// That header may be meant for or added by a proxy in front: a Bearer token
// that is neither a session nor a token of the master is ignored, and the
// cookie counts. A Bearer token with the prefix of the gateway's own tokens, or
// a JWT of the gateway's, is not ignored: its sender wants to act within its
// scopes, and must not act without them once it is revoked.
func CredentialsOf(r *http.Request) []Credential {
	if token := Only(r.Header["X-Auth-Token"]); token != "" {
		return []Credential{{Text: token}}
	}
	var all []Credential
	if bearer := bearerOf(r); bearer != "" {
		all = append(all, Credential{Text: bearer})
		if all[0].isOwn() {
			return all
		}
	}
	if c, ok := CookieOf(r); ok {
		all = append(all, c)
	}
	return all
}

// bearerOf returns the token of Authorization: Bearer. Several that differ are
// treated as none, or as an invalid one if one of them is the gateway's.
func bearerOf(r *http.Request) string {
	var tokens []string
	for _, value := range r.Header["Authorization"] {
		scheme, token, _ := strings.Cut(value, " ")
		if token = strings.TrimSpace(token); strings.EqualFold(scheme, "Bearer") && token != "" {
			tokens = append(tokens, token)
		}
	}
	all := Only(tokens)
	own := web.OwnSecret(all)
	if i := slices.IndexFunc(tokens, func(text string) bool { return Credential{Text: text}.isOwnJWT() }); own == "" && i >= 0 {
		own = tokens[i]
	}
	switch several := strings.Contains(all, ","); {
	case !several:
		return all
	case own != "":
		return own + ", and another"
	}
	return ""
}

// CookieOf returns the credential of the cookie. The last of several counts, and
// blanks and commas are ignored, as in salt-api: some proxies join header lines
// with commas.
func CookieOf(r *http.Request) (Credential, bool) {
	last := ""
	for _, line := range r.Header["Cookie"] {
		for part := range strings.SplitSeq(strings.ReplaceAll(line, ", ", ";"), ";") {
			name, value, ok := strings.Cut(part, "=")
			if ok && strings.TrimSpace(name) == SessionCookie {
				last = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
	}
	return Credential{Text: last, Cookie: true}, last != ""
}

// Only returns a header's value, of which the first may be empty. If several
// differ, it is unknown which one a proxy has checked: the result is then valid
// for no caller.
func Only(values []string) string {
	for len(values) > 1 && values[0] == "" {
		values = values[1:]
	}
	return strings.Join(slices.Compact(slices.Clone(values)), ", ")
}

// HeaderCredential returns a credential that no browser sends by itself, or "".
// VCD's clients send the same one in two headers, or twice in one; those of /rpc
// have a scheme and a header of their own. The error is a *web.Error.
func HeaderCredential(r *http.Request) (string, error) {
	all := slices.Concat(r.Header["X-Vmware-Vcloud-Access-Token"], r.Header["X-Auth-Token"], r.Header["Csp-Auth-Token"])
	for _, value := range r.Header["Authorization"] {
		if scheme, token, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "JWT") {
			all = append(all, strings.TrimSpace(token))
		}
	}
	found := ""
	for _, text := range all {
		switch {
		case text == "" || text == found:
		case found != "":
			return "", &web.Error{Status: http.StatusBadRequest, Code: "invalid_request", Text: "there are two credentials"}
		default:
			found = text
		}
	}
	return found, nil
}
