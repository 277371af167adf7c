package e2e

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"saltern/e2e/rig"
	"saltern/saltmaster/sandbox"
)

// insecureHTTP1 is a transport of HTTP/1.1 that trusts any certificate.
func insecureHTTP1() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
}

// lowstateEntrances are those at which a chunk may name its client.
func (a *attacked) lowstateEntrances() map[string]entrance {
	all := a.entrances()
	delete(all, "POST /minions")
	return all
}

// refusedSSH sends calls of ssh by a user who may do everything.
func (a *attacked) refusedSSH(t *testing.T, chunks ...string) {
	t.Helper()
	for _, chunk := range chunks {
		chunk = a.sharedsecret(sandbox.UserAll) + `, "client": "ssh", "fun": "test.ping", ` + chunk
		if !strings.Contains(chunk, `"tgt"`) {
			chunk += `, "tgt": "*"`
		}
		for _, name := range sorted(a.lowstateEntrances()) {
			answer := a.send(t, a.entrances()[name], chunk)
			require.Equal(t, http.StatusBadRequest, answer.Status, "%s: %s: %s", name, chunk, answer.Body)
		}
		answer, err := a.first.Post(t.Context(), a.first.Main+"/run", "[{"+chunk+"}]")
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, answer.Status, answer.Body)
	}
}

func (a *attacked) sshInjection(t *testing.T) {
	for _, shell := range []string{";touch %s", "$(touch %s)", "`touch %s`", "|touch %s #", "x\\ntouch %s", "' touch %s '"} {
		payload := `"` + fmt.Sprintf(shell, a.marker) + `"`
		a.refusedSSH(t,
			`"tgt": `+payload,
			`"ssh_priv": `+payload,
			`"ssh_port": `+payload,
			`"ssh_user": `+payload,
			`"ssh_options": [`+payload+`, "lol"]`,
			`"ssh_remote_port_forwards": `+payload,
			`"ssh_identities_only": `+payload,
			`"ssh_sudo_user": `+payload,
			`"ssh_scan_ports": `+payload,
			`"thin_extra_mods": `+payload,
			`"roster_file": `+payload,
		)
	}
}

func (a *attacked) sshProxyCommand(t *testing.T) {
	for _, name := range []string{"ProxyCommand", "proxycommand", "PROXYCOMMAND", "pRoXyCoMmAnD"} {
		option := name + "=touch " + a.marker
		a.refusedSSH(t,
			`"ssh_options": ["`+option+`"]`,
			`"ssh_options": ["User=x", "-o`+option+`"]`,
			`"ssh_priv": "/x -o `+option+`"`,
			`"ssh_user": "-o`+option+`"`,
			`"ssh_port": "22 -o`+option+`"`,
			`"ssh_passwd": "`+option+`"`,
			`"tgt": "root@-o`+option+`"`,
			`"roster": "`+option+`"`,
		)
	}
}

func (a *attacked) rawShell(t *testing.T) {
	for _, truthy := range []string{`true`, `"true"`, `"false"`, `1`, `-1.5`, `"x"`, `[1]`, `{"a": 1}`} {
		for _, client := range allClients {
			for _, name := range []string{"rest_wsgi", "POST /", "POST /run", "POST /jobs", "YAML"} {
				answer := a.send(t, a.entrances()[name],
					a.sharedsecret(sandbox.UserAll)+`, "raw_shell": `+truthy+", "+a.command(client))
				require.Equal(t, http.StatusUnauthorized, answer.Status, "%s %s %s: %s", name, client, truthy, answer.Body)
				require.Contains(t, answer.Body, "Raw shell option not allowed.")
			}
		}
	}
	answer := a.with(t, a.session, http.MethodPost, "/minions", `[{"raw_shell": true, `+a.command("local")+`}]`)
	require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
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
			answer := ask(t, a.Rig, a.Main, asked{path: path, body: wire})
			require.Contains(t, []int{400, 401}, answer.Status, "%s: %s", path, answer.Body)
		}
	}
}

