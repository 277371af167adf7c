package clients

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// login are the curl options of Salt's documentation that name a user.
var login = []string{"-d", "username=" + env.User, "-d", "password=" + env.User, "-d", "eauth=pam"}

func curl(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "curl", append([]string{"-q", "-sS", "-m", "60"}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, "%s", errs.String())
	return string(out)
}

// cookies logs in as Salt's documentation does, and returns curl's cookie file
// and the token.
func cookies(t *testing.T, g target) (jar, token string) {
	t.Helper()
	jar = filepath.Join(t.TempDir(), "cookies.txt")
	out := curl(t, append([]string{g.url + "/login", "-c", jar, "-H", "Accept: application/x-yaml"}, login...)...)
	var answer struct {
		Return []struct {
			Token, User, Eauth string
			Start, Expire      float64
			Perms              []string
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(out), &answer), out)
	require.Len(t, answer.Return, 1, out)
	r := answer.Return[0]
	require.Equal(t, env.User, r.User)
	require.Equal(t, "pam", r.Eauth)
	require.Equal(t, []string{".*", "@jobs", "@runner", "@wheel"}, r.Perms)
	require.Greater(t, r.Expire, r.Start)
	return jar, r.Token
}

// TestCurl runs the calls of rest_cherrypy's documentation as they stand
// there, but for names.
func TestCurl(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		jar, token := cookies(t, g)
		all := "return:\n- ms--0: true\n  ms--1: true\n  ms--2: true\n"
		allJSON := `{"return": [{"ms--0": true, "ms--1": true, "ms--2": true}]}`
		ping := []string{"-d", "client=local", "-d", "tgt=*", "-d", "fun=test.ping"}
		yamlPlease := []string{"-H", "Accept: application/x-yaml"}
		sendJSON := []string{"-H", "Content-type: application/json", "-d"}
		call := func(args ...[]string) string {
			t.Helper()
			return curl(t, flatten(args)...)
		}
		with := func(path string, more ...string) []string { return append([]string{g.url + path, "-b", jar}, more...) }

		t.Run("token header, yaml", func(t *testing.T) {
			require.YAMLEq(t, all, call([]string{g.url, "-H", "X-Auth-Token: " + token}, yamlPlease, ping))
		})
		t.Run("cookie, yaml", func(t *testing.T) {
			require.YAMLEq(t, all, call(with(""), yamlPlease, ping))
		})
		t.Run("cookie, json", func(t *testing.T) {
			require.JSONEq(t, allJSON, call(with(""), sendJSON, []string{`[{"client": "local", "tgt": "*", "fun": "test.ping"}]`}))
		})
		t.Run("arguments", func(t *testing.T) {
			var answer struct{ Return []map[string]any }
			out := call(with(""), sendJSON, []string{`
    [
        {
            "client": "local",
            "tgt": "*",
            "fun": "test.arg",
            "arg": ["positional arg one", "positional arg two"],
            "kwarg": {
                "keyword arg one": "Hello from a minion",
                "keyword arg two": "Hello again from a minion"
            }
        }
    ]`})
			require.NoError(t, json.Unmarshal([]byte(out), &answer), out)
			require.Len(t, answer.Return, 1)
			require.Equal(t, map[string]any{
				"args":   []any{"positional arg one", "positional arg two"},
				"kwargs": map[string]any{"keyword arg one": "Hello from a minion", "keyword arg two": "Hello again from a minion"},
			}, withoutPub(answer.Return[0]["ms--1"]))
		})
		t.Run("form arguments", func(t *testing.T) {
			out := call(with(""), []string{"-d", "client=local", "-d", "tgt=ms--1", "-d", "fun=test.kwarg", "-d", "arg=one=1", "-d", "arg=two=2"})
			var answer struct{ Return []map[string]map[string]any }
			require.NoError(t, json.Unmarshal([]byte(out), &answer), out)
			require.Len(t, answer.Return, 1)
			kwargs := answer.Return[0]["ms--1"]
			require.Equal(t, 1.0, kwargs["one"])
			require.Equal(t, 2.0, kwargs["two"])
		})
		t.Run("minions", func(t *testing.T) {
			var answer struct {
				Return []map[string]struct{ ID string }
			}
			require.NoError(t, yaml.Unmarshal([]byte(call(with("/minions/ms--2"), yamlPlease)), &answer))
			require.Len(t, answer.Return, 1)
			require.Len(t, answer.Return[0], 1)
			require.Equal(t, "ms--2", answer.Return[0]["ms--2"].ID)
		})
		var jid string
		t.Run("start a job", func(t *testing.T) {
			out := call(with("/minions", "-w", "\n%{http_code}"), []string{"-d", "tgt=*", "-d", "fun=test.ping"})
			var answer struct {
				Return []scheduled
				Links  struct{ Jobs []struct{ Href string } } `json:"_links"`
			}
			body, status, _ := strings.Cut(out, "\n")
			require.Equal(t, "202", status)
			require.NoError(t, json.Unmarshal([]byte(body), &answer), out)
			require.Len(t, answer.Return, 1)
			jid = answer.Return[0].JID
			require.ElementsMatch(t, minions, answer.Return[0].Minions)
			require.Equal(t, "/jobs/"+jid, answer.Links.Jobs[0].Href)
		})
		t.Run("jobs", func(t *testing.T) {
			var one struct {
				Info []struct {
					Function string
					Minions  []string
				}
			}
			require.NoError(t, json.Unmarshal([]byte(call(with("/jobs/"+jid))), &one))
			require.Len(t, one.Info, 1)
			require.Equal(t, "test.ping", one.Info[0].Function)
			var many struct {
				Return []map[string]struct{ Function string }
			}
			require.NoError(t, json.Unmarshal([]byte(call(with("/jobs"))), &many))
			require.Len(t, many.Return, 1)
			require.Equal(t, "test.ping", many.Return[0][jid].Function)
		})
		t.Run("runner", func(t *testing.T) {
			lookUp := func() string {
				return call(with(""), []string{"-d", "client=runner", "-d", "fun=jobs.lookup_jid", "-d", "jid=" + jid})
			}
			envtest.RequireEventually(t, func() bool { return strings.Count(lookUp(), ": true") == len(minions) })
			require.JSONEq(t, allJSON, lookUp())
		})
		t.Run("keys", func(t *testing.T) {
			out := call(with("/keys"))
			var answer struct{ Return map[string][]string }
			require.NoError(t, json.Unmarshal([]byte(out), &answer), out)
			require.ElementsMatch(t, minions, answer.Return["minions"])
			out = call(with("/keys/ms--1"))
			require.Regexp(t, `^\{"return": \{"minions": \{"ms--1": "([0-9a-f]{2}:){31}[0-9a-f]{2}"\}\}\}$`, out)
		})
		t.Run("new keys", func(t *testing.T) {
			out := call([]string{g.url + "/keys", "-d", "mid=jerry"}, login)
			t.Cleanup(func() {
				call(with(""), []string{"-d", "client=wheel", "-d", "fun=key.delete", "-d", "match=jerry"})
			})
			files := untar(t, out)
			require.Len(t, files, 2)
			require.Contains(t, files["minion.pub"], "BEGIN PUBLIC KEY")
			require.Contains(t, files["minion.pem"], "PRIVATE KEY")
		})
		t.Run("run with credentials", func(t *testing.T) {
			require.YAMLEq(t, all, call([]string{g.url + "/run"}, yamlPlease, sendJSON, []string{`[{
        "client": "local",
        "tgt": "*",
        "fun": "test.ping",
        "username": "` + env.User + `",
        "password": "` + env.User + `",
        "eauth": "pam"
    }]`}))
		})
		t.Run("run with a token", func(t *testing.T) {
			out := call([]string{g.url + "/token"}, sendJSON, []string{
				`{"username": "` + env.User + `", "password": "` + env.User + `", "eauth": "pam"}`,
			})
			var made []struct{ Token, Name, Eauth string }
			require.NoError(t, json.Unmarshal([]byte(out), &made), out)
			require.Len(t, made, 1)
			require.Equal(t, env.User, made[0].Name)
			out = call([]string{g.url + "/run"}, sendJSON, []string{
				`[{"client": "local", "tgt": "*", "fun": "test.ping", "token": "` + made[0].Token + `"}]`,
			})
			require.JSONEq(t, allJSON, out)
		})
		t.Run("hook", func(t *testing.T) {
			require.JSONEq(t, `{"success": true}`, call(with("/hook/mycompany/build"), []string{"-d", "foo=Foo!"}))
		})
		t.Run("logout", func(t *testing.T) {
			require.JSONEq(t, `{"return": "Your token has been cleared"}`, call(with("/logout", "-X", "POST")))
			require.Equal(t, "401", call(with("", "-o", "/dev/null", "-w", "%{http_code}"), ping))
		})
	})
}

