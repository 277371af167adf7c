package security

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

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

func (a *attacked) sshWithoutCredentials(t *testing.T) {
	a.refusedEach(t, []string{"ssh"}, a.notCredentials())
	// Where the client is not enabled it is refused with any credentials.
	for _, base := range []string{a.first.WSGI, a.first.Main, a.first.Main + "/run"} {
		for _, creds := range []string{`"x": "y"`, a.sharedsecret(sandbox.UserAll)} {
			answer, err := a.first.Post(t.Context(), base, "[{"+creds+", "+a.command("ssh")+"}]")
			require.NoError(t, err)
			require.Equal(t, http.StatusBadRequest, answer.Status, answer.Body)
			require.Contains(t, answer.Body, "'ssh'")
		}
	}
}

func (a *attacked) rawShell(t *testing.T) {
	for _, truthy := range []string{`true`, `"true"`, `"false"`, `1`, `-1.5`, `"x"`, `[1]`, `{"a": 1}`} {
		for _, client := range envtest.AllClients {
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