// wheelPaths sends paths to the functions of the master that write files. The
// gateway leaves it to the master to refuse them, and the client wheel off
// unless it is enabled.
func (a *attacked) wheelPaths(t *testing.T) {
	up := strings.Repeat("../", 12)
	for _, chunk := range []string{
		`"fun": "file_roots.write", "data": "x", "path": "` + up + a.marker + `"`,
		`"fun": "file_roots.write", "data": "x", "path": "` + a.marker + `"`,
		`"fun": "pillar_roots.write", "data": "x", "path": "` + up + a.marker + `"`,
		`"fun": "pillar_roots.write", "data": "x", "path": "` + a.marker + `"`,
		`"fun": "config.update_config", "file_name": "` + up + a.marker + `", "yaml_contents": {"a": 1}`,
		`"fun": "config.update_config", "file_name": "` + a.marker + `", "yaml_contents": {"a": 1}`,
	} {
		for _, client := range []string{"wheel", "wheel_async"} {
			call := fmt.Sprintf(`[{"client": %q, %s}]`, client, chunk)
			require.Less(t, a.with(t, a.session, http.MethodPost, "/", call).Status, 600)
			require.Equal(t, http.StatusUnauthorized, a.with(t, a.limited, http.MethodPost, "/", call).Status)
		}
	}
	a.seen(t)
	written, err := filepath.Glob(a.marker + "*")
	require.NoError(t, err)
	require.Empty(t, written)

	off := anotherGateway(t, a.first, rig.More{Master: map[string]any{"netapi_enable_clients": nil}})
	a.seen(t)
	for _, client := range allClients {
		answer := ask(t, off, off.Main, asked{body: "[{" + a.sharedsecret(sandbox.UserAll) + ", " + a.command(client) + "}]"})
		require.Equal(t, http.StatusBadRequest, answer.Status, answer.Body)
	}
	a.requireIdle(t)
}

// templates are in everything that a client may write, and nobody fills them
// in.
func (a *attacked) templates(t *testing.T) {
	const jinja, filled = "{{ 7*191 }}{% set x = 1337 %}", "1337{"
	quoted := quoted(t, jinja)
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
		require.NotContains(t, strings.ReplaceAll(answer.Body, "x = 1337", ""), "1337", chunk)
	}
	for _, path := range []string{"/minions/", "/jobs/", "/keys/", "/nope/"} {
		answer := a.with(t, a.session, http.MethodGet, path+url.PathEscape(jinja), "")
		require.NotContains(t, answer.Body, filled, path)
	}
	answer := a.with(t, a.session, http.MethodPost, "/hook/"+url.PathEscape(jinja), `{"a": `+quoted+`}`)
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	for _, e := range a.seen(t) {
		require.NotContains(t, strings.ReplaceAll(e.tag+e.data, "x = 1337", ""), "1337", e.tag)
	}
}

