package presence

import (
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// maxGrains bounds what is read of one minion's cached grains.
const maxGrains = 16 << 20

// Minions are the minions in a master's minion_data_cache.
type Minions struct {
	CacheDir    string // cachedir
	PublishPort int    // publish_port, to which minions are connected
}

// NotConnected returns those of ids whose grains are cached and that have no
// connection. It says nothing when no minion at all is seen to be connected:
// then the connections are not visible from here.
func (m Minions) NotConnected(ids []string) map[string]bool {
	peers := peerAddresses(m.PublishPort)
	if len(peers) == 0 {
		return nil
	}
	away := make(map[string]bool)
	for _, id := range ids {
		if addrs, ok := m.addresses(id); ok && !anyIn(addrs, peers) {
			away[id] = true
		}
	}
	if len(away) == 0 || !m.anyConnected(peers) {
		return nil
	}
	return away
}

// Connected returns for those of ids whose grains are cached whether they are
// connected. Like NotConnected, it says nothing when no minion at all is seen to be
// connected. Minions with the same address are not told apart.
func (m Minions) Connected(ids []string) map[string]bool {
	peers := peerAddresses(m.PublishPort)
	if len(peers) == 0 {
		return nil
	}
	found, some := make(map[string]bool, len(ids)), false
	for _, id := range ids {
		if addrs, ok := m.addresses(id); ok {
			found[id] = anyIn(addrs, peers)
			some = some || found[id]
		}
	}
	if !some && !m.anyConnected(peers) {
		return nil
	}
	return found
}

// Grains returns the cached grains of a minion, a map. ok is false if there are
// none.
func (m Minions) Grains(id string) (grains msgpack.Raw, ok bool) {
	if !isID(id) {
		return nil, false
	}
	grains, ok = readMap(filepath.Join(m.CacheDir, "grains", id+".p"), "data")
	if !ok {
		grains, ok = readMap(filepath.Join(m.CacheDir, "minions", id, "data.p"), "grains")
	}
	return grains, ok
}

// isID reports whether an id can be the name of a file.
func isID(id string) bool {
	return id != "" && id != "." && id != ".." && !strings.ContainsAny(id, "/\x00")
}

func (m Minions) anyConnected(peers map[netip.Addr]bool) bool {
	for _, id := range m.known() {
		if addrs, ok := m.addresses(id); ok && anyIn(addrs, peers) {
			return true
		}
	}
	return false
}

// known lists the minions with cached data, in the layouts of Salt 3008
// (grains/<id>.p) and before (minions/<id>/data.p).
func (m Minions) known() []string {
	var ids []string
	files, _ := filepath.Glob(filepath.Join(m.CacheDir, "grains", "*.p"))
	for _, f := range files {
		ids = append(ids, strings.TrimSuffix(filepath.Base(f), ".p"))
	}
	folders, _ := filepath.Glob(filepath.Join(m.CacheDir, "minions", "*", "data.p"))
	for _, f := range folders {
		ids = append(ids, filepath.Base(filepath.Dir(f)))
	}
	return ids
}

// addresses returns the addresses in a minion's cached grains.
func (m Minions) addresses(id string) (addrs []netip.Addr, ok bool) {
	grains, ok := m.Grains(id)
	if !ok {
		return nil, false
	}
	for _, key := range []string{"ipv4", "ipv6"} {
		list, _ := grains.Lookup(key)
		_ = list.Elems(func(e msgpack.Raw) error {
			s, _ := e.Str()
			if a, err := netip.ParseAddr(s); err == nil {
				addrs = append(addrs, a.Unmap())
			}
			return nil
		})
	}
	return addrs, true
}

// readMap reads a file of Salt's cache, and the map under key when the file
// has that around it.
func readMap(path, key string) (msgpack.Raw, bool) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close() //nolint:errcheck // nothing was written
	b, err := io.ReadAll(io.LimitReader(f, maxGrains))
	if err != nil || msgpack.Valid(b) != nil {
		return nil, false
	}
	v := msgpack.Raw(b)
	if inner, ok := v.Lookup(key); ok && inner.Kind() == msgpack.Map {
		v = inner
	}
	return v, v.Kind() == msgpack.Map
}

func anyIn(addrs []netip.Addr, set map[netip.Addr]bool) bool {
	for _, a := range addrs {
		if set[a] {
			return true
		}
	}
	return false
}
