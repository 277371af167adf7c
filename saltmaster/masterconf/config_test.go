package masterconf

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// read loads a master file from memory, with files beside it that a section may name.
func read(t *testing.T, master string) *Config {
	t.Helper()
	c, _, err := load(mem(map[string]string{"/salt/master": master, "/tls/crt": "", "/tls/key": ""}), "/salt")
	require.NoError(t, err)
	return c
}

func TestCherryPyDefaults(t *testing.T) {
	t.Parallel()
	c := read(t, "rest_cherrypy: {port: 8000, disable_ssl: true}\n")
	require.Equal(t, &RestCherryPy{
		Port: 8000, Host: "0.0.0.0", DisableSSL: true, SSLCertReqs: CertNone, MaxRequestBodySize: 1048576,
		WebhookURL: "/hook", EnableSessions: true, StaticPath: "/static", AppPath: "/app",
		RootPrefix: "/",
	}, c.RestCherryPy)
	require.Nil(t, c.RestWSGI)
}

func TestCherryPy(t *testing.T) {
	t.Parallel()
	c := read(t, `
rest_cherrypy:
  port: '8443'
  host: '::1'
  ssl_crt: /tls/crt
  ssl_key: /tls/key
  ssl_ca_certs: /tls/ca
  ssl_cert_reqs: CERT_OPTIONAL
  ssl_allowed_cn: [proxy, other]
  thread_pool: 7
  socket_queue_size: 8
  queue_size: 9
  max_request_body_size: 0
  webhook_url: /in
  webhook_disable_auth: yes
  collect_stats: on
  stats_disable_auth: true
  enable_sessions: no
  expire_responses: off
  static: /srv/www
  static_path: /assets
  app: /srv/index.html
  app_path: /ui
  favicon: /srv/favicon.ico
  root_prefix: /api
  log_access_file: /var/log/a
  log_error_file:
  debug: true
  api_acl: {users: {alice: [10.0.0.1]}}
  authorized_ips: [10.0.0.1, 10.0.0.2]
  shiny: new
  5: x
rest_wsgi: {port: 8001}
rest_tornado: {port: 8888, address: 127.0.0.1, ssl_crt: /tls/crt, websockets: true, cors_origin: [https://ui, '*']}
`)
	acl := c.RestCherryPy.APIACL
	c.RestCherryPy.APIACL = nil
	require.Equal(t, &RestCherryPy{
		Port: 8443, Host: "::1", SSLCrt: "/tls/crt", SSLKey: "/tls/key",
		SSLCACerts: "/tls/ca", SSLCertReqs: CertOptional, SSLAllowedCN: []string{"proxy", "other"},
		MaxRequestBodySizeSet: true, WebhookURL: "/in", WebhookDisableAuth: true, CollectStats: true,
		StatsDisableAuth: true, Static: "/srv/www", StaticPath: "/assets", App: "/srv/index.html", AppPath: "/ui",
		Favicon: "/srv/favicon.ico", RootPrefix: "/api",
		AuthorizedIPs: []string{"10.0.0.1", "10.0.0.2"}, UnknownKeys: []string{"shiny", "5"},
	}, c.RestCherryPy)
	require.IsType(t, &yaml11.Map{}, acl)
	require.Equal(t, &RestWSGI{Port: 8001}, c.RestWSGI)
	require.Equal(t, &RestTornado{
		Port: 8888, Address: "127.0.0.1", SSLCrt: "/tls/crt", CORSOrigins: []string{"https://ui"},
	}, c.RestTornado)
}

