package security

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// insecureHTTP1 is a transport of HTTP/1.1 that trusts any certificate.
func insecureHTTP1() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
}

// privateMethods names methods of the master, and of salt-api, that no client
// may call.
func (a *attacked) privateMethods(t *testing.T) {
	for _, method := range []string{
		"_prep_auth_info", "_send_pub", "_auth", "publish", "mk_token", "get_token", "rm_token", "ping", "destroy",
		"_prep_pub", "run", "__init__", "__class__", "", "local.cmd", "../local",
	} {
		for _, name := range sorted(a.lowstateEntrances()) {
			answer := a.send(t, a.entrances()[name], a.sharedsecret(sandbox.UserAll)+
				fmt.Sprintf(`, "client": %q, "cmd": %q, "fun": "test.ping", "tgt": "*"`, method, method))
			require.Equal(t, http.StatusBadRequest, answer.Status, "%s %s: %s", name, method, answer.Body)
		}
		for _, path := range []string{"", "run", "login", "token", "hook", "keys", "minions"} {
			wire := fmt.Sprintf(`{"enc": "clear", "version": 3, "cmd": %q, "load": {"cmd": %q}}`, method, method)
			answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: path, Body: wire})
			require.Contains(t, []int{400, 401}, answer.Status, "%s: %s", path, answer.Body)
		}
	}
}

// templates are in everything that a client may write, and nobody fills them
// in.
func (a *attacked) templates(t *testing.T) {
	const jinja, filled = "{{ 7919*7907 }}{% set x = 7919 %}", "62615533" // no part of a time
	quoted := envtest.Quoted(t, jinja)
	for _, chunk := range []string{
		`"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": [` + quoted + `], "kwarg": {"a": ` + quoted + `}`,
		`"client": "local", "tgt": "ms--0", "fun": ` + quoted,
		`"client": "local", "tgt": ` + quoted + `, "fun": "test.ping"`,
		`"client": "local", "tgt": "*", "fun": "test.ping", "tgt_type": ` + quoted,
		`"client": "runner", "fun": "test.arg", "arg": [` + quoted + `]`,
		`"client": "runner", "fun": ` + quoted,
		`"client": "wheel", "fun": ` + quoted,
		`"client": ` + quoted,
	} {
		answer := a.with(t, a.session, http.MethodPost, "/", "[{"+chunk+"}]")
		require.NotContains(t, answer.Body, filled, chunk)
	}
	for _, path := range []string{"/minions/", "/jobs/", "/keys/", "/nope/"} {
		answer := a.with(t, a.session, http.MethodGet, path+url.PathEscape(jinja), "")
		require.NotContains(t, answer.Body, filled, path)
	}
	answer := a.with(t, a.session, http.MethodPost, "/hook/"+url.PathEscape(jinja), `{"a": `+quoted+`}`)
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	for _, e := range a.Seen(t) {
		require.NotContains(t, e.Tag+e.Data, filled, e.Tag)
	}
}

// hostileYAML is read on every route that takes a body.
func (a *attacked) hostileYAML(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'n'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	for _, text := range []string{
		"!!python/object/apply:os.system ['touch " + a.marker + "']",
		"- client: !!python/object/apply:os.system ['touch " + a.marker + "']",
		"!!python/object/new:os.system ['touch " + a.marker + "']",
		"!!python/module:os\n",
		"!<tag:yaml.org,2002:python/object/apply:subprocess.check_output> [[touch, " + a.marker + "]]",
		"!custom x",
		bomb,
		strings.Repeat("[", 100_000),
		strings.Repeat("a: {", 100_000),
		"&a [*a]",
		"*nobody",
		"a: 1\n---\nb: 2\n",
		"{{ 1 }}: x",
	} {
		for _, kind := range []string{"application/x-yaml", "text/yaml"} {
			for _, path := range []string{"", "run", "login", "token", "minions", "jobs", "keys", "hook"} {
				answer := envtest.Send(t, a.Env, a.Main, envtest.Request{
					Path: path, Kind: kind, Body: text, Header: map[string]string{"X-Auth-Token": a.session},
				})
				require.Equal(t, http.StatusBadRequest, answer.Status, "%s %s %.80s: %s", path, kind, text, answer.Body)
			}
		}
	}
	// Forms have YAML in their arguments. What is not plain is text.
	for _, arg := range []string{"!!python/object/apply:os.system ['touch " + a.marker + "']", bomb} {
		for _, field := range []string{"arg", "kwarg"} {
			form := url.Values{
				"client": {"local"}, "tgt": {"nobody"}, "fun": {"test.arg"}, field: {arg},
				"eauth": {"sharedsecret"}, "username": {sandbox.UserAll}, "password": {a.Secret()},
			}
			answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: "run", Kind: "application/x-www-form-urlencoded", Body: form.Encode()})
			require.Contains(t, []int{200, 400}, answer.Status, "%s: %s", field, answer.Body)
		}
	}
	// The master was sent text, for nobody: that is all that it may have begun.
	for _, e := range a.Seen(t) {
		require.NotContains(t, e.Tag, "/ret/")
	}
}

// malformedRequests are whatever a client may send, while the master's workers
// go on.
func (a *attacked) malformedRequests(t *testing.T) {
	log := envtest.MasterLog(t, a.Env)
	for body, status := range map[string]int{
		strings.Repeat("[", 1<<20):                                        400,
		strings.Repeat(`{"a":`, 1<<18) + "1" + strings.Repeat("}", 1<<18): 400,
		`[{"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": [` + strings.Repeat("[", 300_000) + "]}]":         400,
		`[{"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": [1e999]}]`:                                        200,
		`[{"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": ["` + "\xff\xfe" + `"]}]`:                         400,
		`[{"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": ["\ud800"]}]`:                                     400,
		`[{"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": [123456789012345678901234567890]}]`:               200,
		`[{"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": [18446744073709551615, -9223372036854775808]}]`:   200,
		`[{"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": ["` + "\\u0000\\u001b" + `"], "kwarg": {"": 1}}]`: 200,
	} {
		answer := a.with(t, a.session, http.MethodPost, "/", body)
		require.Equal(t, status, answer.Status, "%.120s: %.300s", body, answer.Body)
	}
	for range 8 { // as many as there are workers, and more
		answer := a.with(t, a.session, http.MethodPost, "/", `[{"client": "local", "tgt": "ms--0", "fun": "test.ping"}]`)
		require.Equal(t, envtest.GoodPingAnswer, answer.Body)
	}
	more := envtest.MasterLog(t, a.Env)[len(log):]
	require.NotContains(t, more, "Traceback")
	require.NotContains(t, more, "Bad load")
}
