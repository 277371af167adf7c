package presence

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func grains(addr string) []byte {
	b := msgpack.AppendMap(nil, 1)
	b = msgpack.AppendString(b, "ipv4")
	b = msgpack.AppendArray(b, 1)
	return msgpack.AppendString(b, addr)
}

func wrapped(key string, v []byte) []byte {
	return append(msgpack.AppendString(msgpack.AppendMap(nil, 1), key), v...)
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// listenAndConnect gives a port of this machine with one live connection.
func listenAndConnect(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	s, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func ownAddress(t *testing.T) string {
	t.Helper()
	set := map[netip.Addr]bool{}
	addOwn(set)
	for a := range set {
		if a.Is4() {
			return a.String()
		}
	}
	t.Skip("this machine has no address besides loopback")
	return ""
}

func TestNotConnected(t *testing.T) {
	t.Parallel()
	port, own := listenAndConnect(t), ownAddress(t)
	for name, file := range map[string]func(id string, g []byte) (string, []byte){
		"3006": func(id string, g []byte) (string, []byte) {
			return filepath.Join("minions", id, "data.p"), wrapped("grains", g)
		},
		"3008": func(id string, g []byte) (string, []byte) {
			return filepath.Join("grains", id+".p"), g
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := Minions{CacheDir: t.TempDir(), PublishPort: port}
			for id, addr := range map[string]string{"here": own, "away": "192.0.2.7"} {
				path, b := file(id, grains(addr))
				write(t, filepath.Join(m.CacheDir, path), b)
			}
			got := m.NotConnected([]string{"here", "away", "unknown", "../away"})
			require.Equal(t, map[string]bool{"away": true}, got)
			require.Equal(t, map[string]bool{"here": true, "away": false}, m.Connected([]string{"here", "away", "unknown", "../away"}))
			require.Equal(t, map[string]bool{"away": false}, m.Connected([]string{"away"}), "another one is seen")
			g, ok := m.Grains("away")
			require.True(t, ok)
			require.Equal(t, grains("192.0.2.7"), []byte(g))
			for _, id := range []string{"unknown", "../away", "", ".", ".."} {
				_, ok := m.Grains(id)
				require.False(t, ok, id)
			}
		})
	}
}

func TestNotConnectedNeedsOneThatIs(t *testing.T) {
	t.Parallel()
	m := Minions{CacheDir: t.TempDir(), PublishPort: listenAndConnect(t)}
	write(t, filepath.Join(m.CacheDir, "grains", "away.p"), grains("192.0.2.7"))
	require.Empty(t, m.NotConnected([]string{"away"}))
	require.Empty(t, m.Connected([]string{"away"}))
}

func TestPeerOf(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"   1: 0100007F:1199 0200A8C0:D431 01 00000000:00000000":                                 "192.168.0.2",
		"   1: 0100007F:1199 0200A8C0:D431 06 00000000:00000000":                                 "",
		"   1: 0100007F:119A 0200A8C0:D431 01 00000000:00000000":                                 "",
		"   0: B80D0120000000000000000001000000:1199 B80D0120000000000000000002000000:D431 01 0": "2001:db8::2",
		"  sl  local_address rem_address   st":                                                   "",
		"":                                                                                       "",
	} {
		a, ok := peerOf(line, 0x1199)
		require.Equal(t, want != "", ok, line)
		if ok {
			require.Equal(t, want, a.String())
		}
	}
}
