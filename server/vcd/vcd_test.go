package vcd_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/tokenclients"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/vcd"
)

const cloud = "/cloudapi/1.0.0"

// TestVCDOrgList is the response in Cloud Director's manual.
func TestVCDOrgList(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	access := h.AccessToken(t)
	for _, accept := range []string{"application/*+xml;version=36.1", "application/*+xml;version=37.0"} {
		_, version, _ := strings.Cut(accept, "=")
		a := h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(access), "Accept: "+accept)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Equal(t, tokenclients.ManualOrgList, strings.ReplaceAll(a.Body, h.URL, "https://host_name"))
		require.Equal(t, "application/vnd.vmware.vcloud.orglist+xml;version="+version, a.Header.Get("Content-Type"))
		require.Regexp(t, `^\d+$`, a.Header.Get("X-Vmware-Vcloud-Request-Execution-Time"))
	}
	one := h.Send(t, http.MethodGet, "/api/org/"+tenant.System.ID, "", tokentest.Bearer(access))
	require.Equal(t, http.StatusOK, one.Status)
	var parsed struct {
		Name string `xml:"name,attr"`
		ID   string `xml:"id,attr"`
		Full string `xml:"FullName"`
	}
	require.NoError(t, xml.Unmarshal([]byte(one.Body), &parsed))
	require.Equal(t, "System", parsed.Name)
	require.Equal(t, "System", parsed.Full)
	require.Equal(t, tenant.System.URN(), parsed.ID)
}

func TestVCDOrgsWithOddNames(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, func(o *tokentest.Options) { o.Orgs = []string{`a<b>"&'`, "SYSTEM"} })
	a := h.Send(t, http.MethodGet, "/api/org/", "", tokentest.Bearer(h.AccessToken(t)))
	var list struct {
		Orgs []struct {
			Name string `xml:"name,attr"`
			Href string `xml:"href,attr"`
		} `xml:"Org"`
	}
	require.NoError(t, xml.Unmarshal([]byte(a.Body), &list))
	require.Len(t, list.Orgs, 2)
	require.Equal(t, `a<b>"&'`, list.Orgs[1].Name)
	require.True(t, apitoken.ValidID(strings.TrimPrefix(list.Orgs[1].Href, h.URL+"/api/org/")))
}

func TestVCDXMLRefuses(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	access := h.AccessToken(t)
	for _, c := range []struct {
		path, accept, credential string
		status                   int
	}{
		{"/api/org", "", "", 401},
		{"/api/org", "", tokentest.WrongToken(), 401},
		{"/api/org", "application/*+xml;version=5.1", access, 406},
		{"/api/org", `application/*+xml;version="<"`, access, 406},
		{"/api/org/" + apitoken.NewID(), "", access, 403},
		{"/api/org/x", "", access, 403},
	} {
		a := h.Send(t, http.MethodGet, c.path, "", tokentest.Bearer(c.credential), "Accept: "+c.accept)
		require.Equal(t, c.status, a.Status, a.Body)
		var e struct {
			Major int    `xml:"majorErrorCode,attr"`
			Minor string `xml:"minorErrorCode,attr"`
		}
		require.NoError(t, xml.Unmarshal([]byte(a.Body), &e), a.Body)
		require.Equal(t, c.status, e.Major)
		require.NotEmpty(t, e.Minor)
	}
}

func TestVCDVersions(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	a := h.Send(t, http.MethodGet, "/api/versions", "")
	var all struct {
		Info []struct {
			Version  string
			Login    string `xml:"LoginUrl"`
			Provider string `xml:"ProviderLoginUrl"`
		} `xml:"VersionInfo"`
	}
	require.NoError(t, xml.Unmarshal([]byte(a.Body), &all))
	require.Len(t, all.Info, len(vcd.APIVersions))
	for i, info := range all.Info {
		require.Equal(t, vcd.APIVersions[i], info.Version)
		require.Equal(t, h.URL+cloud+"/sessions", info.Login)
		require.Equal(t, h.URL+cloud+"/sessions/provider", info.Provider)
	}
}

