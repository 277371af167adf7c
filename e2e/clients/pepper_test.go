package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// alone runs pepper as on a machine without Salt, where it prints the answer's
// JSON as it came; with Salt it gives the answer to Salt's outputters.
const alone = `import sys
sys.modules["salt"] = None
import pepper.script
sys.exit(pepper.script.Pepper()())`

// said is what a run of pepper printed.
type said struct {
	code        int
	out, errors string
}

// returned is the answer's list, each element as JSON.
func (s said) returned(t *testing.T) []string {
	t.Helper()
	require.Zero(t, s.code, "%s\n%s", s.out, s.errors)
	var answer struct{ Return []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(s.out), &answer), s.out)
	var all []string
	for _, r := range answer.Return {
		all = append(all, string(r))
	}
	return all
}

// one is the only element of the answer's list, decoded into v.
func (s said) one(t *testing.T, v any) {
	t.Helper()
	all := s.returned(t)
	require.Len(t, all, 1, s.out)
	require.NoError(t, json.Unmarshal([]byte(all[0]), v), all[0])
}

// pepper is the program, for a user.
type pepper struct {
	target
	user, password, eauth string
}

func (p pepper) run(t *testing.T, args ...string) said {
	t.Helper()
	return p.python(t, append([]string{"-c", alone}, p.options(t, args)...)...)
}

// options are the arguments of a call that reads and writes no file of the
// user who runs the test.
func (p pepper) options(t *testing.T, args []string) []string {
	nowhere := filepath.Join(t.TempDir(), "none")
	return append([]string{
		"-c", nowhere, "-m", nowhere, "--non-interactive", "-u", p.url,
		"-a", p.eauth, "--username", p.user, "--password", p.password,
	}, args...)
}

func (p pepper) python(t *testing.T, args ...string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(p.salt, "bin", "python"), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		require.NotNil(t, cmd.ProcessState, "%v", err)
		require.True(t, cmd.ProcessState.Exited(), "%v", err)
	}
	return said{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// fullReturn is a minion's part of an answer to full_return, which pepper's
// command line always asks for.
type fullReturn struct {
	Ret     any
	Retcode int
	JID     string
}

// scheduled is the answer of local_async, runner_async and wheel_async.
type scheduled struct {
	JID, Tag string
	Minions  []string
}

// TestPepper runs pepper's command line.
func TestPepper(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		p := pepper{g, sandbox.UserAll, g.Secret(), "sharedsecret"}

		t.Run("local", func(t *testing.T) {
			var all map[string]fullReturn
			p.run(t, "*", "test.ping").one(t, &all)
			require.Len(t, all, len(minions))
			for _, id := range minions {
				require.Equal(t, true, all[id].Ret)
				require.Len(t, all[id].JID, 20)
			}
		})
		t.Run("list target and arguments", func(t *testing.T) {
			var all map[string]fullReturn
			p.run(t, "-L", "ms--0,ms--2", "test.arg", "one", "two=2").one(t, &all)
			require.Len(t, all, 2)
			require.Equal(t, map[string]any{"args": []any{"one"}, "kwargs": map[string]any{"two": 2.0}},
				withoutPub(all["ms--2"].Ret))
		})
		t.Run("compound target", func(t *testing.T) {
			var all map[string]fullReturn
			p.run(t, "-C", "ms--0 or E@ms--[1]", "test.ping").one(t, &all)
			require.Len(t, all, 2)
		})
		t.Run("return code", func(t *testing.T) {
			s := p.python(t, append([]string{filepath.Join(g.salt, "bin", "pepper")},
				p.options(t, []string{"--fail-any", "--out=json", "--json",
					`[{"client": "local", "tgt": "ms--1", "fun": "test.retcode", "arg": [42]}]`})...)...)
			require.Equal(t, 42, s.code, "%s\n%s", s.out, s.errors)
			require.JSONEq(t, `{"ms--1": true}`, s.out)
		})
		t.Run("local_async", func(t *testing.T) {
			var job scheduled
			p.run(t, "--client=local_async", "*", "test.ping").one(t, &job)
			require.Len(t, job.JID, 20)
			require.ElementsMatch(t, minions, job.Minions)
		})
		t.Run("local_subset", func(t *testing.T) {
			var all map[string]fullReturn
			p.run(t, "--client=local_subset", "*", "test.ping").one(t, &all)
			require.Len(t, all, 3)
		})
		t.Run("batch", func(t *testing.T) {
			all := p.run(t, "--batch=50%", "*", "test.echo", "hello").returned(t)
			require.Len(t, all, len(minions))
			seen := make(map[string]any)
			for _, one := range all {
				require.NoError(t, json.Unmarshal([]byte(one), &seen))
			}
			require.Len(t, seen, len(minions))
		})
		t.Run("runner", func(t *testing.T) {
			var full struct {
				Data struct {
					Fun, JID, User string
					Return         any
					Success        bool
				}
				Tag string
			}
			p.run(t, "--client=runner", "test.arg", "one", "two=2").one(t, &full)
			require.True(t, full.Data.Success)
			require.Equal(t, "runner.test.arg", full.Data.Fun)
			require.Equal(t, p.user, full.Data.User)
			require.Equal(t, map[string]any{"args": []any{"one"}, "kwargs": map[string]any{"two": 2.0}},
				withoutPub(full.Data.Return))
		})
		t.Run("runner_async", func(t *testing.T) {
			var job scheduled
			p.run(t, "--client=runner_async", "test.arg", "one").one(t, &job)
			require.Equal(t, "salt/run/"+job.JID, job.Tag)
		})
		t.Run("wheel", func(t *testing.T) {
			var full struct {
				Data struct {
					Return  map[string][]string
					Success bool
				}
				Tag string
			}
			p.run(t, "--client=wheel", "key.name_match", "match=ms--*").one(t, &full)
			require.True(t, full.Data.Success)
			require.ElementsMatch(t, minions, full.Data.Return["minions"])
		})
		t.Run("wheel_async", func(t *testing.T) {
			var job scheduled
			p.run(t, "--client=wheel_async", "key.list_all").one(t, &job)
			require.Equal(t, "salt/wheel/"+job.JID, job.Tag)
		})
		t.Run("several chunks", func(t *testing.T) {
			all := p.run(t, "--json", `[{"client": "local", "tgt": "ms--0", "fun": "test.ping"},
				{"client": "runner", "fun": "test.arg", "arg": ["one"]}]`).returned(t)
			require.Len(t, all, 2)
		})
		t.Run("run uri", func(t *testing.T) {
			var all map[string]fullReturn
			p.run(t, "--run-uri", "*", "test.ping").one(t, &all)
			require.Len(t, all, len(minions))
		})
		t.Run("poll for returns", func(t *testing.T) {
			s := p.run(t, "--fail-if-incomplete", "*", "test.ping")
			require.Zero(t, s.code, "%s\n%s", s.out, s.errors)
			for _, id := range minions {
				require.Contains(t, s.out, `"`+id+`"`)
			}
		})
		t.Run("wrong password", func(t *testing.T) {
			wrong := pepper{g, p.user, "wrong", p.eauth}
			for _, path := range []string{"--make-token", "--run-uri"} {
				s := wrong.run(t, path, "-x", filepath.Join(t.TempDir(), "cache"), "*", "test.ping")
				require.Equal(t, 1, s.code)
				require.Contains(t, s.errors, "Authentication denied")
			}
		})
		t.Run("not permitted", func(t *testing.T) {
			few := pepper{g, sandbox.UserTestOnly, p.password, p.eauth}
			s := few.run(t, "*", "cmd.run", "true")
			require.Equal(t, 1, s.code)
			require.Contains(t, s.errors, "Authentication denied")
		})
		t.Run("pam", func(t *testing.T) {
			var all map[string]fullReturn
			pepper{g, env.User, env.User, "pam"}.run(t, "ms--0", "test.ping").one(t, &all)
			require.Len(t, all, 1)
		})
	})
}