// TestCurlEvents reads /events with curl -N, by token, by cookie, and in the
// loop of a shell.
func TestCurlEvents(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		jar, token := cookies(t, g)
		start := func() string {
			out := curl(t, g.url, "-b", jar, "-d", "client=local_async", "-d", "tgt=*", "-d", "fun=test.ping")
			var answer struct{ Return []scheduled }
			require.NoError(t, json.Unmarshal([]byte(out), &answer), out)
			return answer.Return[0].JID
		}
		loop := `curl -q -NsS -H "X-Auth-Token: $0" "$1/events" |
                    while IFS= read -r line ; do
                        echo $line
                    done`
		for name, command := range map[string][]string{
			"token":  {"curl", "-q", "-NsS", "-H", "X-Auth-Token: " + token, g.url + "/events"},
			"cookie": {"curl", "-q", "-NsS", "-b", jar, g.url + "/events"},
			"shell":  {"sh", "-c", loop, token, g.url},
		} {
			t.Run(name, func(t *testing.T) {
				s := readEvents(startGroup(t, exec.Command(command[0], command[1:]...)))
				require.Equal(t, "retry: 400", s.awaitFirst(t, start))
				s.awaitReturns(t, start())
			})
		}
	})
}

func untar(t *testing.T, text string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	for r := tar.NewReader(strings.NewReader(text)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		var b bytes.Buffer
		_, err = io.Copy(&b, r)
		require.NoError(t, err)
		files[h.Name] = b.String()
	}
}

func flatten(args [][]string) []string {
	var all []string
	for _, a := range args {
		all = append(all, a...)
	}
	return all
}