func TestVCDSession(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	bob := h.Session(t, "bob@System")
	now := h.Send(t, http.MethodGet, cloud+"/sessions/current", "", tokentest.Bearer(bob))
	require.Equal(t, http.StatusOK, now.Status, now.Body)
	require.Equal(t, "bob", now.Member(t, "user").(map[string]any)["name"])
	require.Equal(t, tenant.System.URN(), now.Member(t, "org").(map[string]any)["id"])
	require.NotContains(t, now.Body, bob)

	access := h.AccessToken(t)
	require.Equal(t, http.StatusNoContent, h.Send(t, http.MethodDelete, cloud+"/sessions", "", tokentest.Bearer(bob)).Status)
	require.Equal(t, http.StatusUnauthorized, h.Send(t, http.MethodGet, cloud+"/sessions/current", "", tokentest.Bearer(bob)).Status)
	require.Equal(t, http.StatusOK, h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(access)).Status,
		"an access token outlives its owner's session")
	require.Equal(t, http.StatusNoContent, h.Send(t, http.MethodDelete, cloud+"/sessions/provider", "", tokentest.Bearer(access)).Status)
	require.Equal(t, http.StatusUnauthorized, h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(access)).Status)

	direct, _ := h.APIToken(t, apitoken.ProfileNative)
	require.Equal(t, http.StatusNoContent, h.Send(t, http.MethodDelete, cloud+"/sessions/current", "", tokentest.Bearer(direct)).Status)
	require.Equal(t, http.StatusOK, h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(direct)).Status,
		"a log-out does not end an API token")

	for name, headers := range map[string][]string{
		"nothing":                {},
		"a wrong password":       {"Authorization: Basic Ym9iOng="},
		"a cookie":               {"Cookie: session_id=" + h.Session(t, "bob")},
		"half of the basic form": {"Authorization: Basic Ym9i"},
	} {
		a := h.Send(t, http.MethodPost, cloud+"/sessions", "", headers...)
		require.Equal(t, http.StatusUnauthorized, a.Status, name)
		require.Equal(t, "invalid_token", a.Text(t, "minorErrorCode"))
		require.Nil(t, a.Member(t, "stackTrace"))
	}
	cross := h.Send(t, http.MethodPost, cloud+"/sessions", "", "Authorization: Basic Ym9iOnNlY3JldA==", "Origin: https://evil.example")
	require.Equal(t, http.StatusForbidden, cross.Status)
}

// TestVCDCredentials are the ways in which clients send a credential.
func TestVCDCredentials(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	access := h.AccessToken(t)
	for want, sets := range map[int][][]string{
		200: {
			{"Authorization: Bearer " + access},
			{"Authorization: bearer " + access, "X-Vmware-Vcloud-Access-Token: " + access, "X-Vmware-Vcloud-Token-Type: Bearer"},
			{"X-Vmware-Vcloud-Access-Token: " + access},
			{"X-Auth-Token: " + access},
		},
		401: {
			{"Authorization: Basic " + access}, {"Authorization: " + access}, {"Cookie: session_id=" + access},
			{"Authorization: Bearer " + access + "x"},
		},
		400: {{"Authorization: Bearer " + access, "X-Auth-Token: " + tokentest.WrongToken()}},
	} {
		for _, headers := range sets {
			require.Equal(t, want, h.Send(t, http.MethodGet, "/api/org", "", headers...).Status, headers)
		}
	}
}

func TestVCDTokens(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	bob, carol, admin := h.Session(t, "bob"), h.Session(t, "carol"), h.Session(t, "admin")
	ids := make(map[string]string)
	for i := range 30 {
		name := fmt.Sprintf("ci %d", i)
		a := h.Object(t, "/oauth/provider/register", `{"client_name":"`+name+`"}`, tokentest.Bearer(bob))
		ids[name] = a.Text(t, "client_id")
	}
	h.Account(t, admin)
	list := func(query, who string) tokentest.Answer {
		a := h.Send(t, http.MethodGet, cloud+"/tokens/"+query, "", tokentest.Bearer(who))
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		return a
	}
	all := list("", bob)
	require.EqualValues(t, 30, all.Member(t, "resultTotal"))
	require.EqualValues(t, 2, all.Member(t, "pageCount"))
	require.Len(t, all.Member(t, "values"), 25)
	require.Nil(t, all.Member(t, "associations"))
	require.Len(t, list("?page=2", bob).Member(t, "values"), 5)
	require.Empty(t, list("?page=3", bob).Member(t, "values"))
	require.Len(t, list("?pageSize=999", bob).Member(t, "values"), 30)
	require.Empty(t, list("", carol).Member(t, "values"), "others' are not hers to see")
	require.EqualValues(t, 30, list("", admin).Member(t, "resultTotal"), "those of service accounts are not there")

	found := list("?filter=(name==ci+7%3Bowner.name==bob%3B(type==PROXY,type==REFRESH))&pageSize=128", bob)
	values := found.Member(t, "values").([]any)
	require.Len(t, values, 1)
	require.Equal(t, map[string]any{
		"id": "urn:vcloud:token:" + ids["ci 7"], "name": "ci 7", "token": nil, "expirationTimeUtc": nil,
		"requireRotation": false, "type": "REFRESH", "username": "bob", "orgName": "System",
		"owner": map[string]any{"name": "bob", "id": tenant.User("pam", "bob").ID}, "userId": tenant.User("pam", "bob").ID,
		"org": map[string]any{"name": "System", "id": tenant.System.URN()},
	}, values[0])

	urn := cloud + "/tokens/urn:vcloud:token:" + ids["ci 7"]
	require.Equal(t, "ci 7", h.Send(t, http.MethodGet, urn, "", tokentest.Bearer(bob)).Text(t, "name"))
	require.Equal(t, http.StatusForbidden, h.Send(t, http.MethodGet, urn, "", tokentest.Bearer(carol)).Status)
	require.Equal(t, http.StatusForbidden, h.Send(t, http.MethodDelete, urn, "", tokentest.Bearer(carol)).Status)
	require.Equal(t, http.StatusForbidden, h.Send(t, http.MethodDelete, urn, "", tokentest.Bearer(h.AccessToken(t))).Status)
	require.Equal(t, http.StatusNoContent, h.Send(t, http.MethodDelete, urn, "", tokentest.Bearer(bob)).Status)
	gone := h.Send(t, http.MethodGet, urn, "", tokentest.Bearer(bob))
	require.Equal(t, http.StatusForbidden, gone.Status)
	require.Equal(t, "ACCESS_TO_RESOURCE_IS_FORBIDDEN", gone.Text(t, "minorErrorCode"))
	other := cloud + "/tokens/urn:vcloud:token:" + ids["ci 8"]
	require.Equal(t, http.StatusNoContent, h.Send(t, http.MethodDelete, other, "", tokentest.Bearer(admin)).Status)

	for _, query := range []string{"?filter=secret==x", "?filter=(", "?page=0", "?page=x", "?pageSize=-1", "?page=99999999999"} {
		require.Equal(t, http.StatusBadRequest, h.Send(t, http.MethodGet, cloud+"/tokens"+query, "", tokentest.Bearer(bob)).Status, query)
	}
	require.Equal(t, http.StatusForbidden, h.Send(t, http.MethodGet, cloud+"/tokens", "", tokentest.Bearer(adminAccess(t, h))).Status)
}

