package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/oauth/tenant"
)

// account registers a service account as admin.
func (h *house) account(t *testing.T, admin string) (id string) {
	t.Helper()
	a := h.object(t, "/oauth/provider/register", `{"client_name":"robot","software_id":"12345678-1234-1234-1234-1234567890ab",`+
		`"software_version":"1.0","client_uri":"https://example.com","scope":"urn:vcloud:role:System%20Administrator"}`, bearer(admin))
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	id = a.text(t, "client_id")
	require.Equal(t, `{"client_name":"robot","client_id":"`+id+`","grant_types":[`+
		`"urn:ietf:params:oauth:grant-type:device_code","refresh_token"],"token_endpoint_auth_method":"none",`+
		`"software_id":"12345678-1234-1234-1234-1234567890ab","software_version":"1.0",`+
		`"client_uri":"https://example.com","scope":"urn:vcloud:role:System%20Administrator"}`, a.Body)
	return id
}

func (h *house) status(t *testing.T, id, admin string) string {
	t.Helper()
	return h.send(t, http.MethodGet, "/cloudapi/1.0.0/serviceAccounts/"+tenant.AccountURN+id, "", bearer(admin)).text(t, "status")
}

func TestOAuthDevice(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	admin, bob := h.session(t, "admin"), h.session(t, "bob")
	id := h.account(t, admin)
	require.Equal(t, "CREATED", h.status(t, id, admin))

	begun := h.form(t, "/oauth/provider/device_authorization", "client_id="+id)
	require.Equal(t, http.StatusOK, begun.Status, begun.Body)
	device, user := begun.text(t, "device_code"), begun.text(t, "user_code")
	require.Regexp(t, `^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$`, user)
	require.EqualValues(t, 600, begun.member(t, "expires_in"))
	require.EqualValues(t, 5, begun.member(t, "interval"))
	require.Equal(t, h.url+deviceLookupPath, begun.text(t, "verification_uri"))
	require.Contains(t, h.send(t, http.MethodGet, deviceLookupPath, "").Body, "userCode")
	require.Equal(t, "REQUESTED", h.status(t, id, admin))

	poll := "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=" + id + "&device_code=" + device
	union(t, h.form(t, providerToken, poll), http.StatusBadRequest, "authorization_pending")
	union(t, h.form(t, providerToken, poll), http.StatusBadRequest, "slow_down")
	union(t, h.form(t, providerToken, strings.Replace(poll, id, apitoken.NewID(), 1)), http.StatusBadRequest, "invalid_grant")

	code := `{"userCode":"` + strings.ToLower(user) + `"}`
	require.Equal(t, http.StatusForbidden, h.object(t, deviceLookupPath+"/grant", code, bearer(bob)).Status)
	require.Equal(t, http.StatusUnauthorized, h.object(t, deviceLookupPath+"/grant", code).Status)
	require.Equal(t, http.StatusNotFound, h.object(t, deviceLookupPath, `{"userCode":"BBBB-BBBB"}`, bearer(admin)).Status)
	require.Equal(t, http.StatusBadRequest, h.object(t, deviceLookupPath, `{}`, bearer(admin)).Status)
	found := h.object(t, deviceLookupPath, code, bearer(admin))
	require.Equal(t, http.StatusSeeOther, found.Status)
	require.Equal(t, h.url+"/cloudapi/1.0.0/serviceAccounts/urn:vcloud:serviceAccount:"+id, found.Header.Get("Location"))
	require.Equal(t, http.StatusNoContent, h.object(t, deviceLookupPath+"/grant", code, bearer(admin)).Status)
	require.Equal(t, "GRANTED", h.status(t, id, admin))

	got := h.form(t, providerToken, poll)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Equal(t, "ACTIVE", h.status(t, id, admin))
	union(t, h.form(t, providerToken, poll), http.StatusBadRequest, "invalid_grant")

	// Each refresh token is for one exchange, which brings the next one.
	const grant = "grant_type=refresh_token&refresh_token="
	first := got.text(t, "refresh_token")
	require.Regexp(t, `^saltern_svc_\w{36}$`, first)
	next := h.form(t, providerToken, grant+first)
	require.Equal(t, http.StatusOK, next.Status, next.Body)
	second, access := next.text(t, "refresh_token"), next.text(t, "access_token")
	require.NotEqual(t, first, second)
	require.Equal(t, http.StatusOK, h.send(t, http.MethodGet, "/api/org", "", bearer(access)).Status)

	// Whoever shows one again ends them all.
	union(t, h.form(t, providerToken, grant+first), http.StatusBadRequest, "invalid_grant")
	union(t, h.form(t, providerToken, grant+second), http.StatusBadRequest, "invalid_grant")
	require.Equal(t, http.StatusUnauthorized, h.send(t, http.MethodGet, "/api/org", "", bearer(access)).Status)
}

func TestOAuthDeviceDenied(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	admin := h.session(t, "admin")
	id := h.account(t, admin)
	begun := h.form(t, "/oauth/provider/device_authorization", "client_id="+id)
	code := `{"userCode":"` + begun.text(t, "user_code") + `"}`
	require.Equal(t, http.StatusNoContent, h.object(t, deviceLookupPath+"/deny", code, bearer(admin)).Status)
	union(t, h.form(t, providerToken, "grant_type="+grantDevice+"&client_id="+id+"&device_code="+begun.text(t, "device_code")),
		http.StatusBadRequest, "access_denied")
	union(t, h.form(t, "/oauth/provider/device_authorization", "client_id="+apitoken.NewID()), http.StatusBadRequest, "invalid_client")
	union(t, h.form(t, "/oauth/provider/device_authorization", ""), http.StatusBadRequest, "invalid_request")
}
