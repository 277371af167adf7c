package tokenapi_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/saltern-api/saltern/e2e/tokenclients"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/csp"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/vcd"
)

// TestClientCurl runs the manual's script unchanged.
func TestClientCurl(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, _ := h.APIToken(t, apitoken.ProfileCSP)
	said := tokenclients.Site{URL: h.URL}.Script(t, token)
	require.Regexp(t, `^saltern_acc_\w{36}$`, said.Access)
	require.Regexp(t, `^[0-9A-Z]{26}$`, said.XSRF)

	// The values that the script goes on with are valid.
	a := h.Send(t, http.MethodPost, tokenapi.AccountPath, "", tokentest.Bearer(said.Access), "X-XSRFTOKEN: "+said.XSRF,
		"Cookie: _xsrf="+said.XSRF+"; _xsrf="+said.XSRF)
	require.Equal(t, http.StatusOK, a.Status)
}

// TestClientVDK runs a client of Cloud Services that is in use.
func TestClientVDK(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, _ := h.APIToken(t, apitoken.ProfileCSP)
	site := tokenclients.Site{URL: h.URL}
	access, err := site.VDK(t, csp.AuthorizePath, token)
	require.NoError(t, err, access)
	require.Equal(t, http.StatusOK, h.Send(t, http.MethodPost, tokenapi.AccountPath, "", tokentest.Bearer(access)).Status)
	said, err := site.VDK(t, csp.AuthorizePath, tokentest.WrongToken())
	require.Error(t, err)
	require.Contains(t, said, "(invalid_grant) the credential is unknown, expired or revoked")
}

// TestClientGovcd runs go-vcloud-director through the life of a token and of a
// service account.
func TestClientGovcd(t *testing.T) {
	t.Parallel()
	program := tokenclients.BuildGovcd(t)
	h := tokentest.Build(t, func(o *tokentest.Options) { o.Orgs = []string{"east"} })
	for _, org := range []string{"System", "east"} {
		program.Run(t, tokenclients.Site{URL: h.URL}, "admin", "secret", org, "")
	}
}

// TestClientOAuth2 uses Go's own client, which tries empty credentials of its
// own first.
func TestClientOAuth2(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, _ := h.APIToken(t, apitoken.ProfileVCD)
	for _, path := range []string{"/oauth/provider/token", csp.AuthorizePath} {
		cfg := &oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: h.URL + path}}
		ctx := context.WithValue(t.Context(), oauth2.HTTPClient, h.Client)
		got, err := cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: token}).Token()
		require.NoError(t, err)
		require.Equal(t, "Bearer", got.Type())
		require.Equal(t, token, got.RefreshToken, "it goes on with the one it has")
		require.Greater(t, time.Until(got.Expiry), 29*time.Minute)
		resp, err := cfg.Client(ctx, got).Get(h.URL + "/api/org")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)

		_, err = cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: tokentest.WrongToken()}).Token()
		var refused *oauth2.RetrieveError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "invalid_grant", refused.ErrorCode)
		require.NotEmpty(t, refused.ErrorDescription)
	}
}

// TestClientOAuth2Device runs Go's own client while it waits for a user's
// approval.
func TestClientOAuth2Device(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	admin := h.Session(t, "admin")
	cfg := &oauth2.Config{ClientID: h.Account(t, admin), Endpoint: oauth2.Endpoint{
		TokenURL: h.URL + "/oauth/provider/token", DeviceAuthURL: h.URL + "/oauth/provider/device_authorization",
		AuthStyle: oauth2.AuthStyleInParams,
	}}
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, h.Client)
	code, err := cfg.DeviceAuth(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 5, code.Interval)
	code.Interval = 1 // a test need not wait
	grant := h.Object(t, vcd.DeviceLookupPath+"/grant", `{"userCode":"`+code.UserCode+`"}`, tokentest.Bearer(admin))
	require.Equal(t, http.StatusNoContent, grant.Status)
	got, err := cfg.DeviceAccessToken(ctx, code)
	require.NoError(t, err)
	require.NotEmpty(t, got.RefreshToken)
	got.Expiry = time.Now().Add(-time.Hour)
	next, err := cfg.TokenSource(ctx, got).Token()
	require.NoError(t, err)
	require.NotEqual(t, got.RefreshToken, next.RefreshToken, "each is for one use")
}
