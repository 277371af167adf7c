package tokens

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/e2e/tokenclients"
)

const (
	authorizePath = "/csp/gateway/am/api/auth/api-tokens/authorize"
	grantPath     = "/oauth/provider/token"
)

// siteOf is a gateway for the clients of Cloud Services, OAuth and Cloud Director.
func siteOf(r *env.Env) tokenclients.Site {
	s := tokenclients.Site{URL: r.Main}
	if strings.HasPrefix(r.Main, "https:") {
		s.CA = r.Certificate()
	}
	return s
}

// plainSuperuser is a gateway without TLS where saltdev may do everything with
// tokens too, and where there are two organizations.
var plainSuperuser = env.More{
	CherryPy: map[string]any{"disable_ssl": true},
	Settings: "tokens:\n  vcd: {orgs: [east]}\n  assignments: [{users: saltdev, roles: Superuser}]\n",
}

// pings sees that a credential has a minion answer.
func pings(t *testing.T, r *env.Env, credential string, headers ...string) {
	t.Helper()
	all := map[string]string{"Authorization": "Bearer " + credential}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		all[name] = value
	}
	a := envtest.Send(t, r, r.Main, envtest.Request{Header: all, Body: `[{"client": "local", "tgt": "ms--0", "fun": "test.ping"}]`})
	require.Equal(t, `{"return": [{"ms--0": true}]}`, a.Body)
}

// The script of the manual, as it stands there but for the URLs and the token,
// over TLS and over plain HTTP, to its end: its last command gets the manual's job. What
// the script holds then runs a command, too.
func TestProfileScript(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		for name, g := range map[string]*env.Env{"TLS": r, "plain": envtest.AnotherGateway(t, r, plainSuperuser)} {
			t.Run(name, func(t *testing.T) {
				session := envtest.Login(t, g, env.User)
				saved := envtest.Bearing(t, g, session, "POST /rpc", `{"resource": "job", "method": "save_job", "kwarg": {
					"job_uuid": "60c14cfc-09ca-4b5a-bc76-8294287c2e6c", "name": "Check disk usage", "desc": "Checks disk usage on targeted devices",
					"cmd": "local", "fun": "disk.usage", "tgt_uuid": "7f93b928-388b-11e6-b133-346895ecb8f3"}}`)
				require.Contains(t, saved.Body, `"ret":"60c14cfc-09ca-4b5a-bc76-8294287c2e6c","error":null`)
				made := envtest.MakeToken(t, g, session, "script", "Superuser")
				site := siteOf(g)
				site.Console = strings.Replace(g.Main, "127.0.0.1", "localhost", 1)
				said := site.Script(t, made.Token)
				require.Regexp(t, `^saltern_acc_\w{36}$`, said.Access)
				require.Regexp(t, `^[0-9A-Z]{26}$`, said.XSRF)
				require.Regexp(t, `^\{"riq":\d+,"ret":\{"count":1,"results":\[\{"uuid":"60c14cfc-09ca-4b5a-bc76-8294287c2e6c","name":"Check disk usage",`+
					`"desc":"Checks disk usage on targeted devices","cmd":"local","tgt_uuid":"7f93b928-388b-11e6-b133-346895ecb8f3","fun":"disk.usage",`+
					`"arg":\{"arg":\[\],"kwarg":\{\}\},"masters":\[\],"metadata":\{"auth":\{"owner":\{"uuid":"[0-9a-f-]{36}","config_name":"internal",`+
					`"username":"`+env.User+`"\},"access":\{\}\}\},"tgt_name":"All Minions"\}\],"limit":50\},"error":null,"warnings":\[\]\}$`, said.Answer)
				pings(t, g, said.Access, "X-XSRFTOKEN: "+said.XSRF, "Cookie: _xsrf="+said.XSRF+"; _xsrf="+said.XSRF)
				for _, secret := range []string{made.Token, said.Access, said.XSRF} {
					require.NotContains(t, g.Log(), secret)
				}
			})
		}
	})
}

// The Versatile Data Kit gets its access token, until the token is revoked.
func TestProfileVDK(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		session := envtest.Login(t, r, env.User)
		made := envtest.MakeToken(t, r, session, "vdk", "User")
		access, err := siteOf(r).VDK(t, authorizePath, made.Token)
		require.NoError(t, err, access)
		pings(t, r, access)

		a := envtest.Bearing(t, r, session, "DELETE /v1/tokens/"+made.ID, "")
		require.Equal(t, http.StatusNoContent, a.Status, a.Body)
		said, err := siteOf(r).VDK(t, authorizePath, made.Token)
		require.Error(t, err)
		require.Contains(t, said, "(invalid_grant) the credential is unknown, expired or revoked")
	})
}

