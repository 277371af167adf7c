package oauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/vcd"
)

func status(t *testing.T, h *tokentest.Gateway, id, admin string) string {
	t.Helper()
	return h.Send(t, http.MethodGet, "/cloudapi/1.0.0/serviceAccounts/"+tenant.AccountURN+id, "", tokentest.Bearer(admin)).Text(t, "status")
}

func TestOAuthDevice(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	admin, bob := h.Session(t, "admin"), h.Session(t, "bob")
	id := h.Account(t, admin)
	require.Equal(t, "CREATED", status(t, h, id, admin))

	begun := h.Form(t, "/oauth/provider/device_authorization", "client_id="+id)
	require.Equal(t, http.StatusOK, begun.Status, begun.Body)
	device, user := begun.Text(t, "device_code"), begun.Text(t, "user_code")
	require.Regexp(t, `^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$`, user)
	require.EqualValues(t, 600, begun.Member(t, "expires_in"))
	require.EqualValues(t, 5, begun.Member(t, "interval"))
	require.Equal(t, h.URL+vcd.DeviceLookupPath, begun.Text(t, "verification_uri"))
	require.Contains(t, h.Send(t, http.MethodGet, vcd.DeviceLookupPath, "").Body, "userCode")
	require.Equal(t, "REQUESTED", status(t, h, id, admin))

	poll := "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=" + id + "&device_code=" + device
	tokentest.Union(t, h.Form(t, providerToken, poll), http.StatusBadRequest, "authorization_pending")
	tokentest.Union(t, h.Form(t, providerToken, poll), http.StatusBadRequest, "slow_down")
	tokentest.Union(t, h.Form(t, providerToken, strings.Replace(poll, id, apitoken.NewID(), 1)), http.StatusBadRequest, "invalid_grant")

	code := `{"userCode":"` + strings.ToLower(user) + `"}`
	require.Equal(t, http.StatusForbidden, h.Object(t, vcd.DeviceLookupPath+"/grant", code, tokentest.Bearer(bob)).Status)
	require.Equal(t, http.StatusUnauthorized, h.Object(t, vcd.DeviceLookupPath+"/grant", code).Status)
	require.Equal(t, http.StatusNotFound, h.Object(t, vcd.DeviceLookupPath, `{"userCode":"BBBB-BBBB"}`, tokentest.Bearer(admin)).Status)
	require.Equal(t, http.StatusBadRequest, h.Object(t, vcd.DeviceLookupPath, `{}`, tokentest.Bearer(admin)).Status)
	found := h.Object(t, vcd.DeviceLookupPath, code, tokentest.Bearer(admin))
	require.Equal(t, http.StatusSeeOther, found.Status)
	require.Equal(t, h.URL+"/cloudapi/1.0.0/serviceAccounts/urn:vcloud:serviceAccount:"+id, found.Header.Get("Location"))
	require.Equal(t, http.StatusNoContent, h.Object(t, vcd.DeviceLookupPath+"/grant", code, tokentest.Bearer(admin)).Status)
	require.Equal(t, "GRANTED", status(t, h, id, admin))

	got := h.Form(t, providerToken, poll)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Equal(t, "ACTIVE", status(t, h, id, admin))
	tokentest.Union(t, h.Form(t, providerToken, poll), http.StatusBadRequest, "invalid_grant")

	// Each refresh token is valid for one exchange, which returns the next one.
	const grant = "grant_type=refresh_token&refresh_token="
	first := got.Text(t, "refresh_token")
	require.Regexp(t, `^saltern_svc_\w{36}$`, first)
	next := h.Form(t, providerToken, grant+first)
	require.Equal(t, http.StatusOK, next.Status, next.Body)
	second, access := next.Text(t, "refresh_token"), next.Text(t, "access_token")
	require.NotEqual(t, first, second)
	require.Equal(t, http.StatusOK, h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(access)).Status)

	// Reuse of one revokes all.
	tokentest.Union(t, h.Form(t, providerToken, grant+first), http.StatusBadRequest, "invalid_grant")
	tokentest.Union(t, h.Form(t, providerToken, grant+second), http.StatusBadRequest, "invalid_grant")
	require.Equal(t, http.StatusUnauthorized, h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(access)).Status)
}

func TestOAuthDeviceDenied(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	admin := h.Session(t, "admin")
	id := h.Account(t, admin)
	begun := h.Form(t, "/oauth/provider/device_authorization", "client_id="+id)
	code := `{"userCode":"` + begun.Text(t, "user_code") + `"}`
	require.Equal(t, http.StatusNoContent, h.Object(t, vcd.DeviceLookupPath+"/deny", code, tokentest.Bearer(admin)).Status)
	tokentest.Union(t, h.Form(t, providerToken, "grant_type="+grantDevice+"&client_id="+id+"&device_code="+begun.Text(t, "device_code")),
		http.StatusBadRequest, "access_denied")
	tokentest.Union(t, h.Form(t, "/oauth/provider/device_authorization", "client_id="+apitoken.NewID()), http.StatusBadRequest, "invalid_client")
	tokentest.Union(t, h.Form(t, "/oauth/provider/device_authorization", ""), http.StatusBadRequest, "invalid_request")
}
