package rights

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// The eauth modules of testdata/authmodules have one user each.
const (
	moduleUser     = "alice"
	modulePassword = "open sesame"
)

// moduleAuth is external_auth for them.
func moduleAuth() map[string]any {
	all := []any{".*", "@runner", "@wheel"}
	of := func(rules ...any) map[string]any { return map[string]any{moduleUser: rules} }
	return map[string]any{
		"sharedsecret": map[string]any{sandbox.UserAll: all},
		"pam":          map[string]any{env.User: all},

		"plain":   of("test.*", "@runner"),
		"narrow":  of(all...),
		"wide":    of("test.ping"),
		"silent":  of("test.ping", "@runner"),
		"process": of(all...),
		"ldap":    of(map[string]any{"ldap(OU=web)": []any{"cmd.run"}}, "@runner"),
	}
}

// moduleSettings are the options of a master that say where the rules of a user come from, each with the modules whose
// users are tried on it: as many as it takes, and more where SALTERN_THOROUGH is set.
var moduleSettings = map[string]struct {
	options       map[string]any
	modules, more []string
}{
	"no option": {
		nil, []string{"narrow", "wide", "process", "ldap"}, []string{"sharedsecret", "pam", "plain", "silent"},
	},
	"keep_acl_in_token": {
		map[string]any{"keep_acl_in_token": true},
		[]string{"sharedsecret", "pam", "wide", "silent"}, []string{"narrow", "process", "ldap"},
	},
	"eauth_acl_module": {
		map[string]any{"eauth_acl_module": "judge"}, []string{"pam", "ldap"}, []string{"sharedsecret", "wide"},
	},
	"both": {
		map[string]any{"keep_acl_in_token": true, "eauth_acl_module": "judge"},
		[]string{"pam", "wide"}, []string{"sharedsecret", "ldap"},
	},
}

// moduleCalls are what each user tries, by what it shows.
var moduleCalls = map[string]string{
	"ping":   `"client": "local_async", "tgt": "web1", "fun": "test.ping"`,
	"cmd":    `"client": "local_async", "tgt": "web1", "fun": "cmd.run", "arg": ["true"]`,
	"runner": `"client": "runner", "fun": "test.arg", "arg": ["x"]`,
	"wheel":  `"client": "wheel", "fun": "key.list_all"`,
}

