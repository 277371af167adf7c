package tokens_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/tokens"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	sessionID := h.Session(t, "admin")
	head, text := with(t, h, "POST", "/v1/tokens", `{"name": "ci", "scopes": ["Superuser"], "ttl": "180d"}`, loggedIn+sessionID)
	require.Equal(t, 201, head.Status, text)
	require.Equal(t, "no-store", head.Header.Get("Cache-Control"))
	require.Equal(t, "application/json", head.Header.Get("Content-Type"))
	var made struct {
		ID, Name, Token, State string
		Scopes                 []string
		Created, Expires       time.Time
		LastUsed               *struct{} `json:"last_used"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	require.Equal(t, "ci", made.Name)
	require.Equal(t, []string{"Superuser"}, made.Scopes)
	require.Equal(t, 180*24*time.Hour, made.Expires.Sub(made.Created))
	require.Equal(t, "live", made.State)
	require.Nil(t, made.LastUsed)
	require.Regexp(t, "^"+apitoken.Pattern+"$", made.Token)

	for _, path := range []string{"/v1/tokens", "/v1/tokens/" + made.ID, "/v1/tokens?user=admin&eauth=pam", "/v1/tokens?all=true"} {
		head, text = with(t, h, "GET", path, "", loggedIn+sessionID)
		require.Equal(t, 200, head.Status, text)
		require.Contains(t, text, made.ID)
		require.NotContains(t, text, made.Token, "never again")
	}
	head, text = with(t, h, "POST", "/v1/tokens/"+made.ID+"/regenerate", "", loggedIn+sessionID)
	require.Equal(t, 200, head.Status, text)
	require.Contains(t, text, `"name":"ci"`)
	require.Contains(t, text, `"token":"saltern_api_`)
	require.NotContains(t, text, made.Token)

	head, _ = with(t, h, "DELETE", "/v1/tokens/"+made.ID, "", loggedIn+sessionID)
	require.Equal(t, 204, head.Status)
	head, _ = with(t, h, "GET", "/v1/tokens/"+made.Token, "", loggedIn+sessionID)
	require.Equal(t, 404, head.Status, "that was no id, and the log has no secret all the same")
	head, text = with(t, h, "GET", "/v1/tokens/"+made.ID, "", loggedIn+sessionID)
	require.Equal(t, 404, head.Status)
	require.Equal(t, `{"status": 404, "return": "There is none"}`, text)
	require.NotContains(t, h.Log.String(), made.Token)
	require.NotContains(t, h.Log.String(), made.Token[len("saltern_api_"):])
	require.Contains(t, h.Log.String(), "/v1/tokens/saltern_api_...")
}