// idsAsPaths has paths where Salt makes a file's name of what it is given.
func (a *attacked) idsAsPaths(t *testing.T) {
	for _, id := range []string{
		"../../../../etc/passwd", "..", "../" + filepath.Base(a.CacheDir()), a.marker, "2024010101010101010/", "20240101010101010101/..",
		"*", "2024010101010101010x", "20240101010101010101_", "20240101010101010101_x", "20240101010101010101\x00", "２０２４０１０１０１０１０１０１０１０１",
	} {
		answer := a.with(t, a.session, http.MethodGet, "/jobs/"+url.PathEscape(id), "")
		require.Contains(t, []int{200, 404}, answer.Status, "%q: %s", id, answer.Body)
		require.NotContains(t, answer.Body, "root:", id)
		answer = a.with(t, a.session, http.MethodGet, "/jobs?jid="+url.QueryEscape(id), "")
		require.Equal(t, http.StatusOK, answer.Status, "%q: %s", id, answer.Body)
		require.Contains(t, answer.Body, "Cannot contact returner or no job with this jid", id)
		for _, client := range []string{"local", "local_async", "local_subset"} {
			chunk := fmt.Sprintf(`"client": %q, "tgt": "*", "fun": "test.ping", "jid": %s`, client, quoted(t, id))
			answer := a.with(t, a.session, http.MethodPost, "/", "[{"+chunk+"}]")
			require.Equal(t, http.StatusBadRequest, answer.Status, "%s: %s", chunk, answer.Body)
		}
	}
	// Ids of minions, whose keys would be files.
	for _, id := range []string{"../" + filepath.Base(a.marker), a.marker, "../../" + filepath.Base(a.marker), "a/b", "..", "a\x00b", ""} {
		body := fmt.Sprintf(`{%s, "mid": %s}`, a.sharedsecret(sandbox.UserAll), quoted(t, id))
		answer := ask(t, a.Rig, a.Main, asked{path: "keys", body: body})
		require.Equal(t, http.StatusBadRequest, answer.Status, "%q: %s", id, answer.Body)
	}
	for _, dir := range []string{a.Dir(), filepath.Dir(a.marker), filepath.Join(a.Dir(), "pki")} {
		made, err := filepath.Glob(filepath.Join(dir, filepath.Base(a.marker)+"*"))
		require.NoError(t, err)
		require.Empty(t, made)
	}
	// Tags of events, which end with an empty line.
	for _, path := range []string{"../../auth", "..%2f..%2fauth", "a%0a%0ab", "%2e%2e/x", "a%00"} {
		answer := a.with(t, a.session, http.MethodPost, "/hook/"+path, "{}")
		require.Contains(t, []int{200, 307, 400, 404}, answer.Status, "%s: %s", path, answer.Body)
	}
	for _, e := range a.seen(t) {
		if strings.Contains(e.data, `"headers"`) {
			require.True(t, strings.HasPrefix(e.tag, "salt/netapi/hook/"), e.tag)
		}
	}
}

func (a *attacked) staticTraversal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "static")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o700))
	secret := filepath.Join(filepath.Dir(dir), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("a secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "page.html"), []byte("a page"), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(dir, "link")))
	g := anotherGateway(t, a.first, rig.More{CherryPy: map[string]any{"static": dir, "app": filepath.Join(dir, "page.html")}})
	a.seen(t)
	client := &http.Client{Transport: insecureHTTP1()}
	defer client.CloseIdleConnections()
	for path, status := range map[string]int{
		"/static/page.html": 200, "/static/link": 404, "/static/sub": 404, "/static/": 404, "/static/../../secret": 404,
		"/static/..%2f..%2fsecret": 404, "/static/%2e%2e/secret": 404, "/static/..%5c..%5csecret": 404,
		"/static//etc/passwd": 404, "/static/%2fetc%2fpasswd": 404, "/static/sub/../../secret": 404,
		"/static/page.html%00": 404, "/static/..;/secret": 404, "/app/../../secret": 200,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.Main, nil)
		require.NoError(t, err)
		req.URL.Opaque = path // as it is, not cleaned
		answer, err := g.Do(req)
		require.NoError(t, err)
		require.Equal(t, status, answer.Status, "%s: %s", path, answer.Body)
		require.NotContains(t, answer.Body, "secret\n", path)
		require.NotEqual(t, "a secret", answer.Body, path)
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
				answer := ask(t, a.Rig, a.Main, asked{
					path: path, kind: kind, body: text, header: map[string]string{"X-Auth-Token": a.session},
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
			answer := ask(t, a.Rig, a.Main, asked{path: "run", kind: "application/x-www-form-urlencoded", body: form.Encode()})
			require.Contains(t, []int{200, 400}, answer.Status, "%s: %s", field, answer.Body)
		}
	}
	// The master was sent text, for nobody: that is all that it may have begun.
	for _, e := range a.seen(t) {
		require.NotContains(t, e.tag, "/ret/")
	}
}

// malformedRequests are whatever a client may send, while the master's workers
// go on.
func (a *attacked) malformedRequests(t *testing.T) {
	log := masterLog(t, a.Rig)
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
		require.Equal(t, goodPingAnswer, answer.Body)
	}
	more := masterLog(t, a.Rig)[len(log):]
	require.NotContains(t, more, "Traceback")
	require.NotContains(t, more, "Bad load")
}
