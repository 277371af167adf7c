package rights

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/internal/freeport"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// What testdata/ldap/directory.ldif has.
const (
	ldapBase     = "dc=example,dc=org"
	ldapPassword = "open sesame"
)

// TestLDAP compares what salt-api and Saltern let users of Salt's own eauth module ldap do, with rules for an OU, a group
// and a user, before one master and one directory.
//
// It needs slapd with its schemas in /etc/ldap/schema, and in SALTERN_LDAP a folder with python-ldap for the Python of the
// Salts (pip install --target). SALTERN_REQUIRE_LDAP=1 makes it fail where they are not there.
func TestLDAP(t *testing.T) {
	lacking := func(what string) {
		if os.Getenv("SALTERN_REQUIRE_LDAP") == "1" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	slapd, err := exec.LookPath("slapd")
	if err != nil {
		slapd = "/usr/sbin/slapd"
	}
	if _, err := os.Stat(slapd); err != nil {
		lacking("no slapd: " + err.Error())
	}
	python := os.Getenv("SALTERN_LDAP")
	if _, err := os.Stat(filepath.Join(python, "ldap")); python == "" || err != nil {
		lacking("SALTERN_LDAP names no folder with python-ldap")
	}
	port := startDirectory(t, slapd)
	for release, salt := range sandboxtest.Salts(t) {
		for name, more := range map[string]map[string]any{
			"keep_acl_in_token": {"keep_acl_in_token": true},
			"stripdomains":      {"auth.ldap.minion_stripdomains": []any{".example.org"}},
		} {
			t.Run(release+"/"+name, func(t *testing.T) {
				ou := map[string]any{"ldap(OU=web," + ldapBase + ")": []any{"test.*"}}
				conf := map[string]any{
					"external_auth": map[string]any{"ldap": map[string]any{
						"ouonly": []any{ou}, "plain": []any{"test.ping", "@runner"}, "ops%": []any{ou, "@wheel"},
					}},
					"auth.ldap.uri": fmt.Sprintf("ldap://127.0.0.1:%d", port), "auth.ldap.basedn": ldapBase,
					"auth.ldap.binddn": "cn=search," + ldapBase, "auth.ldap.bindpw": "look around",
					"auth.ldap.filter": "uid={{ username }}", "auth.ldap.accountattributename": "uid",
					"auth.ldap.activedirectory": true, "auth.ldap.groupclass": "groupOfNames",
				}
				maps.Copy(conf, more)
				r, err := env.Start(t.Context(), env.Options{
					Saltern: suite.Program(t),
					Sandbox: sandbox.Options{Salt: salt, SaltAPI: true, PythonPath: python, MasterConfig: conf},
				})
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, r.Stop(context.Background())) })
				for _, minion := range []string{"web1", "web2", "web3", "db1"} {
					require.NoError(t, os.WriteFile(filepath.Join(r.Dir(), "pki", "minions", minion), []byte("a key"), 0o600))
				}
				for _, user := range []string{"ouonly", "member", "plain", "stranger", "nobody", "ouonly with a wrong password"} {
					api, ours := ldapOutcomes(t, r, r.SaltAPIURL(), user), ldapOutcomes(t, r, r.Main, user)
					for _, call := range slices.Sorted(maps.Keys(api)) {
						t.Logf("%-30s %-20s salt-api: %-40s saltern: %s", user, call, api[call], ours[call])
						assert.Equal(t, api[call], ours[call], "%s, %s", user, call)
					}
				}
			})
		}
	}
}

// startDirectory runs slapd on a port of its own until the test ends.
func startDirectory(t *testing.T, slapd string) (port int) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "data"), 0o700))
	conf := filepath.Join(dir, "slapd.conf")
	text := fmt.Sprintf("include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n"+
		"include /etc/ldap/schema/inetorgperson.schema\ninclude testdata/ldap/computer.schema\n"+
		"modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile %[1]s/pid\n"+
		"database mdb\nsuffix %[2]s\nrootdn cn=admin,%[2]s\ndirectory %[1]s/data\n", dir, ldapBase)
	require.NoError(t, os.WriteFile(conf, []byte(text), 0o600))
	add := exec.CommandContext(t.Context(), slapd, "-Ta", "-f", conf, "-l", "testdata/ldap/directory.ldif")
	out, err := add.CombinedOutput()
	require.NoError(t, err, "%s", out)

	port, err = freeport.Find()
	require.NoError(t, err)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.Command(slapd, "-f", conf, "-h", "ldap://"+address, "-d", "0")
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}, 20*time.Second, 50*time.Millisecond, "slapd does not answer")
	return port
}

// ldapCalls are what each user tries.
var ldapCalls = map[string]string{
	"ping web1":  `"client": "local_async", "tgt": "web1", "fun": "test.ping"`,
	"ping web2":  `"client": "local_async", "tgt": "web2", "fun": "test.ping"`,
	"ping web3":  `"client": "local_async", "tgt": "web3", "fun": "test.ping"`,
	"ping db1":   `"client": "local_async", "tgt": "db1", "fun": "test.ping"`,
	"ping web*":  `"client": "local_async", "tgt": "web*", "fun": "test.ping"`,
	"ping *":     `"client": "local_async", "tgt": "*", "fun": "test.ping"`,
	"cmd web1":   `"client": "local_async", "tgt": "web1", "fun": "cmd.run", "arg": ["true"]`,
	"runner":     `"client": "runner", "fun": "test.arg", "arg": ["x"]`,
	"wheel":      `"client": "wheel", "fun": "key.list_all"`,
	"other name": `"client": "local_async", "tgt": "OU=web", "fun": "test.ping"`,
}

// ldapOutcomes is what came of each call of a user, with credentials on /run and with a session.
func ldapOutcomes(t *testing.T, r *env.Env, base, user string) map[string]string {
	password := ldapPassword
	if name, _, wrong := strings.Cut(user, " with"); wrong {
		user, password = name, "wrong"
	}
	creds := fmt.Sprintf(`"eauth": "ldap", "username": %q, "password": %q`, user, password)
	seen := map[string]string{}
	for name, call := range ldapCalls {
		seen["run "+name] = moduleOutcome(t, r, base+"/run", "", `[{`+creds+`, `+call+`}]`)
	}
	login := moduleAsk(t, r, base+"/login", "", `{`+creds+`}`)
	if login.Status != http.StatusOK {
		seen["login"] = fmt.Sprint(login.Status)
		return seen
	}
	var answer struct {
		Return []struct {
			Token string
			Perms json.RawMessage
		}
	}
	assert.NoError(t, json.Unmarshal([]byte(login.Body), &answer), login.Body)
	seen["login"] = "200 " + strings.ReplaceAll(string(answer.Return[0].Perms), " ", "")
	for name, call := range ldapCalls {
		seen["session "+name] = moduleOutcome(t, r, base+"/", answer.Return[0].Token, `[{`+call+`}]`)
	}
	return seen
}
