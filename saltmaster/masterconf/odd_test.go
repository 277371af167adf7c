package masterconf

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/masterconf/internal/oracle"
)

//go:embed testdata/odd.py
var oddScript string

// oddForms are what templates, other formats and people write for a value.
var oddForms = []string{
	"", "''", "[]", "{}", "0", "1", "false", "true", "No", "'false'", "'yes'", "'True'",
	"-1", "5", "'5'", "' 5 '", "5.0", "5.5", "1e3", "99999999999999999999", "4294967296", "0x1F90", "010", "1:30",
	"[x]", "['5']", "[true]", "{a: b}", "text", "'text '", "TEXT", "127.0.0.1", "'127.0.0.1 '", "'::1'", "'[::1]'",
	"localhost", "!!binary aGk=", "2020-01-01", ".inf", "/tmp", "ZeroMQ", "'ipc '", "IPC", "SHA256",
	"local", "[local, runner]", "local,runner", "{local: true}", "{local: false}", "'4506 '", "'4506'", "4506.0",
}

// oddRows are the differences that docs/differences.md lists.
var oddRows = map[string]func(c oddCase, difference string) bool{
	"C4": func(c oddCase, difference string) bool {
		return c.option == "rest_cherrypy.max_request_body_size" && strings.HasPrefix(difference, "problem: ")
	},
	"C6": func(c oddCase, difference string) bool {
		return c == oddCase{"netapi_enable_clients", "{local: false}"} && difference == `clients is ["local"], here []`
	},
	"C5": func(c oddCase, difference string) bool {
		return c.form == "-1" && (strings.HasSuffix(difference, "is not a number of seconds from 0 on") ||
			c.option == "max_event_size" && strings.HasPrefix(difference, "problem: "))
	},
}

// An odd case is one option in one form.
type oddCase struct{ option, form string }

// file is the master's file of the case.
func (c oddCase) file(dir string) string {
	base := "id: m\nroot_dir: " + dir + "\n"
	section, key, ok := strings.Cut(c.option, ".")
	switch {
	case slices.Contains([]string{"rest_cherrypy", "rest_tornado"}, c.option):
		base += "rest_wsgi: {port: 8001}\n" // salt-api starts the others
	case c.option == "rest_wsgi":
		base += "rest_tornado: {port: 8888, disable_ssl: true}\n"
	}
	if !ok || !strings.HasPrefix(section, "rest_") {
		return base + c.option + ": " + c.form + "\n"
	}
	lines := map[string]string{}
	if section != "rest_wsgi" {
		lines = map[string]string{"ssl_crt": dir + "/crt", "ssl_key": dir + "/key"}
	}
	if key == "disable_ssl" && section != "rest_wsgi" {
		lines = map[string]string{}
	}
	lines["port"] = "8000"
	lines[key] = c.form
	for _, k := range slices.Sorted(maps.Keys(lines)) {
		section += fmt.Sprintf("\n  %s: %s", k, lines[k])
	}
	return base + strings.Replace(section, "\n", ":\n", 1) + "\n"
}