// The requests that /v1 refuses, and the errors.
func TestRefusals(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	sessionID := h.Session(t, "admin")
	api, id := made(t, h, sessionID, `{"name": "ci", "scopes": ["Superuser"], "ttl": "never"}`)
	vcd, _ := h.APIToken(t, apitoken.ProfileVCD)
	const fine = `{"name": "x", "scopes": ["User"]}`
	for name, c := range map[string]struct {
		method, path, body, credential string
		status                         int
		says                           string
	}{
		"no credential":      {"POST", "/v1/tokens", fine, "", 401, "No permission"},
		"unknown session":    {"POST", "/v1/tokens", fine, "00", 401, "No permission"},
		"a Salt token":       {"POST", "/v1/tokens", fine, tokentest.SaltToken, 403, "to do this with a token of this kind: log in first"},
		"a token makes one":  {"POST", "/v1/tokens", fine, api, 403, "to do this with a token of this kind: log in first"},
		"a token sees one":   {"GET", "/v1/tokens/" + id, "", api, 403, "to do this with a token of this kind: log in first"},
		"a token sees all":   {"GET", "/v1/tokens", "", api, 403, "to do this with a token of this kind: log in first"},
		"a token revokes":    {"DELETE", "/v1/tokens/" + id, "", api, 403, "to do this with a token of this kind: log in first"},
		"a token renews":     {"POST", "/v1/tokens/" + id + "/regenerate", "", api, 403, "to do this with a token of this kind: log in first"},
		"a token and a role": {"PUT", "/v1/roles/x", `{"permissions": ["cmd-read"]}`, vcd, 403, "to do this with a token of this kind: log in first"},
		"an account's":       {"POST", "/v1/service-accounts", fine, api, 403, "to do this with a token of this kind: log in first"},
		"a mistyped token":   {"GET", "/v1/tokens", "", api[:40] + "AAAAAAAA", 401, "No permission"},
		"unknown key":        {"POST", "/v1/tokens", `{"name": "x", "scope": ["User"]}`, sessionID, 400, "no key"},
		"another case":       {"POST", "/v1/tokens", `{"Name": "x", "scopes": ["User"]}`, sessionID, 400, "no key"},
		"twice":              {"POST", "/v1/tokens", `{"name": "x", "name": "y"}`, sessionID, 400, "twice"},
		"wrong type":         {"POST", "/v1/tokens", `{"name": 5}`, sessionID, 400, "name: a number cannot stand there"},
		"no object":          {"POST", "/v1/tokens", `[1]`, sessionID, 400, "has to be an object"},
		"no JSON":            {"POST", "/v1/tokens", `{"name": "x"`, sessionID, 400, "not valid JSON"},
		"nothing":            {"POST", "/v1/tokens", ``, sessionID, 400, "scopes"},
		"name taken":         {"POST", "/v1/tokens", `{"name": "ci", "scopes": ["User"]}`, sessionID, 409, "taken"},
		"no such role":       {"POST", "/v1/tokens", `{"name": "x", "scopes": ["Root"]}`, sessionID, 400, "no role"},
		"bad life":           {"POST", "/v1/tokens", `{"name": "x", "scopes": ["User"], "ttl": "long"}`, sessionID, 400, "180d"},
		"for another":        {"POST", "/v1/tokens", `{"name": "x", "scopes": ["User"], "user": "bob", "eauth": "pam"}`, sessionID, 403, "You are not allowed to do this\""},
		"no such token":      {"DELETE", "/v1/tokens/" + apitoken.NewID(), "", sessionID, 404, "none"},
		"no id":              {"GET", "/v1/tokens/..%2f", "", sessionID, 404, ""},
		"unknown parameter":  {"GET", "/v1/tokens?user=x&what=y", "", sessionID, 400, ""},
		"half a user":        {"GET", "/v1/tokens?user=x", "", sessionID, 400, "user and eauth"},
		"wrong method":       {"PATCH", "/v1/tokens", "", sessionID, 405, ""},
		"built in":           {"DELETE", "/v1/roles/User", "", sessionID, 403, "You are not allowed to do this\""},
		"another's name":     {"PUT", "/v1/roles/x", `{"name": "y", "permissions": ["cmd-read"]}`, sessionID, 400, "cannot be changed"},
		"bad role":           {"POST", "/v1/roles", `{"name": "x", "permissions": ["to-fly"]}`, sessionID, 400, "to-fly"},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.credential != "" {
				headers = append(headers, "Authorization: Bearer "+c.credential)
			}
			head, text := with(t, h, c.method, c.path, c.body, headers...)
			require.Equal(t, c.status, head.Status, text)
			require.Contains(t, text, c.says)
			require.True(t, json.Valid([]byte(text)), text)
			require.NotContains(t, text, "saltern_api_")
		})
	}
	head, _ := with(t, h, "POST", "/v1/tokens", `name=x`, loggedIn+sessionID, "Content-Type: application/x-www-form-urlencoded")
	require.Equal(t, 415, head.Status)
	head, _ = with(t, h, "POST", "/v1/tokens", fine, "Cookie: session_id="+sessionID, "Origin: https://evil.example")
	require.Equal(t, 403, head.Status)
}

func TestRolesAndAccounts(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	sessionID := h.Session(t, "admin")
	do := func(status int, method, path, body string) string {
		t.Helper()
		head, text := with(t, h, method, path, body, loggedIn+sessionID)
		require.Equal(t, status, head.Status, text)
		return text
	}
	const role = `{"name": "web", "acl": [{"web*": ["state.apply"]}]}`
	require.JSONEq(t, role, do(201, "POST", "/v1/roles", role))
	do(409, "POST", "/v1/roles", role)
	do(200, "PUT", "/v1/roles/web", role)
	require.JSONEq(t, role, do(200, "GET", "/v1/roles/web", ""))
	all := do(200, "GET", "/v1/roles", "")
	require.Contains(t, all, `"name":"Superuser"`)
	require.Contains(t, all, `"acl":[{"web*":["state.apply"]}]`)
	require.Contains(t, all, `"name":"cmd-run"`, "the permissions are there too")

	var account struct{ ID, User, Status string }
	text := do(201, "POST", "/v1/service-accounts", `{"name": "robot", "scopes": ["web"]}`)
	require.NoError(t, json.Unmarshal([]byte(text), &account))
	require.Equal(t, "admin", account.User)
	secret, _ := made(t, h, sessionID, `{"name": "robot's", "service_account": "`+account.ID+`"}`)
	head, _ := with(t, h, "GET", "/v1/service-accounts", "", loggedIn+secret)
	require.Equal(t, 403, head.Status)
	require.Contains(t, do(200, "GET", "/v1/tokens?service_account="+account.ID, ""), "robot's")
	require.Contains(t, do(200, "GET", "/v1/service-accounts", ""), account.ID)
	do(200, "PUT", "/v1/service-accounts/"+account.ID, `{"scopes": ["User"]}`)
	do(200, "POST", "/v1/service-accounts/"+account.ID+"/revoke", "")
	head, _ = with(t, h, "GET", "/v1/roles", "", loggedIn+secret)
	require.Equal(t, 401, head.Status)
	do(200, "GET", "/v1/service-accounts/"+account.ID, "")
	do(204, "DELETE", "/v1/service-accounts/"+account.ID, "")
	do(204, "DELETE", "/v1/roles/web", "")
}

