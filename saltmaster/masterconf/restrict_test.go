package masterconf

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever only ever restricts is understood, or stops the start.
func TestRestrictingOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ master, problem, warning string }{
		{"rest_cherrypy: {ssl_cert_reqs: CERT_REQUIRED}", "", ""},
		{"rest_cherrypy: {ssl_cert_reqs: ''}", "", ""},
		{"rest_cherrypy: {ssl_cert_reqs: required}", "has to be CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED", ""},
		{"rest_cherrypy: {ssl_cert_reqs: 'CERT_REQUIRED '}", "has to be CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED", ""},
		{"rest_cherrypy: {ssl_cert_reqs: 2}", "has to be CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED", ""},
		{"rest_cherrypy: {ssl_cert_reqs: true}", "has to be CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED", ""},
		{"rest_cherrypy: {ssl_ca_certs: [/a]}", "has to be text, not a list", ""},
		{"rest_cherrypy: {ssl_ca_certs: 'sdb://a/b'}", "an sdb:// address cannot be resolved here; write the value itself", ""},
		{"rest_cherrypy: {ssl_allowed_cn: a.example}", "", "is text and not a list: it is taken for one common name"},
		{"rest_cherrypy: {ssl_allowed_cn: [a, 5]}", "has to list common names, not an integer", ""},
		{"rest_cherrypy: {ssl_allowed_cn: {a: b}}", "", "is a mapping and not a list: its keys are the common names"},
		{"rest_cherrypy: {ssl_allowed_cn: true}", "has to be a list of common names, not a boolean", ""},
		{"rest_cherrypy: {authorized_ips: [5]}", "has to list addresses, not an integer", ""},
		{"rest_cherrypy: {authorized_ip: [127.0.0.1]}", unknownRestriction("rest_cherrypy"), ""},
		{"rest_cherrypy: {authorised_ips: [127.0.0.1]}", unknownRestriction("rest_cherrypy"), ""}, //nolint:misspell // people write it so too
		{"rest_cherrypy: {API_ACL: {users: {}}}", unknownRestriction("rest_cherrypy"), ""},
		{"rest_cherrypy: {ssl_crl: /crl}", unknownRestriction("rest_cherrypy"), ""},
		{"rest_cherrypy: {ssl_verify_client: true}", unknownRestriction("rest_cherrypy"), ""},
		{"rest_cherrypy: {theme: dark}", "", "rest_cherrypy has no such option"},
		{"rest_cherrypy: {description: a}", "", "rest_cherrypy has no such option"},
		{"rest_wsgi: {port: 1, authorized_ips: [127.0.0.1]}", unknownRestriction("rest_wsgi"), ""},
		{"rest_wsgi: {port: 1, host: 127.0.0.1}", "", "rest_wsgi has no such option"},
	} {
		master := c.master
		if section, ok := strings.CutPrefix(master, "rest_cherrypy: {"); ok {
			master = "rest_cherrypy: {port: 1, ssl_crt: /tls/crt, ssl_key: /tls/key, " + section
		}
		_, warnings, err := load(mem(map[string]string{"/salt/master": master, "/tls/crt": "", "/tls/key": ""}), "/salt")
		var problemTexts, warningTexts []string
		for _, p := range problems(t, err) {
			problemTexts = append(problemTexts, p.Msg)
		}
		for _, w := range warnings {
			warningTexts = append(warningTexts, w.Msg)
		}
		require.Equal(t, texts(c.problem), problemTexts, c.master)
		require.Equal(t, texts(c.warning), warningTexts, c.master)
	}
}

func unknownRestriction(section string) string {
	return section + " has no such option, and by its name it keeps somebody out, which would not happen"
}

func texts(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
