package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	pair := servertest.WritePair(t, t.TempDir(), certtest.New(t, nil, servertest.CommonName("localhost")))
	open := servertest.WritePair(t, t.TempDir(), certtest.New(t, nil, servertest.CommonName("localhost")))
	require.NoError(t, os.Chmod(open.Key, 0o604))
	one := filepath.Join(t.TempDir(), "one.pem")
	crt, err := os.ReadFile(pair.Cert)
	require.NoError(t, err)
	key, err := os.ReadFile(pair.Key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(one, append(crt, key...), 0o600))
	wsgi := []server.ListenerSpec{
		{Surface: server.WSGI, Address: "127.0.0.1:8001"},
		{Surface: server.WSGI, Address: "[::1]:8001", Optional: true},
	}
	for name, c := range map[string]struct {
		sections server.Sections
		settings string
		want     []server.ListenerSpec
		warnings []string
	}{
		"nothing": {want: []server.ListenerSpec{{Address: "127.0.0.1:8000"}}},
		"rest_wsgi": {
			sections: server.Sections{WSGI: &server.WSGISection{Port: 8001}},
			want:     wsgi,
		},
		"rest_cherrypy, self-signed": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Port: 8000}},
			want:     []server.ListenerSpec{{Address: "0.0.0.0:8000", TLS: true}},
		},
		"rest_cherrypy, self-signed on loopback": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Host: "::1", Port: 8000}},
			want:     []server.ListenerSpec{{Address: "[::1]:8000", TLS: true}},
		},
		"rest_cherrypy, with a pair": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Host: "::", Port: 8000, Cert: pair.Cert, Key: pair.Key}},
			want:     []server.ListenerSpec{{Address: "[::]:8000", TLS: true, Pair: pair}},
		},
		"rest_cherrypy, key open to all": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Port: 8000, Cert: open.Cert, Key: open.Key}},
			want:     []server.ListenerSpec{{Address: "0.0.0.0:8000", TLS: true, Pair: open}},
			warnings: []string{"rest_cherrypy: the private key " + open.Key + " is open to every user of this machine (mode 0604)"},
		},
		"rest_cherrypy, plain": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Port: 8000, DisableSSL: true, Cert: "/nosuch"}},
			want:     []server.ListenerSpec{{Address: "0.0.0.0:8000"}},
			warnings: []string{"rest_cherrypy: disable_ssl: passwords and tokens travel in clear text to 0.0.0.0:8000"},
		},
		"rest_cherrypy, plain on loopback": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Host: "localhost", Port: 8000, DisableSSL: true}},
			want:     []server.ListenerSpec{{Address: "127.0.0.1:8000"}, {Address: "[::1]:8000", Optional: true}},
		},
		"rest_cherrypy, client certificates": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Port: 8000,
				Clients: server.ClientCerts{Mode: server.ClientCertRequired, CA: pair.Cert, Names: []string{"a"}}}},
			settings: `{listen: [{address: "127.0.0.2:1"}]}`,
			want: []server.ListenerSpec{
				{Address: "0.0.0.0:8000", TLS: true, Clients: server.ClientCerts{Mode: server.ClientCertRequired, CA: pair.Cert, Names: []string{"a"}}},
				{Address: "127.0.0.2:1"},
			},
			warnings: []string{"clients at 127.0.0.2:1 need no certificate, unlike those of rest_cherrypy"},
		},
		"rest_cherrypy, client certificates that nobody asks for": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Port: 8000, Clients: server.ClientCerts{CA: pair.Cert, Names: []string{"a"}}}},
			want:     []server.ListenerSpec{{Address: "0.0.0.0:8000", TLS: true, Clients: server.ClientCerts{CA: pair.Cert, Names: []string{"a"}}}},
			warnings: []string{
				"rest_cherrypy: ssl_ca_certs has no effect without ssl_cert_reqs, as in salt-api: no client is asked for a certificate",
				"rest_cherrypy: ssl_allowed_cn refuses every request, as in salt-api, since no client is asked for a certificate",
			},
		},
		"rest_cherrypy, client certificates without TLS": {
			sections: server.Sections{CherryPy: &server.CherryPySection{Host: "::1", Port: 8000, DisableSSL: true,
				Clients: server.ClientCerts{Mode: server.ClientCertOptional, CA: "/nosuch"}}},
			want:     []server.ListenerSpec{{Address: "[::1]:8000", Clients: server.ClientCerts{CA: "/nosuch"}}},
			warnings: []string{"rest_cherrypy: ssl_cert_reqs has no effect with disable_ssl: no client is asked for a certificate"},
		},
		"rest_tornado": {
			sections: server.Sections{Tornado: &server.TornadoSection{Port: 8888, Address: "10.0.0.1", Cert: pair.Cert, Key: pair.Key}},
			want:     []server.ListenerSpec{{Surface: server.Tornado, Address: "10.0.0.1:8888", TLS: true, Pair: pair}},
		},
		"rest_tornado, everywhere, self-signed": {
			sections: server.Sections{Tornado: &server.TornadoSection{Port: 8888}},
			want:     []server.ListenerSpec{{Surface: server.Tornado, Address: ":8888", TLS: true}},
		},
		"rest_tornado, key and certificate in one file": {
			sections: server.Sections{Tornado: &server.TornadoSection{Port: 8888, Cert: one}},
			want:     []server.ListenerSpec{{Surface: server.Tornado, Address: ":8888", TLS: true, Pair: server.KeyPair{Cert: one, Key: one}}},
		},
		"rest_tornado, plain": {
			sections: server.Sections{Tornado: &server.TornadoSection{Port: 8888, DisableSSL: true}},
			want:     []server.ListenerSpec{{Surface: server.Tornado, Address: ":8888"}},
			warnings: []string{"rest_tornado: disable_ssl: passwords and tokens travel in clear text to :8888"},
		},
		"rest_tornado and rest_cherrypy": {
			sections: server.Sections{Tornado: &server.TornadoSection{Port: 8888}, CherryPy: &server.CherryPySection{Port: 8000}},
			want: []server.ListenerSpec{
				{Address: "0.0.0.0:8000", TLS: true}, {Surface: server.Tornado, Address: ":8888", TLS: true},
			},
		},
		"both": {
			sections: server.Sections{WSGI: &server.WSGISection{Port: 8001}, CherryPy: &server.CherryPySection{Port: 8000}},
			want:     append(wsgi[:2:2], server.ListenerSpec{Address: "0.0.0.0:8000", TLS: true}),
		},
		"listen": {
			settings: `{listen: [{address: "127.0.0.2:1"}, {address: "h:2"}, {address: ":3", tls: false},
				{address: "127.0.0.1:4", tls: true}, {address: "127.0.0.1:5", tls: {crt: ` + pair.Cert + `, key: ` + pair.Key + `}}]}`,
			want: []server.ListenerSpec{
				{Address: "127.0.0.2:1"}, {Address: "h:2", TLS: true}, {Address: ":3"},
				{Address: "127.0.0.1:4", TLS: true}, {Address: "127.0.0.1:5", TLS: true, Pair: pair},
			},
			warnings: []string{"listen[2]: tls: false: passwords and tokens travel in clear text to :3"},
		},
		"remote admin": {
			settings: `{admin: {listen: "0.0.0.0:9377", allow_remote: true}}`,
			want:     []server.ListenerSpec{{Address: "127.0.0.1:8000"}},
			warnings: []string{"admin.listen: metrics and health are open to anybody who can reach 0.0.0.0:9377"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			specs, warnings, err := server.Plan(c.sections, parsed(t, c.settings))
			require.NoError(t, err)
			require.Equal(t, c.want, specs)
			require.Equal(t, c.warnings, warnings)
		})
	}
}

