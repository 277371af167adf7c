package lowstate

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sshShell stands in for a salt-ssh that passes everything to a shell: its
// arguments, and the values in its configuration.
const sshShell = `#!/bin/sh
here=${0%/*}
sed 's/[",{}]/\n/g' client.conf >"$here/words"
sh -c "true $*" 2>/dev/null
sh "$here/words" 2>/dev/null
echo '{}' >output
`

// The injections into a shell of the master's host, or into the options of ssh,
// that were found in the client ssh of salt-api (CVE-2020-16846, CVE-2021-3148,
// CVE-2021-3197), and similar ones. $M is a file that none of them may create.
var sshInjections = map[string]string{
	"ssh_priv":                  `"tgt": "www.zerodayinitiative.example", "ssh_priv": "aaa|touch $M #"`,
	"ssh_priv, another option":  `"tgt": "web", "ssh_priv": "/x -o LocalCommand=touch$M"`,
	"tgt":                       `"tgt": "root|touch $M #@127.0.0.1"`,
	"tgt, a user":               `"tgt": "x -o PermitLocalCommand=yes -oLocalCommand=touch$M@localhost"`,
	"ssh_port":                  `"tgt": "web", "ssh_port": "hhhhh|touch $M #"`,
	"ssh_options":               `"tgt": "web", "ssh_options": ["|touch $M #", "lol"]`,
	"ssh_options, LocalCommand": `"tgt": "web", "ssh_options": ["PermitLocalCommand=yes", "LocalCommand=touch$M"]`,
	"ssh_remote_port_forwards":  `"tgt": "web", "ssh_remote_port_forwards": "hhhhh|touch $M #, lol"`,
	"thin_extra_mods":           `"tgt": "web", "thin_extra_mods": "';touch $M;'"`,
	"min_extra_mods":            `"tgt": "web", "min_extra_mods": "x;touch $M"`,
	"ssh_user":                  `"tgt": "web", "ssh_user": "$(touch $M)"`,
	"ssh_sudo_user":             `"tgt": "web", "ssh_sudo_user": "x; touch $M"`,
	"extra_filerefs":            "\"tgt\": \"web\", \"extra_filerefs\": \"salt://`touch $M`\"",
	"roster_file":               `"tgt": "web", "roster_file": "/etc/hosts;touch $M"`,
	"roster":                    `"tgt": "web", "roster": "flat;touch $M"`,
	"fun":                       `"tgt": "web", "fun": "test.ping;touch $M"`,
	"ssh_scan_ports":            `"tgt": "web", "ssh_scan_ports": "22;touch $M"`,
	"ProxyCommand in a value":   `"tgt": "web", "ssh_priv": "/x -o ProxyCommand=touch$M"`,
	"ProxyCommand in a list":    `"tgt": "web", "ssh_options": ["ProxyCommand=touch $M"]`,
	"ProxyCommand, other case":  `"tgt": "web", "ssh_user": "pRoXyCOMMAND=touch $M"`,
	"ProxyCommand, deep":        `"tgt": "web", "ssh_options": [{"a": ["proxycommand=touch $M"]}]`,
	"ProxyCommand in tgt":       `"tgt": "root@-oProxyCommand=touch$M"`,
	"ProxyCommand, unknown":     `"tgt": "web", "what": {"ProxyCommand": "touch $M"}`,
}

func TestSSHInjections(t *testing.T) {
	t.Parallel()
	for name, chunk := range sshInjections {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSSHSetup(t)
			require.NoError(t, os.WriteFile(s.path("salt-ssh"), []byte(sshShell), 0o700))
			marker := s.path("marker")
			chunk := strings.ReplaceAll(chunk, "$M", marker)
			if !strings.Contains(chunk, `"fun"`) {
				chunk += `, "fun": "test.ping"`
			}
			_, _, err := s.call("alice", chunk)
			require.Error(t, err)
			require.NoFileExists(t, marker)
			require.NoFileExists(t, s.path("words"), "salt-ssh was not even started")
		})
	}
}

// Arguments are passed to the program unchanged, each as one.
func TestSSHArgumentsAreNoShell(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	marker := s.path("marker")
	_, _, err := s.call("alice", `"tgt": "web", "fun": "cmd.run", "arg": ["$(touch `+marker+`); ProxyCommand"]`)
	require.NoError(t, err)
	require.Equal(t, []string{"--", "web", "cmd.run", "$(touch " + marker + "); ProxyCommand"}, s.argv())
	require.NoFileExists(t, marker)
}
