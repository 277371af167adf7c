// Package tokenclients runs real clients of Cloud Services, OAuth and
// Cloud Director: the script of the manual, vdk-control-api-auth, and
// go-vcloud-director. The tests of package server run them against a server in
// process, and the end-to-end tests against the program. It imports nothing of
// Saltern. A client that is not there skips the test; with
// SALTERN_REQUIRE_TOKEN_CLIENTS=1, as make test sets it, the test fails.
//
//	site := tokenclients.Site{URL: "https://127.0.0.1:8000", CA: "state/self-signed.crt"}
//	said := site.Script(t, apiToken)
//	require.NotEmpty(t, said.Access)
package tokenclients

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Site is a gateway as its clients see it.
type Site struct {
	URL string // without a slash at its end
	CA  string // the PEM file with the certificate to trust; empty for plain HTTP

	// Console is where the script exchanges its token, which for the manual's
	// readers is another host. Empty is URL.
	Console string
}

// command is a program that knows the site, and nothing of who runs the test.
func (s Site) command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost")
	if s.CA == "" {
		cmd.Env = append(cmd.Env, "OAUTHLIB_INSECURE_TRANSPORT=1")
	} else { // as curl, requests and Go call it
		cmd.Env = append(cmd.Env, "CURL_CA_BUNDLE="+s.CA, "REQUESTS_CA_BUNDLE="+s.CA, "SSL_CERT_FILE="+s.CA)
	}
	return cmd
}

// lacking skips the test, or fails it where all clients have to be there.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SALTERN_REQUIRE_TOKEN_CLIENTS") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// top is the folder of the module.
func top(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output()
	require.NoError(t, err)
	return filepath.Dir(strings.TrimSpace(string(out)))
}