// adminAccess returns an access token of admin's.
func adminAccess(t *testing.T, h *tokentest.Gateway) string {
	t.Helper()
	admin := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
	s, _, err := h.Tokens.Create(t.Context(), admin,
		issuer.NewToken{Name: "all", Scopes: []string{"Superuser"}, Profile: apitoken.ProfileVCD})
	require.NoError(t, err)
	return h.Form(t, "/oauth/provider/token", "grant_type=refresh_token&refresh_token="+s.Reveal()).Text(t, "access_token")
}

func TestVCDServiceAccounts(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	admin, bob := h.Session(t, "admin"), h.Session(t, "bob")
	id := h.Account(t, admin)
	at := cloud + "/serviceAccounts/"
	one := h.Send(t, http.MethodGet, at+tenant.AccountURN+id, "", tokentest.Bearer(admin))
	require.Equal(t, `{"id":"urn:vcloud:serviceAccount:`+id+`","name":"robot",`+
		`"softwareId":"12345678-1234-1234-1234-1234567890ab","softwareVersion":"1.0",`+
		`"role":{"name":"Superuser","id":"urn:vcloud:role:Superuser"},"uri":"https://example.com",`+
		`"org":{"name":"System","id":"urn:vcloud:org:a93c9db9-7471-3192-8d09-a8f7eeda85f9"},`+
		`"status":"CREATED","requireRotation":true}`, one.Body)
	list := h.Send(t, http.MethodGet, at+"?filter=name==robot&pageSize=32", "", tokentest.Bearer(admin))
	require.Len(t, list.Member(t, "values"), 1)
	require.Empty(t, h.Send(t, http.MethodGet, at+"?filter=name==other", "", tokentest.Bearer(admin)).Member(t, "values"))

	put := func(body string) tokentest.Answer {
		return h.Send(t, http.MethodPut, at+tenant.AccountURN+id, body, tokentest.Bearer(admin), "Content-Type: application/json")
	}
	changed := put(strings.Replace(one.Body, `"softwareVersion":"1.0"`, `"softwareVersion":"2.0"`, 1))
	require.Equal(t, http.StatusOK, changed.Status, changed.Body)
	require.Equal(t, "2.0", changed.Text(t, "softwareVersion"))
	changed = put(`{"name":"robot","role":{"name":"vApp User"}}`)
	require.Equal(t, "User", changed.Member(t, "role").(map[string]any)["name"])
	require.Equal(t, http.StatusBadRequest, put(`{"name":"other"}`).Status)
	require.Equal(t, http.StatusBadRequest, put(`{"role":{"name":"Emperor"}}`).Status)
	require.Equal(t, http.StatusBadRequest, put(`[`).Status)

	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		require.Equal(t, http.StatusForbidden, h.Send(t, method, at+tenant.AccountURN+id, "", tokentest.Bearer(bob)).Status)
		require.Equal(t, http.StatusForbidden, h.Send(t, method, at+"x", "", tokentest.Bearer(admin)).Status)
		require.Equal(t, http.StatusForbidden, h.Send(t, method, at+apitoken.NewID(), "", tokentest.Bearer(admin)).Status)
	}
	require.Equal(t, http.StatusForbidden, h.Send(t, http.MethodGet, at, "", tokentest.Bearer(bob)).Status)
	require.Equal(t, http.StatusNoContent, h.Send(t, http.MethodPost, at+tenant.AccountURN+id+"/revoke", "", tokentest.Bearer(admin)).Status)
	require.Equal(t, http.StatusNoContent, h.Send(t, http.MethodDelete, at+tenant.AccountURN+id, "", tokentest.Bearer(admin)).Status)
	require.Equal(t, http.StatusForbidden, h.Send(t, http.MethodGet, at+tenant.AccountURN+id, "", tokentest.Bearer(admin)).Status)
}
