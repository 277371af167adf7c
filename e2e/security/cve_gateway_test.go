package security

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// attacked is a gateway with every client enabled.
type attacked struct {
	*env.Env
	*envtest.Witness
	first *env.Env // the env's own gateway, which has another configuration

	marker  string // the file that commands make
	session string // of a user who may do everything
	token   string // of the same
	limited string // the session of one who may call test.* on minions
}

func newAttacked(t *testing.T, r *env.Env) *attacked {
	t.Helper()
	g := envtest.AnotherGateway(t, r, env.More{
		Master: map[string]any{"netapi_enable_clients": envtest.AllClients},
		// Nobody is slowed down, and the log has all that it ever has.
		Settings: "auth: {attempts: 1000000}\nlog: {level: debug}\nssh: {program: " + sshProgram(t) + "}\ntrusted_proxies: [127.0.0.1, '::1']\n",
		PAMSlots: 64,
	})
	a := &attacked{Env: g, first: r, Witness: envtest.NewWitness(t, r), marker: filepath.Join(t.TempDir(), "marker")}
	a.session = a.login(t, sandbox.UserAll)
	a.limited = a.login(t, sandbox.UserTestOnly)
	made, ok, err := envtest.MasterOf(t, r).MakeToken(t.Context(), "sharedsecret", sandbox.UserAll, r.Secret())
	require.NoError(t, err)
	require.True(t, ok)
	a.token = made.Token
	return a
}

// sshProgram stands in for salt-ssh. It would tell of itself.
func sshProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "salt-ssh")
	script := "#!/bin/sh\necho \"$@\" >> " + path + ".ran\n"
	require.NoError(t, os.WriteFile(path, []byte(script), 0o700))
	t.Cleanup(func() { require.NoFileExists(t, path+".ran") })
	return path
}

// sharedsecret are the credentials of a user who has the sandbox's password.
func (a *attacked) sharedsecret(user string) string {
	return fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": %q`, user, a.Secret())
}

func (a *attacked) login(t *testing.T, user string) string {
	t.Helper()
	answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: "login", Body: `{` + a.sharedsecret(user) + `}`})
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	return answer.Header.Get("X-Auth-Token")
}

// command is a chunk, without credentials, by which a client would make the
// marker.
func (a *attacked) command(client string) string {
	touch := "touch " + a.marker
	switch {
	case strings.HasPrefix(client, "runner"):
		return fmt.Sprintf(`"client": %q, "fun": "salt.cmd", "arg": ["cmd.run", %q]`, client, touch)
	case strings.HasPrefix(client, "wheel"):
		return fmt.Sprintf(`"client": %q, "fun": "config.update_config", "file_name": %q, "yaml_contents": {"a": 1}`, client, a.marker)
	default:
		return fmt.Sprintf(`"client": %q, "tgt": "*", "fun": "cmd.run", "arg": [%q]`, client, touch)
	}
}

// entrance is a way for a chunk to get in.
type entrance struct {
	base, path, kind string
	needsSession     bool
}

// entrances are all of them.
func (a *attacked) entrances() map[string]entrance {
	const form, yaml = "application/x-www-form-urlencoded", "application/x-yaml"
	return map[string]entrance{
		"rest_wsgi":     {base: a.WSGI, kind: envtest.JSON},
		"POST /":        {base: a.Main, kind: envtest.JSON},
		"POST /run":     {base: a.Main, path: "run", kind: envtest.JSON},
		"POST /jobs":    {base: a.Main, path: "jobs", kind: envtest.JSON},
		"POST /minions": {base: a.Main, path: "minions", kind: envtest.JSON, needsSession: true},
		"a form":        {base: a.Main, path: "run", kind: form},
		"YAML":          {base: a.Main, path: "run", kind: yaml},
		"text":          {base: a.Main, path: "run", kind: "text/plain"},
		"a slash more":  {base: a.Main, path: "run/", kind: envtest.JSON},
	}
}

// send puts a chunk, in JSON without the braces, through an entrance.
func (a *attacked) send(t *testing.T, in entrance, chunk string) env.Answer {
	t.Helper()
	q := in.request(t, chunk)
	return envtest.Send(t, a.Env, q.Base, q.Request)
}

func (in entrance) request(t *testing.T, chunk string) envtest.Aimed {
	t.Helper()
	body := "[{" + chunk + "}]"
	if strings.HasSuffix(in.kind, "urlencoded") {
		body = asForm(t, "{"+chunk+"}")
	}
	return envtest.Aimed{Base: in.base, Request: envtest.Request{Path: in.path, Kind: in.kind, Body: body}}
}

// requireRefused sends requests, of which none has good credentials. Each comes
// from an address of its own, since those of one address wait for each other.
func (a *attacked) requireRefused(t *testing.T, qs []envtest.Aimed) {
	t.Helper()
	for i := range qs {
		qs[i].Header = map[string]string{"X-Forwarded-For": fmt.Sprintf("198.51.%d.%d", i>>8&255, i&255)}
	}
	for i, answer := range envtest.SendAll(t, a.Env, qs) {
		require.Equal(t, http.StatusUnauthorized, answer.Status, "%+v: %s", qs[i], answer.Body)
	}
}

// through is a chunk for each of the entrances.
func (a *attacked) through(t *testing.T, chunk string) (qs []envtest.Aimed) {
	t.Helper()
	for _, name := range sorted(a.entrances()) {
		qs = append(qs, a.entrances()[name].request(t, chunk))
	}
	return qs
}

// asForm writes an object as a form does.
func asForm(t *testing.T, object string) string {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(object), &fields), object)
	form := make(url.Values)
	for key, value := range fields {
		switch v := value.(type) {
		case string:
			form.Set(key, v)
		case []any:
			for _, element := range v {
				form.Add(key, fmt.Sprint(element))
			}
		default:
			text, err := json.Marshal(v)
			require.NoError(t, err)
			form.Set(key, string(text))
		}
	}
	return form.Encode()
}

// with sends a request with a session or a token in the header.
func (a *attacked) with(t *testing.T, token, method, path, body string) env.Answer {
	t.Helper()
	q := envtest.Request{Method: method, Path: strings.TrimPrefix(path, "/"), Body: body, Kind: "-"}
	if token != "" {
		q.Header = map[string]string{"X-Auth-Token": token}
	}
	if body != "" {
		q.Kind = envtest.JSON
	}
	return envtest.Send(t, a.Env, a.Main, q)
}

// control shows that the attacks would succeed with good credentials, and that
// the witness would see them.
func (a *attacked) control(t *testing.T) {
	for name, in := range a.entrances() {
		if in.needsSession {
			continue
		}
		a.Seen(t)
		answer := a.send(t, in, a.sharedsecret(sandbox.UserAll)+", "+a.command("local"))
		require.Equal(t, http.StatusOK, answer.Status, "%s: %s", name, answer.Body)
		require.FileExists(t, a.marker, name)
		require.NoError(t, os.Remove(a.marker))
		require.True(t, slices.ContainsFunc(a.Seen(t), func(e envtest.BusEvent) bool { return envtest.Begun.MatchString(e.Tag) }), name)
	}
	for _, client := range []string{"local_batch", "local_subset", "runner"} {
		answer := a.send(t, a.entrances()["POST /run"], a.sharedsecret(sandbox.UserAll)+", "+a.command(client))
		require.Equal(t, http.StatusOK, answer.Status, "%s: %s", client, answer.Body)
		require.FileExists(t, a.marker, "%s: %s", client, answer.Body)
		require.NoError(t, os.Remove(a.marker))
	}
}

// sorted are the keys of a map, so that tests fail in the same order always.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