// A role with more rights than its author's is refused, with the excess in the
// error.
func TestARoleWithMoreThanItsWriter(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, func(o *tokentest.Options) { o.LoginRoles = []string{"writer"} })
	bob := h.Session(t, "bob")
	require.NoError(t, h.Tokens.PutRole(t.Context(), issuer.Caller{Operator: true}, role.Role{
		Name: "writer", Permissions: []role.Permission{role.RoleWrite, role.CmdRun}, Targets: []string{"web*"},
	}, true))

	for body, want := range map[string]string{
		`{"permissions": ["cmd-run"], "targets": ["web1", "db1"]}`:          "this is not allowed: target 2 allows more than your own roles do",
		`{"permissions": ["cmd-run", "role-delete"], "targets": ["web1"]}`:  "this is not allowed: the permission role-delete allows more",
		`{"permissions": ["role-write"], "acl": ["test\u001b.ping"]}`:       "this is not allowed: rule 1 allows more",
		`{"permissions": ["cmd-run"], "targets": ["L@web1,web2", "web1*"]}`: "",
	} {
		head, text := with(t, h, "PUT", "/v1/roles/new", body, loggedIn+bob)
		if want == "" {
			require.Equal(t, 200, head.Status, text)
			continue
		}
		require.Equal(t, 403, head.Status, text)
		require.Contains(t, text, want)
	}
}

func TestOperatorHandler(t *testing.T) {
	t.Parallel()
	h := tokens.OperatorHandler(tokentest.Build(t, nil).Tokens)
	do := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
		require.Equal(t, "application/json", w.Header().Get("Content-Type"), "%s %s", method, path)
		return w.Code, w.Body.String()
	}
	status, text := do("POST", "/v1/tokens", `{"name": "ci", "scopes": ["User"], "user": "bob", "eauth": "pam"}`)
	require.Equal(t, 201, status, text)
	require.Contains(t, text, `"token":"saltern_api_`)
	status, text = do("GET", "/v1/tokens", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `"name":"ci"`)
	for path, want := range map[string]int{"/v1/tokens/x": 404, "/": 404, "/v1/nothing": 404} {
		status, _ = do("GET", path, "")
		require.Equal(t, want, status, path)
	}
	status, _ = do("PATCH", "/v1/tokens", "")
	require.Equal(t, 405, status)
	status, text = do("POST", "/v1/tokens", `{`)
	require.Equal(t, 400, status, text)
	status, _ = do("POST", "/v1/tokens", `{"name": "`+strings.Repeat("n", 70<<10)+`"}`)
	require.Equal(t, 400, status)
}

const loggedIn = "X-Auth-Token: "

// with sends a request, whose body is JSON unless a header sets another type.
func with(t *testing.T, h *tokentest.Gateway, method, path, body string, headers ...string) (tokentest.Answer, string) {
	t.Helper()
	if !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Content-Type: ") }) {
		headers = append(headers, "Content-Type: application/json")
	}
	a := h.Send(t, method, path, body, headers...)
	return a, a.Body
}

// made returns a token created over HTTP.
func made(t *testing.T, h *tokentest.Gateway, session, body string) (secret, id string) {
	t.Helper()
	head, text := with(t, h, "POST", "/v1/tokens", body, loggedIn+session)
	require.Equal(t, 201, head.Status, text)
	var made struct{ Token, ID string }
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	return made.Token, made.ID
}

// A token changes roles as far as its scopes go, and not if it is one of Cloud Director's.
func TestTokensThatChangeRoles(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	admin, bob := h.Session(t, "admin"), h.Session(t, "bob")
	all, _ := made(t, h, admin, `{"name": "all", "scopes": ["Superuser"]}`)
	few, _ := made(t, h, admin, `{"name": "few", "scopes": ["User"]}`)
	his, _ := made(t, h, bob, `{"name": "his", "scopes": ["Superuser"]}`)
	vcd, _ := h.APIToken(t, apitoken.ProfileVCD)
	for credential, status := range map[string]int{all: 200, few: 403, his: 403, vcd: 403} {
		head, text := with(t, h, "PUT", "/v1/roles/Web%20team", `{"permissions": ["cmd-read", "pillar-read"]}`, loggedIn+credential)
		require.Equal(t, status, head.Status, text)
		head, text = with(t, h, "POST", "/v1/tokens", `{"name": "more", "scopes": ["User"]}`, loggedIn+credential)
		require.Equal(t, 403, head.Status, text)
	}
	head, text := with(t, h, "GET", "/v1/roles/Web%20team", "", loggedIn+few)
	require.Equal(t, 200, head.Status, text)
	require.Contains(t, text, `"pillar-read"`)
	head, _ = with(t, h, "DELETE", "/v1/roles/Web%20team", "", loggedIn+all)
	require.Equal(t, 204, head.Status)
}
