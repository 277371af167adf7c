package server

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"saltern/eauth/token/apitoken"
)

// doorClients is where the programs are that are not Go, or need much of it.
const doorClients = "../e2e/doors/"

// lacking skips the test, or fails it where all clients have to be there.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SALTERN_REQUIRE_DOOR_CLIENTS") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// outcome runs a program and returns what it has to say.
func outcome(t *testing.T, cmd *exec.Cmd) (text string, err error) {
	t.Helper()
	cmd.Env = append(os.Environ(), "OAUTHLIB_INSECURE_TRANSPORT=1", "HOME="+t.TempDir(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// TestClientCurl runs the script of the manual as it is printed.
func TestClientCurl(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		lacking(t, "there is no curl here")
	}
	h := build(t, nil)
	token, _ := h.apiToken(t, apitoken.DoorCSP)
	text, err := os.ReadFile(doorClients + "seed.sh")
	require.NoError(t, err)
	script := strings.NewReplacer("SERVER_URL", h.url, "CONSOLE_URL", h.url, "<api-token>", token).Replace(string(text))
	out, err := outcome(t, exec.CommandContext(t.Context(), "bash", "-c", script+`printf '%s %s' "$BEARER_TOKEN" "$XSRFTOKEN"`))
	require.NoError(t, err, out)
	require.Regexp(t, `^saltern_acc_\w{36} [0-9A-Z]{26}$`, out)

	// What the script goes on with is good.
	access, xsrf, _ := strings.Cut(out, " ")
	a := h.send(t, http.MethodPost, cspLoginPath, "", bearer(access), "X-XSRFTOKEN: "+xsrf, "Cookie: _xsrf="+xsrf+"; _xsrf="+xsrf)
	require.Equal(t, http.StatusOK, a.Status)
}

// TestClientVDK runs a client of Cloud Services that is in use.
func TestClientVDK(t *testing.T) {
	t.Parallel()
	python := os.Getenv("SALTERN_VDK")
	if python == "" {
		python = "../.work/doors-venv/bin/python"
	}
	python, err := filepath.Abs(python)
	require.NoError(t, err)
	if _, err := os.Stat(python); err != nil {
		lacking(t, "there is no Python with vdk-control-api-auth here (pip install vdk-control-api-auth==0.1.1431637373)")
	}
	h := build(t, nil)
	token, _ := h.apiToken(t, apitoken.DoorCSP)
	vdk := func(token string) (string, error) {
		return outcome(t, exec.CommandContext(t.Context(), python, doorClients+"exchange_as_vdk.py", h.url+cspAuthorizePath, token))
	}
	access, err := vdk(token)
	require.NoError(t, err, access)
	require.Equal(t, http.StatusOK, h.send(t, http.MethodPost, cspLoginPath, "", bearer(access)).Status)
	said, err := vdk(wrongToken())
	require.Error(t, err)
	require.Contains(t, said, "(invalid_grant) the credential is unknown, expired or revoked")
}

// TestClientGovcd runs go-vcloud-director through the life of a token and of a
// service account.
func TestClientGovcd(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "govcd")
	compile := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	compile.Dir = doorClients + "govcd"
	if out, err := compile.CombinedOutput(); err != nil {
		lacking(t, "go-vcloud-director cannot be built here: "+string(out))
	}
	h := build(t, func(o *DoorOptions) { o.Orgs = []string{"east"} })
	for _, org := range []string{"System", "east"} {
		out, err := outcome(t, exec.CommandContext(t.Context(), program,
			"-url", h.url, "-user", "admin", "-password", "secret", "-org", org))
		require.NoError(t, err, out)
	}
}

// TestClientOAuth2 uses Go's own client, which tries empty credentials of its
// own first.
func TestClientOAuth2(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token, _ := h.apiToken(t, apitoken.DoorVCD)
	for _, path := range []string{providerToken, cspAuthorizePath} {
		cfg := &oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: h.url + path}}
		ctx := context.WithValue(t.Context(), oauth2.HTTPClient, h.client)
		got, err := cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: token}).Token()
		require.NoError(t, err)
		require.Equal(t, "Bearer", got.Type())
		require.Equal(t, token, got.RefreshToken, "it goes on with the one it has")
		require.Greater(t, time.Until(got.Expiry), 29*time.Minute)
		resp, err := cfg.Client(ctx, got).Get(h.url + "/api/org")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)

		_, err = cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: wrongToken()}).Token()
		var refused *oauth2.RetrieveError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "invalid_grant", refused.ErrorCode)
		require.NotEmpty(t, refused.ErrorDescription)
	}
}

// TestClientOAuth2Device has Go's client wait for the answer of a person.
func TestClientOAuth2Device(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	admin := h.session(t, "admin")
	cfg := &oauth2.Config{ClientID: h.account(t, admin), Endpoint: oauth2.Endpoint{
		TokenURL: h.url + providerToken, DeviceAuthURL: h.url + "/oauth/provider/device_authorization",
		AuthStyle: oauth2.AuthStyleInParams,
	}}
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, h.client)
	code, err := cfg.DeviceAuth(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 5, code.Interval)
	code.Interval = 1 // nobody has to wait in a test
	grant := h.object(t, deviceLookupPath+"/grant", `{"userCode":"`+code.UserCode+`"}`, bearer(admin))
	require.Equal(t, http.StatusNoContent, grant.Status)
	got, err := cfg.DeviceAccessToken(ctx, code)
	require.NoError(t, err)
	require.NotEmpty(t, got.RefreshToken)
	got.Expiry = time.Now().Add(-time.Hour)
	next, err := cfg.TokenSource(ctx, got).Token()
	require.NoError(t, err)
	require.NotEqual(t, got.RefreshToken, next.RefreshToken, "each is for one use")
}