// TestPepperToken has pepper store its token and use it again, both the one of
// a session and the one of --run-uri.
func TestPepperToken(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		for _, uri := range []string{"/", "/run"} {
			t.Run(strings.ReplaceAll(uri, "/", "uri "), func(t *testing.T) {
				cache := filepath.Join(t.TempDir(), "cache")
				args := []string{"-T", "-x", cache, "ms--0", "test.ping"}
				if uri == "/run" {
					args = append(args, "--run-uri")
				}
				p := pepper{g, sandbox.UserAll, g.Secret(), "sharedsecret"}
				var all map[string]fullReturn
				p.run(t, args...).one(t, &all)
				text, err := os.ReadFile(cache)
				require.NoError(t, err)
				var kept struct {
					Token         string
					Start, Expire float64
				}
				require.NoError(t, json.Unmarshal(text, &kept))
				require.InDelta(t, 43200, kept.Expire-kept.Start, 1)

				p.password = "not needed"
				clear(all)
				p.run(t, args...).one(t, &all)
				require.Equal(t, true, all["ms--0"].Ret)
			})
		}
	})
}

// TestPepperLibrary runs the calls of pepper's Python library that its command
// line does not have, see testdata/pepper_library.py.
func TestPepperLibrary(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		p := pepper{g, sandbox.UserAll, g.Secret(), "sharedsecret"}
		s := p.python(t, "testdata/pepper_library.py", g.url, p.user, p.password, p.eauth)
		require.Zero(t, s.code, "%s\n%s", s.out, s.errors)
		require.Equal(t, "local\nlocal_async\nlocal_batch\nrunner\nlookup_jid\nwheel\nget\nevents\n", s.out)
	})
}

// withoutPub is a result of test.arg without what the publisher added to it.
func withoutPub(result any) any {
	if r, ok := result.(map[string]any); ok {
		if kwargs, ok := r["kwargs"].(map[string]any); ok {
			for name := range kwargs {
				if strings.HasPrefix(name, "__pub_") {
					delete(kwargs, name)
				}
			}
		}
	}
	return result
}