// Go's own client refreshes, sends what it gets, and lets a device in.
func TestProfileOAuth2(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		g := envtest.AnotherGateway(t, r, plainSuperuser)
		client, err := g.Client()
		require.NoError(t, err)
		t.Cleanup(client.CloseIdleConnections)
		ctx := context.WithValue(t.Context(), oauth2.HTTPClient, client)
		session := envtest.Login(t, g, env.User)
		ping := func(cfg *oauth2.Config, token *oauth2.Token) {
			a, err := cfg.Client(ctx, token).Post(g.Main+"/run", envtest.JSON,
				strings.NewReader(`{"client": "local", "tgt": "ms--0", "fun": "test.ping"}`))
			require.NoError(t, err)
			require.NoError(t, a.Body.Close())
			require.Equal(t, http.StatusOK, a.StatusCode)
		}

		made := envtest.MakeToken(t, g, session, "oauth2", "User")
		for _, path := range []string{grantPath, authorizePath} {
			cfg := &oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: g.Main + path}}
			got, err := cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: made.Token}).Token()
			require.NoError(t, err)
			require.Equal(t, made.Token, got.RefreshToken)
			ping(cfg, got)
		}

		a := envtest.Bearing(t, g, session, "POST /oauth/provider/register", `{"client_name": "robot", "software_id": "s-1", "scope": "User"}`)
		require.Equal(t, http.StatusCreated, a.Status, a.Body)
		cfg := &oauth2.Config{ClientID: envtest.Member(t, a, "client_id"), Endpoint: oauth2.Endpoint{
			TokenURL: g.Main + grantPath, DeviceAuthURL: g.Main + "/oauth/provider/device_authorization",
			AuthStyle: oauth2.AuthStyleInParams,
		}}
		code, err := cfg.DeviceAuth(ctx)
		require.NoError(t, err)
		code.Interval = 1 // nobody has to wait in a test
		a = envtest.Bearing(t, g, session, "POST /cloudapi/1.0.0/deviceLookup/grant", `{"userCode": "`+code.UserCode+`"}`)
		require.Equal(t, http.StatusNoContent, a.Status, a.Body)
		got, err := cfg.DeviceAccessToken(ctx, code)
		require.NoError(t, err)
		ping(cfg, got)
		first := got.RefreshToken
		got.Expiry = time.Now().Add(-time.Hour)
		next, err := cfg.TokenSource(ctx, got).Token()
		require.NoError(t, err)
		require.NotEqual(t, first, next.RefreshToken, "each is for one use")
		ping(cfg, next)
		_, err = cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: first}).Token()
		var refused *oauth2.RetrieveError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "invalid_grant", refused.ErrorCode)
		_, err = cfg.TokenSource(ctx, &oauth2.Token{RefreshToken: next.RefreshToken}).Token()
		require.Error(t, err, "whoever shows a used one has stolen it, or was robbed: all of them end")
	})
}

// go-vcloud-director goes through the life of a token and of a service account,
// in either organization, and each of its tokens runs a command.
func TestProfileGovcd(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		program := tokenclients.BuildGovcd(t)
		g := envtest.AnotherGateway(t, r, plainSuperuser)
		for _, org := range []string{"System", "east"} {
			program.Run(t, siteOf(g), env.User, env.User, org, "ms--0")
		}
	})
}

// vcdLogin logs a PAM user in as VCD's clients do.
func vcdLogin(t *testing.T, r *env.Env, user string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.Main+"/cloudapi/1.0.0/sessions/provider", nil)
	require.NoError(t, err)
	req.SetBasicAuth(user+"@System", user)
	a, err := r.Do(req)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return a.Header.Get("X-Vmware-Vcloud-Access-Token")
}

// vcdToken makes an API token as VCD's page for it does.
func vcdToken(t *testing.T, r *env.Env, session, name string) (id, secret string) {
	t.Helper()
	a := envtest.Bearing(t, r, session, "POST /oauth/provider/register", `{"client_name": "`+name+`"}`)
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	id = envtest.Member(t, a, "client_id")
	first := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {session}, "client_id": {id},
	}
	a = envtest.Send(t, r, r.Main, envtest.Request{Path: grantPath[1:], Kind: "application/x-www-form-urlencoded", Body: first.Encode()})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return id, envtest.Member(t, a, "refresh_token")
}
