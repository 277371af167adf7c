package masterconf

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzLoad reads a master file that may include itself, one file beside it, and anything else that exists only in memory.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("root_dir: /srv\nret_port: 04506\nexternal_auth:\n  pam:\n    1000: ['.*']\n"))
	f.Add([]byte("include: [m*, '*/*.conf', /salt/b]\ndefault_include: 'master.d/[!a]*'\n"))
	f.Add([]byte("rest_cherrypy:\n  port: 8000\n  ssl_crt: /salt/b\n  ssl_key: /salt\n  authorized_ips: [1]\n"))
	f.Add([]byte("interface: '::'\nipc_mode: tcp\ntimeout: 1:30\ntoken_expire: .inf\nsock_dir: ''\ncachedir: ../x\n"))
	f.Fuzz(func(t *testing.T, master []byte) {
		c, warnings, err := load(mem(map[string]string{
			"/salt/master": string(master), "/salt/b": "include: master\nnodegroups: {a: b}\n",
			"/salt/master.d/c.conf": "nodegroups: {a: c, d: [e]}\n",
		}), "/salt")
		require.NotNil(t, c)
		for _, p := range problems(t, err) {
			require.NotEmpty(t, p.File)
			require.NotEmpty(t, p.Msg)
		}
		for _, w := range warnings {
			require.NotEmpty(t, w.File)
			require.NotEmpty(t, w.Msg)
		}
		for _, p := range []int{c.RetPort, c.PublishPort, c.TCPMasterPubPort, c.TCPMasterPullPort} {
			require.True(t, 0 < p && p <= 65535)
		}
		for _, p := range []string{c.RootDir, c.CacheDir, c.SockDir, c.TokenDir, c.APILogfile, c.APIPidfile} {
			require.Equal(t, uint8('/'), p[0], p)
		}
		require.GreaterOrEqual(t, c.Timeout, 0*c.Timeout)
		if _, _, endpointErr := c.RequestEndpoint(); endpointErr != nil {
			require.Error(t, err, "Load reports what RequestEndpoint cannot use")
		}
	})
}