// oddOptions are the options that are read here.
var oddOptions = []string{
	"ret_port", "publish_port", "tcp_master_pub_port", "tcp_master_pull_port", "max_event_size", "interface", "master_uri",
	"transport", "ipc_mode", "user", "hash_type", "eauth_tokens", "eauth_tokens.cache_driver", "cache", "master_job_cache",
	"ext_job_cache", "auth.pam.service", "auth.pam.python", "cachedir", "sock_dir", "pki_dir", "extension_modules",
	"api_logfile", "api_pidfile", "token_expire", "token_expire_user_override", "timeout", "gather_job_timeout",
	"publish_timeout", "rest_timeout", "syndic_wait", "keep_jobs_seconds", "request_channel_timeout",
	"request_channel_tries", "ipv6", "keep_acl_in_token", "permissive_acl", "auth.enable_expanded_auth_matching",
	"job_cache", "minion_data_cache", "order_masters", "unique_jid", "netapi_allow_raw_shell", "netapi_enable_clients",
	"external_auth", "nodegroups", "include", "default_include", "append_domain", "rest_cherrypy", "rest_tornado", "rest_wsgi",
	"rest_wsgi.port",
	"rest_cherrypy.port", "rest_cherrypy.host", "rest_cherrypy.disable_ssl", "rest_cherrypy.ssl_crt", "rest_cherrypy.ssl_key",
	"rest_cherrypy.ssl_chain", "rest_cherrypy.thread_pool", "rest_cherrypy.queue_size", "rest_cherrypy.socket_queue_size",
	"rest_cherrypy.max_request_body_size", "rest_cherrypy.webhook_url", "rest_cherrypy.webhook_disable_auth",
	"rest_cherrypy.collect_stats", "rest_cherrypy.stats_disable_auth", "rest_cherrypy.enable_sessions",
	"rest_cherrypy.expire_responses", "rest_cherrypy.app_path", "rest_cherrypy.root_prefix", "rest_cherrypy.static_path",
	"rest_cherrypy.log_access_file", "rest_cherrypy.log_error_file", "rest_cherrypy.debug",
	"rest_tornado.port", "rest_tornado.address", "rest_tornado.disable_ssl", "rest_tornado.ssl_crt", "rest_tornado.ssl_key",
	"rest_tornado.debug", "rest_tornado.backlog", "rest_tornado.num_processes", "rest_tornado.websockets",
	"rest_tornado.webhook_disable_auth", "rest_tornado.cors_origin",
}

// TestOddConfig compares what is read here with what salt-api makes of the same
// file, for each option in each form: what Salt can use has the same value here,
// or the difference is listed.
func TestOddConfig(t *testing.T) {
	dir := t.TempDir()
	listed, err := os.ReadFile("../../docs/differences.md")
	require.NoError(t, err)
	for row := range oddRows {
		require.Contains(t, string(listed), "\n| "+row+" | ")
	}
	for _, f := range []string{"crt", "key"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, f), nil, 0o600))
	}
	type question struct {
		File    string `json:"file"`
		Section bool   `json:"section"`
	}
	var cases []oddCase
	var questions []question
	for _, o := range oddOptions {
		for _, f := range oddForms {
			c := oddCase{o, f}
			cases = append(cases, c)
			questions = append(questions, question{c.file(dir), strings.HasPrefix(o, "rest_") && strings.Contains(o, ".")})
		}
	}
	for _, salt := range oracle.Salts(t) {
		t.Run(salt.Version, func(t *testing.T) {
			t.Parallel()
			var answers []map[string]string
			salt.Ask(t, oddScript, map[string]any{"folder": t.TempDir(), "files": questions}, &answers)
			require.Len(t, answers, len(cases))
			shown := map[string]bool{}
			usable := 0
			for i, c := range cases {
				d := c.difference(t, dir, questions[i].File, answers[i])
				if row := c.row(d); row != "" {
					shown[row] = true
				} else if d != "" {
					t.Errorf("%s: %s: %s", c.option, c.form, d)
				}
				if answers[i]["end"] == "ok" {
					usable++
				}
			}
			require.Len(t, shown, len(oddRows), "the rows that a case shows")
			require.Greater(t, usable, len(cases)/2, "the files that Salt reads")
		})
	}
}

// row is the listed difference that the case shows, or "".
func (c oddCase) row(difference string) string {
	for row, shows := range oddRows {
		if difference != "" && shows(c, difference) {
			return row
		}
	}
	return ""
}

// difference is how this package reads a file otherwise than Salt does,
// where Salt can use what it reads.
func (c oddCase) difference(t *testing.T, dir, text string, want map[string]string) string {
	t.Helper()
	if slices.Contains(slices.Collect(maps.Values(want)), "!") {
		return "" // salt-api does not run with it, or not with that option
	}
	files := map[string]string{"/salt/master": text, dir + "/crt": "", dir + "/key": ""}
	conf, _, err := load(mem(files), "/salt")
	if err != nil {
		return "problem: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	got := oddUse(conf)
	var diffs []string
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if g, ok := got[k]; k != "end" && (!ok || g != want[k]) {
			diffs = append(diffs, fmt.Sprintf("%s is %s, here %s", k, want[k], g))
		}
	}
	return strings.Join(diffs, "; ")
}

