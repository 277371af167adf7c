package clients

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// param is one parameter of a form.
type param struct{ key, value string }

// rubyForm encodes a form as Ruby's URI.encode_www_form does: it keeps the
// order, repeats a list's key, and leaves other characters alone than Go does.
func rubyForm(form []param) string {
	escape := func(s string) string {
		return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
	}
	var parts []string
	for _, p := range form {
		parts = append(parts, escape(p.key)+"="+escape(p.value))
	}
	return strings.Join(parts, "&")
}

// foreman posts a form to /run byte for byte as Net::HTTP does for Foreman's
// smart_proxy_salt, with the credentials at its end. Ruby sets Accept to */*
// itself, and the proxy only adds to it; Ruby unpacks gzip.
func foreman(t *testing.T, g target, password string, form ...param) (status int, body string) {
	t.Helper()
	form = append(form, param{"username", env.User}, param{"password", password}, param{"eauth", "pam"})
	accept := "*/*, application/json"
	if g.api {
		// With the option app, salt-api takes any mention of */* but that alone
		// for a wish for HTML, and answers a POST to /run with the app.
		accept = "application/json"
	}
	a := (&wire{target: g}).send(t, "POST /run", []string{
		"Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
		"Accept: " + accept,
		"User-Agent: Ruby",
		"Content-Type: application/x-www-form-urlencoded",
		"Connection: close",
	}, rubyForm(form))
	return a.Status, a.Body
}

// unpacked is an answer's body for a client that asked for gzip itself.
func unpacked(resp *http.Response) (io.Reader, error) {
	if resp.Header.Get("Content-Encoding") == "gzip" {
		return gzip.NewReader(resp.Body)
	}
	return resp.Body, nil
}

func TestRubyForm(t *testing.T) {
	// What Ruby 3.1 makes of the same.
	require.Equal(t, "tgt=ms-*%7E%C3%A9+x&arg=a%3A+b%0A++-+c+%26+d%3D1",
		rubyForm([]param{{"tgt", "ms-*~é x"}, {"arg", "a: b\n  - c & d=1"}}))
}

// TestForeman sends the calls of Foreman's smart_proxy_salt, and others of
// their kind.
func TestForeman(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		// call is a call that is answered; the first element of the answer's
		// list is decoded into v, as the proxy does.
		call := func(t *testing.T, v any, form ...param) {
			t.Helper()
			status, body := foreman(t, g, env.User, form...)
			require.Equal(t, 200, status, body)
			var answer struct{ Return []json.RawMessage }
			require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
			require.NotEmpty(t, answer.Return, body)
			require.NoError(t, json.Unmarshal(answer.Return[0], v), body)
		}
		t.Run("environments", func(t *testing.T) {
			var envs []string
			call(t, &envs, param{"fun", "fileserver.envs"}, param{"client", "runner"})
			require.Equal(t, []string{"base"}, envs)
		})
		t.Run("states", func(t *testing.T) {
			var files []string
			call(t, &files, param{"fun", "fileserver.file_list"}, param{"saltenv", "base"}, param{"client", "runner"})
			require.Empty(t, files)
		})
		t.Run("a job and its returns", func(t *testing.T) {
			var job scheduled
			call(t, &job, param{"client", "local_async"}, param{"tgt", "ms--1"}, param{"fun", "state.template_str"},
				param{"arg", "#!py\ndef run():\n  return {'hello': {'test.nop': []}}\n"})
			require.Equal(t, []string{"ms--1"}, job.Minions)
			require.Len(t, job.JID, 20)
			var found struct { // the form of results that have an outputter
				Outputter string
				Data      map[string]map[string]struct{ Result bool }
			}
			for range 100 {
				if call(t, &found, param{"client", "runner"}, param{"fun", "jobs.lookup_jid"}, param{"arg", job.JID}); found.Outputter != "" {
					break
				}
				time.Sleep(200 * time.Millisecond)
			}
			require.Equal(t, "highstate", found.Outputter)
			require.Len(t, found.Data["ms--1"], 1)
			for _, state := range found.Data["ms--1"] {
				require.True(t, state.Result)
			}
		})
		t.Run("local", func(t *testing.T) {
			var all map[string]any
			call(t, &all, param{"client", "local"}, param{"tgt", "*"}, param{"fun", "test.arg"},
				param{"arg", "1"}, param{"arg", "two words"}, param{"kwarg", "{three: [3]}"})
			require.Len(t, all, len(minions))
			require.Equal(t, map[string]any{
				"args": []any{1.0, "two words"}, "kwargs": map[string]any{"three": []any{3.0}},
			}, withoutPub(all["ms--0"]))
		})
		t.Run("keys", func(t *testing.T) {
			var full struct {
				Data struct{ Return map[string][]string }
			}
			call(t, &full, param{"client", "wheel"}, param{"fun", "key.list_all"})
			require.ElementsMatch(t, minions, full.Data.Return["minions"])
			call(t, &full, param{"client", "wheel"}, param{"fun", "key.list"}, param{"match", "acc"})
			require.ElementsMatch(t, minions, full.Data.Return["minions"])
			var fingers struct {
				Data struct {
					Return struct{ Minions map[string]string }
				}
			}
			call(t, &fingers, param{"client", "wheel"}, param{"fun", "key.finger"}, param{"match", "ms--*"})
			require.Len(t, fingers.Data.Return.Minions, len(minions))
		})
		t.Run("refused", func(t *testing.T) {
			status, body := foreman(t, g, "wrong", param{"fun", "fileserver.envs"}, param{"client", "runner"})
			require.Equal(t, 401, status, body)
		})
	})
}