// TestModuleDifferencesAreListed holds the A rows of docs/differences.md against the table.
func TestModuleDifferencesAreListed(t *testing.T) {
	text, err := os.ReadFile("../../docs/differences.md")
	require.NoError(t, err)
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| (A\d+) \|`).FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, row[1])
	}
	require.Equal(t, listed, slices.Compact(slices.Sorted(maps.Values(moduleDifferences))))
}

// TestModulesDecide compares what salt-api and Saltern let users do whose eauth module has a say in their rights, before
// one master: with credentials on /run, with a session on /, and what /login shows.
func TestModulesDecide(t *testing.T) {
	modules := t.TempDir() // since Python leaves its own files beside them
	require.NoError(t, os.CopyFS(modules, os.DirFS("testdata/authmodules")))
	for release, salt := range sandboxtest.Salts(t) {
		for name, s := range moduleSettings {
			t.Run(release+"/"+name, func(t *testing.T) {
				options := map[string]any{"auth_dirs": []string{modules}, "external_auth": moduleAuth()}
				maps.Copy(options, s.options)
				r, err := env.Start(t.Context(), env.Options{
					Saltern: suite.Program(t),
					Sandbox: sandbox.Options{Salt: salt, SaltAPI: true, WorkerThreads: envtest.FewWorkers, MasterConfig: options},
				})
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, r.Stop(context.Background())) })
				require.NoError(t, os.WriteFile(filepath.Join(r.Dir(), "pki", "minions", "web1"), []byte("a key"), 0o600))
				users := s.modules
				if os.Getenv("SALTERN_THOROUGH") != "" {
					users = slices.Concat(s.modules, s.more)
				}
				compareModules(t, r, users)
				if name == "keep_acl_in_token" {
					tokensWhereModulesDecide(t, r)
				}
			})
		}
	}
}

// moduleDifferences are the calls that end otherwise at salt-api, with the row of docs/differences.md.
var moduleDifferences = map[string]string{
	"keep_acl_in_token/pam/session cmd":          "A1",
	"keep_acl_in_token/pam/session runner":       "A1",
	"keep_acl_in_token/pam/session wheel":        "A1",
	"keep_acl_in_token/pam/session beside wheel": "A1",
	"no_option/wide/session beside wheel":        "A2",
	"no_option/ldap/session beside wheel":        "A2",
	"no_option/plain/session beside wheel":       "A2",
	"no_option/silent/session beside wheel":      "A2",
	"eauth_acl_module/ldap/session beside wheel": "A2",
	"eauth_acl_module/wide/session beside wheel": "A2",
}

func compareModules(t *testing.T, r *env.Env, modules []string) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[string][2]map[string]string{}
	for _, module := range modules {
		var both [2]map[string]string
		wg.Go(func() {
			var each sync.WaitGroup
			for i, base := range []string{r.SaltAPIURL(), r.Main} {
				each.Go(func() { both[i] = moduleOutcomes(t, r, base, module) })
			}
			each.Wait()
			mu.Lock()
			defer mu.Unlock()
			outcomes[module] = both
		})
	}
	wg.Wait()
	for _, module := range modules {
		for _, call := range slices.Sorted(maps.Keys(outcomes[module][0])) {
			api, ours := outcomes[module][0][call], outcomes[module][1][call]
			t.Logf("%-13s %-16s salt-api: %-40s saltern: %s", module, call, api, ours)
			if row := moduleDifferences[path.Base(t.Name())+"/"+module+"/"+call]; row != "" {
				assert.NotEqual(t, api, ours, "%s user, %s: row %s differs no more", module, call, row)
				continue
			}
			assert.Equal(t, api, ours, "%s user, %s", module, call)
		}
	}
}

// moduleOutcomes is what came of each call of a module's user.
func moduleOutcomes(t *testing.T, r *env.Env, base, module string) map[string]string {
	creds := moduleCredentials(r, module)
	seen := map[string]string{}
	for name, call := range moduleCalls {
		seen["run "+name] = moduleOutcome(t, r, base+"/run", "", `[{`+creds+`, `+call+`}]`)
	}
	login := moduleAsk(t, r, base+"/login", "", `{`+creds+`}`)
	var answer struct {
		Return []struct {
			Token string
			Perms json.RawMessage
		}
	}
	if login.Status != http.StatusOK {
		seen["login"] = fmt.Sprint(login.Status)
		return seen
	}
	assert.NoError(t, json.Unmarshal([]byte(login.Body), &answer), login.Body)
	seen["login"] = "200 " + strings.ReplaceAll(string(answer.Return[0].Perms), " ", "")
	token := answer.Return[0].Token
	for _, name := range []string{"cmd", "runner", "wheel"} {
		seen["session "+name] = moduleOutcome(t, r, base+"/", token, `[{`+moduleCalls[name]+`}]`)
	}
	// What a chunk says of its caller beside the session.
	other := moduleCredentials(r, "process")
	seen["session beside wheel"] = moduleOutcome(t, r, base+"/", token, `[{`+other+`, `+moduleCalls["wheel"]+`}]`)
	return seen
}

func moduleCredentials(r *env.Env, module string) string {
	user, password := moduleUser, modulePassword
	switch module {
	case "sharedsecret":
		user, password = sandbox.UserAll, r.Secret()
	case "pam":
		user, password = env.User, env.User
	}
	return fmt.Sprintf(`"eauth": %q, "username": %q, "password": %q`, module, user, password)
}

// moduleAsk sends a request. salt-api is asked again if it answers with 500, as it now and then does when there are
// several requests at once.
func moduleAsk(t *testing.T, r *env.Env, url, session, body string) (a env.Answer) {
	for range 4 {
		a = moduleSend(t, r, url, session, body)
		if a.Status != http.StatusInternalServerError || !strings.HasPrefix(url, r.SaltAPIURL()) {
			break
		}
	}
	return a
}

func moduleSend(t *testing.T, r *env.Env, url, session, body string) env.Answer {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	assert.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if session != "" {
		req.Header.Set("X-Auth-Token", session)
	}
	a, err := r.Do(req)
	assert.NoError(t, err)
	return a
}

// moduleOutcome is the status of an answer and whether something ran.
func moduleOutcome(t *testing.T, r *env.Env, url, session, body string) string {
	a := moduleAsk(t, r, url, session, body)
	var ran []string
	for what, sign := range map[string]string{"a job": `"jid"`, "a runner": `"args"`, "a wheel": `"success": true`} {
		if strings.Contains(a.Body, sign) {
			ran = append(ran, what)
		}
	}
	slices.Sort(ran)
	if a.Status == http.StatusOK && len(ran) == 0 {
		return a.Body
	}
	return fmt.Sprint(a.Status, " ", ran)
}