// All problems are reported at once.
func TestPlanProblems(t *testing.T) {
	t.Parallel()
	nosuch := filepath.Join(t.TempDir(), "nosuch")
	_, _, err := server.Plan(server.Sections{
		WSGI:     &server.WSGISection{Port: 0},
		CherryPy: &server.CherryPySection{Port: 8000, Cert: "/only/one"},
	}, parsed(t, `{listen: [{address: "127.0.0.1:8000"}, {address: "h:1", tls: {crt: `+nosuch+`, key: b}}], admin: {listen: "h:9"}}`))
	require.Equal(t, []string{
		"rest_wsgi: port must be between 1 and 65535",
		"rest_cherrypy: ssl_crt and ssl_key must be given together",
		"listen[0]: 127.0.0.1:8000 is taken by rest_cherrypy already",
		"listen[1]: certificate: open " + nosuch + ": no such file or directory",
		"admin.listen: h:9 is not a loopback address; admin.allow_remote: true would allow it",
	}, strings.Split(err.Error(), "\n"))
}

func TestPlanClientCertProblems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for want, c := range map[string]server.ClientCerts{
		"ssl_cert_reqs needs ssl_ca_certs, without which every client would be refused": {Mode: server.ClientCertRequired},
		"ssl_ca_certs: client CA: stat /nosuch: no such file or directory":              {CA: "/nosuch"},
		"ssl_ca_certs: client CA: " + empty + " holds no certificate":                   {CA: empty, Mode: server.ClientCertOptional},
		"ssl_ca_certs: client CA: " + dir + " has no certificate under a hashed name; run openssl rehash on it": {
			CA: dir, Mode: server.ClientCertRequired},
	} {
		_, _, err := server.Plan(server.Sections{CherryPy: &server.CherryPySection{Port: 8000, Clients: c}}, parsed(t, ""))
		require.EqualError(t, err, "rest_cherrypy: "+want)
	}
}

func parsed(t *testing.T, text string) *settings.Settings {
	t.Helper()
	set, err := settings.Parse("saltern.yaml", []byte(text))
	require.NoError(t, err)
	return set
}
