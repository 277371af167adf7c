package rpc

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/server/rpc/rpcclient"
)

// TestCommandLineTool tries one credential after the other, as a command line tool of
// SaltStack Config does.
func TestCommandLineTool(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		const echo = `{"resource": "test", "method": "echo", "kwarg": {"message": "scc_auth_probe"}}`
		probe := func(path string, header map[string]string) {
			t.Helper()
			a := envtest.Send(t, r, r.Main, envtest.Request{Path: path, Header: header, Body: echo})
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			require.Contains(t, a.Body, `"ret":"scc_auth_probe"`)
		}
		for _, path := range []string{"account/login", "raas/account/login"} {
			a := envtest.Send(t, r, r.Main, envtest.Request{Method: http.MethodGet, Path: path})
			require.Equal(t, http.StatusOK, a.Status)
			require.NotEmpty(t, a.Header.Get("X-Xsrftoken"))
		}
		probe("rpc", login(t, r, env.User).header)
		probe("raas/rpc", login(t, r, env.User).header)

		session := envtest.Login(t, r, env.User)
		token := envtest.MakeToken(t, r, session, "command line tool", "Superuser").Token
		probe("raas/rpc", map[string]string{"Authorization": "Bearer " + token, "X-Raas-Rpc-Version": "13"})
		for _, exchange := range [][2]string{
			{envtest.CSPAuthorize, "api_token=" + token},
			{"acs/t/CUSTOMER/token", "grant_type=urn:custom:vcf:params:oauth:grant-type:api-token&api_token=" + token},
		} {
			a := envtest.Send(t, r, r.Main, envtest.Request{Path: exchange[0], Kind: "application/x-www-form-urlencoded", Body: exchange[1]})
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			access := envtest.Member(t, a, "access_token")
			probe("rpc", map[string]string{"csp-auth-token": access})
			probe("raas/rpc", map[string]string{"Authorization": "Bearer " + access, "X-Raas-Rpc-Version": "13"})
		}

		// A list of calls without request ids.
		a := envtest.Send(t, r, r.Main, envtest.Request{Path: "rpc", Header: map[string]string{"Authorization": "Bearer " + token},
			Body: `[` + echo + `, {"resource": "no", "method": "such"}, {"resource": "job", "method": "get_jobs", "args": []}]`})
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		var answers []struct {
			RIQ   json.Number
			Ret   json.RawMessage
			Error *struct{ Code int }
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &answers), a.Body)
		require.Len(t, answers, 3)
		require.Equal(t, `"scc_auth_probe"`, string(answers[0].Ret))
		require.NotEmpty(t, answers[0].RIQ)
		require.Equal(t, 4002, answers[1].Error.Code)
		require.Contains(t, string(answers[2].Ret), `"limit":50`)
	})
}

// TestClients has the Go client and the Python example do what the manual's programs do.
func TestClients(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		pem, err := os.ReadFile(r.Certificate())
		require.NoError(t, err)
		roots := x509.NewCertPool()
		require.True(t, roots.AppendCertsFromPEM(pem))
		c, err := rpcclient.New(rpcclient.Options{URL: r.Main, User: env.User, Password: env.User, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
		require.NoError(t, err)
		t.Cleanup(c.Close)
		ctx := t.Context()
		uuid, err := c.SaveJob(ctx, rpcclient.SaveJob{Name: "Check disk usage by a client", Cmd: "local", Fun: "disk.usage", TgtUUID: rpcclient.AllMinions})
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Call(t.Context(), "job.delete_job", map[string]string{"job_uuid": uuid}, nil) })
		jid, err := c.RouteCmd(ctx, rpcclient.RouteCmd{JobUUID: uuid, Tgt: rpcclient.On("ms--0")})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			got, err := c.GetJID(ctx, jid)
			return err == nil && got["ms--0"].Success
		}, envtest.Patience, 50*time.Millisecond)
		_, err = rpcclient.New(rpcclient.Options{URL: r.Main, User: env.User, Password: env.User})
		require.NoError(t, err)
		other, err := rpcclient.New(rpcclient.Options{URL: r.Main, User: env.User, Password: "wrong"})
		require.NoError(t, err)
		t.Cleanup(other.Close)
		_, err = other.Echo(ctx, "x")
		require.ErrorContains(t, err, "certificate", "the password goes to nobody whose certificate is not known")

		token := envtest.MakeToken(t, r, envtest.Login(t, r, env.User), "python", "Superuser").Token
		examples, err := filepath.Abs(filepath.Join("..", "..", "docs", "examples"))
		require.NoError(t, err)
		cmd := exec.CommandContext(ctx, "python3", "-B", "-c", `
import os
from rpc import APIClient
client = APIClient(server=os.environ["SERVER"], csp_api_token=os.environ["TOKEN"], ssl_cert=os.environ["CERT"])

print(client.api.job.get_jobs())
print(client.api.job.get_jobs(None, "by a client").ret["results"][0]["uuid"])`)
		cmd.Env = append(os.Environ(), "PYTHONPATH="+examples, "SERVER="+r.Main, "TOKEN="+token, "CERT="+r.Certificate(), "no_proxy=*")
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		require.NoError(t, err, errs.String())
		require.Regexp(t, `^RPCResponse\(riq=2, ret=\{'count': [1-9]\d*, 'results': \[\{'uuid': '.*\], 'limit': 50\}, error=None, warnings=\[\]\)\n`, string(out))
		require.Contains(t, string(out), "\n"+uuid+"\n")
	})
}
