package masterconf

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSSL(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text    string
		want    *SSL
		problem string
		warning string
	}{
		"none":          {text: "transport: tcp\n"},
		"false":         {text: "transport: tcp\nssl: false\n"},
		"null":          {text: "transport: ws\nssl:\n"},
		"files":         {text: "transport: tcp\nssl: {certfile: /c, keyfile: /k, ca_certs: /a, cert_reqs: CERT_REQUIRED, ssl_version: PROTOCOL_TLSv1_2}\n", want: &SSL{"/c", "/k", "/a"}},
		"certfile":      {text: "transport: ws\nssl: {certfile: /c}\n", want: &SSL{CertFile: "/c"}},
		"zeromq":        {text: "ssl: {certfile: /c}\n", warning: "/salt/master:1: ssl: has no effect: the transport zeromq has no TLS"},
		"true":          {text: "transport: tcp\nssl: true\n", problem: "/salt/master:2: ssl: has to be a mapping with a certfile, not a boolean"},
		"no certfile":   {text: "transport: tcp\nssl: {keyfile: /k}\n", want: &SSL{KeyFile: "/k"}, problem: "/salt/master:2: ssl.certfile: is missing: no master serves TLS without a certificate"},
		"bad cert_reqs": {text: "transport: tcp\nssl: {certfile: /c, cert_reqs: required}\n", want: &SSL{CertFile: "/c"}, problem: `/salt/master:2: ssl.cert_reqs: "required" does not begin with CERT_, and Salt does not start with it`},
		"two": {
			text: "transport: tcp\nssl: {certfile: /c, ssl_version: v3, cert_reqs: none}\n", want: &SSL{CertFile: "/c"},
			problem: `/salt/master:2: ssl.cert_reqs: "none" does not begin with CERT_, and Salt does not start with it
/salt/master:2: ssl.ssl_version: "v3" does not begin with PROTOCOL_, and Salt does not start with it`,
		},
		"no transport": {text: "transport: raet\n", problem: `/salt/master:1: transport: "raet" is not supported; zeromq, tcp and ws are`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, warnings, err := load(mem(map[string]string{"/salt/master": test.text}), "/salt")
			if test.problem == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, test.problem)
			}
			require.Equal(t, test.want, c.SSL)
			if test.warning == "" {
				require.Empty(t, warnings)
			} else {
				require.Len(t, warnings, 1)
				require.Equal(t, test.warning, warnings[0].String())
			}
		})
	}
}