func TestExternalAuth(t *testing.T) {
	t.Parallel()
	c := read(t, "external_auth:\n  pam:\n    1000: ['.*']\n    ~: []\n    yes: x\n    admins%: ['@wheel']\n  ldap: {'*': [a]}\n")
	require.Equal(t, ExternalAuth{
		{Name: "pam", Rules: []EauthRule{
			{"1000", []any{".*"}}, {"None", []any{}}, {"True", "x"}, {"admins%", []any{"@wheel"}},
		}},
		{Name: "ldap", Rules: []EauthRule{{"*", []any{"a"}}}},
	}, c.ExternalAuth)
	_, ok := c.ExternalAuth.Module("rest")
	require.False(t, ok)
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ master, request, busNetwork, bus, pull string }{
		{"", "127.0.0.1:4506", "unix", "/var/run/salt/master/master_event_pub.ipc", "/var/run/salt/master/master_event_pull.ipc"},
		{"interface: '::'\nret_port: 1", "[::1]:1", "unix", "/var/run/salt/master/master_event_pub.ipc", "/var/run/salt/master/master_event_pull.ipc"},
		{"interface: 10.1.2.3\nroot_dir: /r", "10.1.2.3:4506", "unix", "/r/var/run/salt/master/master_event_pub.ipc", "/r/var/run/salt/master/master_event_pull.ipc"},
		{"ipc_mode: tcp", "127.0.0.1:4506", "tcp", "127.0.0.1:4512", "127.0.0.1:4513"},
		{"ipc_mode: tcp\nipv6: true\ntcp_master_pub_port: 9", "127.0.0.1:4506", "tcp", "[::1]:9", "[::1]:4513"},
		{"master_uri: 'tcp://[::1]:77'\nsock_dir: /s", "[::1]:77", "unix", "/s/master_event_pub.ipc", "/s/master_event_pull.ipc"},
	} {
		c := read(t, tc.master)
		network, address, err := c.RequestEndpoint()
		require.NoError(t, err)
		require.Equal(t, []string{"tcp", tc.request}, []string{network, address}, tc.master)
		network, address = c.EventBusEndpoint()
		require.Equal(t, []string{tc.busNetwork, tc.bus}, []string{network, address}, tc.master)
		network, address = c.EventPullEndpoint()
		require.Equal(t, []string{tc.busNetwork, tc.pull}, []string{network, address}, tc.master)
	}
}

func TestEndpointErrors(t *testing.T) {
	t.Parallel()
	for master, key := range map[string]string{
		"interface: salt.example.com":       "interface",
		"interface: ''":                     "interface",
		"master_uri: ipc:///run/x":          "master_uri",
		"master_uri: tcp://127.0.0.1":       "master_uri",
		"master_uri: tcp://127.0.0.1:port":  "master_uri",
		"master_uri: tcp://127.0.0.1:70000": "master_uri",
	} {
		c, _, err := load(mem(map[string]string{"/salt/master": master}), "/salt")
		found := problems(t, err)
		require.Len(t, found, 1, master)
		require.Equal(t, key, found[0].Key)
		_, _, err = c.RequestEndpoint()
		require.Error(t, err, master)
	}
}

// The kernel takes no longer path.
func TestSocketPathTooLong(t *testing.T) {
	t.Parallel()
	root := "/" + strings.Repeat("r", 107-len("//s/master_event_pub.ipc"))
	for text, want := range map[string]string{
		"sock_dir: /s\nroot_dir: " + root:                      "",
		"sock_dir: /s\nroot_dir: " + root + "r":                "/salt/master:1: sock_dir: the socket path " + root + "r/s/master_event_pub.ipc is longer than 107 bytes; set a shorter one or ipc_mode: tcp",
		"ipc_mode: tcp\nsock_dir: /s\nroot_dir: " + root + "r": "",
	} {
		_, _, err := load(mem(map[string]string{"/salt/master": text}), "/salt")
		if want == "" {
			require.NoError(t, err, text)
		} else {
			require.EqualError(t, err, want)
		}
	}
}

func TestOptionAndWhere(t *testing.T) {
	t.Parallel()
	c, _, err := load(mem(map[string]string{
		"/salt/master":          "a: 1\n\nring: ring0\n",
		"/salt/master.d/x.conf": "# x\nring: ring1\n",
	}), "/salt")
	require.NoError(t, err)
	v, ok := c.Option("ring")
	require.True(t, ok)
	require.Equal(t, "ring1", v)
	_, ok = c.Option("ret_port")
	require.False(t, ok, "defaults are not options that are set")

	file, line := c.Where("ring")
	require.Equal(t, "/salt/master.d/x.conf", file)
	require.Equal(t, 2, line)
	file, line = c.Where("ret_port")
	require.Empty(t, file)
	require.Zero(t, line)
}

func TestEnableClientsNotSet(t *testing.T) {
	t.Parallel()
	require.False(t, read(t, "").NetapiEnableClientsSet)
	require.True(t, read(t, "netapi_enable_clients: []").NetapiEnableClientsSet)
}

func TestMessagesHoldNoSecrets(t *testing.T) {
	t.Parallel()
	_, warnings, err := load(mem(map[string]string{
		"/salt/master":          "sharedsecret: [hunter2]\nexternal_auth: hunter2\nrest_cherrypy: {ssl_key: 'sdb://hunter2', port: hunter2}\n",
		"/salt/master.d/x.conf": "password: 'hunter2'x\n",
	}), "/salt")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
	for _, w := range warnings {
		require.NotContains(t, w.String(), "hunter2")
	}
}