// oddUse writes a Config as testdata/odd.py writes Salt's options.
func oddUse(c *Config) map[string]string {
	out := map[string]any{
		"ret_port": c.RetPort, "publish_port": c.PublishPort, "tcp_master_pub_port": c.TCPMasterPubPort,
		"tcp_master_pull_port": c.TCPMasterPullPort, "max_event_size": c.MaxEventSize,
		"transport": c.Transport, "ipc_mode": c.IPCMode, "user": c.User, "hash_type": c.HashType, "eauth_tokens": c.EauthTokens,
		"eauth_tokens.cache_driver": c.EauthTokensCacheDriver, "cache": c.Cache, "master_job_cache": c.MasterJobCache,
		"ext_job_cache": c.ExtJobCache, "auth.pam.service": c.AuthPAMService, "auth.pam.python": c.AuthPAMPython, "id": c.ID,
		"cachedir": slash(c.CacheDir), "sock_dir": slash(c.SockDir), "token_dir": slash(c.TokenDir), "pki_dir": slash(c.PKIDir),
		"extension_modules": slash(c.ExtensionModules),
		"token_expire":      seconds(c.TokenExpire), "timeout": seconds(c.Timeout), "gather_job_timeout": seconds(c.GatherJobTimeout),
		"publish_timeout": seconds(c.PublishTimeout), "rest_timeout": seconds(c.RestTimeout), "syndic_wait": seconds(c.SyndicWait),
		"ipv6": c.IPv6, "keep_acl_in_token": c.KeepACLInToken, "permissive_acl": c.PermissiveACL,
		"auth.enable_expanded_auth_matching": c.ExpandedAuthMatching, "job_cache": c.JobCache,
		"minion_data_cache": c.MinionDataCache, "order_masters": c.OrderMasters, "netapi_allow_raw_shell": c.NetapiAllowRawShell,
		"clients": clients(c),
	}
	if _, address, err := c.RequestEndpoint(); err == nil {
		out["master_uri"] = "tcp://" + address
	}
	if r := c.RestCherryPy; r != nil {
		maps.Copy(out, map[string]any{
			"rest_cherrypy.port": r.Port, "rest_cherrypy.tls": !r.DisableSSL, "rest_cherrypy.host": r.Host,
			"rest_cherrypy.root": strings.TrimRight(r.RootPrefix, "/"),
			"rest_cherrypy.hook": strings.TrimLeft(r.WebhookURL, "/"), "rest_cherrypy.app": strings.TrimLeft(r.AppPath, "/"),
			"rest_cherrypy.sessions": r.EnableSessions, "rest_cherrypy.webhook_disable_auth": r.WebhookDisableAuth,
			"rest_cherrypy.stats_disable_auth": r.StatsDisableAuth, "rest_cherrypy.collect_stats": r.CollectStats,
		})
		if !r.DisableSSL {
			out["rest_cherrypy.files"] = []any{r.SSLCrt, r.SSLKey}
			out["rest_cherrypy.chain"] = r.SSLChain
		}
	}
	if r := c.RestTornado; r != nil {
		maps.Copy(out, map[string]any{
			"rest_tornado.port": r.Port, "rest_tornado.tls": !r.DisableSSL, "rest_tornado.host": r.Address,
			"rest_tornado.webhook_disable_auth": r.WebhookDisableAuth,
		})
		if !r.DisableSSL {
			key := r.SSLKey
			if key == "" {
				key = r.SSLCrt
			}
			out["rest_tornado.files"] = []any{r.SSLCrt, key}
		}
	}
	if r := c.RestWSGI; r != nil {
		out["rest_wsgi.port"] = r.Port
	}
	text := map[string]string{}
	for k, v := range out {
		text[k] = oracle.Canon(v)
	}
	return text
}

// slash ends a folder's name as Python's os.path.join(name, "") does.
func slash(s string) string {
	if s == "" || strings.HasSuffix(s, "/") {
		return s
	}
	return s + "/"
}
