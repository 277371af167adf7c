package masterconf

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The minions' keys of a cluster are in a folder that its masters share. root_dir is not put before it.
func TestClusterKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"root_dir: /r\npki_dir: /p\n":                                                          "/r/p",
		"root_dir: /r\npki_dir: /p\ncluster_id: a\ncluster_pki_dir: /shared/\n":                "/shared",
		"root_dir: /r\npki_dir: /p\ncluster_id: a\n":                                           "/r/p",
		"root_dir: /r\npki_dir: /p\ncluster_pki_dir: /shared\n":                                "/r/p",
		"root_dir: /r\npki_dir: /p\ncluster_id:\ncluster_pki_dir: /shared\n":                   "/r/p",
		"root_dir: /r\npki_dir: /p\ncluster_id: a\ncluster_pki_dir:\ncluster_peers: [other]\n": "/r/p",
	} {
		c, _, err := load(mem(map[string]string{"/salt/master": text}), "/salt")
		require.NoError(t, err)
		require.Equal(t, want, c.PKIDir, text)
	}
}

// The event bus of Salt 3006 with both options is not where that of later releases is.
func TestIPv6EventBus(t *testing.T) {
	t.Parallel()
	for text, warns := range map[string]bool{
		"ipc_mode: tcp\nipv6: true\n": true, "ipc_mode: tcp\n": false, "ipv6: true\n": false, "ipc_mode: ipc\nipv6: true\n": false,
	} {
		_, warnings, err := load(mem(map[string]string{"/salt/master": text}), "/salt")
		require.NoError(t, err)
		require.Equal(t, warns, len(warnings) == 1 && strings.HasPrefix(warnings[0].String(), "/salt/master:1: ipc_mode: with ipv6"), "%s: %v", text, warnings)
	}
}
