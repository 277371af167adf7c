package commands

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// TestKeysWithBadCredentials has what is a 500 with salt-api.
func TestKeysWithBadCredentials(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		for name, creds := range map[string]string{
			"wrong":   fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": "wrong"`, sandbox.UserAll),
			"limited": fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": %q`, sandbox.UserTestOnly, r.Secret()),
			"none":    `"x": 1`, "token": `"token": "` + envtest.Hex64 + `"`,
		} {
			a := envtest.Send(t, r, r.Main, envtest.Request{Path: "keys", Body: `{"mid": "new-` + name + `", ` + creds + "}"})
			require.Equal(t, http.StatusUnauthorized, a.Status, "%s: %s", name, a.Body)
			require.Equal(t, envtest.JSON, a.Header.Get("Content-Type"))
			require.NoFileExists(t, filepath.Join(r.Dir(), "pki", "minions", "new-"+name))
		}
		a := envtest.Send(t, r, r.Main, envtest.Request{Path: "keys", Body: fmt.Sprintf(`{"eauth": "sharedsecret", "username": %q, "password": %q}`, sandbox.UserAll, r.Secret())})
		require.Equal(t, http.StatusBadRequest, a.Status, "no mid: %s", a.Body)
	})
}

// TestKeysWithGoodCredentials is what the former is to be told from.
func TestKeysWithGoodCredentials(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		session := envtest.Login(t, r, env.User)
		key := filepath.Join(r.Dir(), "pki", "minions", "new-good")
		t.Cleanup(func() { require.NoError(t, os.Remove(key)) })
		a := envtest.Send(t, r, r.Main, envtest.Request{Path: "keys", Body: fmt.Sprintf(
			`{"eauth": "sharedsecret", "username": %q, "password": %q, "mid": "new-good"}`, sandbox.UserAll, r.Secret())})
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Equal(t, "application/x-tar", a.Header.Get("Content-Type"))
		files := tar.NewReader(strings.NewReader(a.Body))
		contents := make(map[string]string)
		for {
			header, err := files.Next()
			if err == io.EOF { //nolint:errorlint // it is never wrapped
				break
			}
			require.NoError(t, err)
			text, err := io.ReadAll(files)
			require.NoError(t, err)
			contents[header.Name] = string(text)
		}
		require.Contains(t, contents["minion.pem"], "PRIVATE KEY")
		accepted, err := os.ReadFile(key)
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(string(accepted)), strings.TrimSpace(contents["minion.pub"]))

		a = envtest.SessionRequest(t, r, session, http.MethodGet, "/keys/new-good", "")
		var finger struct {
			Return struct{ Minions map[string]string }
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &finger), a.Body)
		require.NotEmpty(t, finger.Return.Minions["new-good"])
	})
}
