package presence

import (
	"bufio"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// established is the state of a live connection in /proc/net/tcp.
const established = "01"

// peerAddresses returns the addresses that are connected to a local port. A
// connection over loopback stands for all addresses of this machine, since a
// minion beside its master does not list 127.0.0.1 as where it is found.
func peerAddresses(port int) map[netip.Addr]bool {
	peers := make(map[netip.Addr]bool)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if a, ok := peerOf(lines.Text(), port); ok {
				peers[a] = true
			}
		}
		_ = f.Close()
	}
	for a := range peers {
		if a.IsLoopback() {
			delete(peers, a)
			addOwn(peers)
		}
	}
	return peers
}

// peerOf reads one line of /proc/net/tcp: number, local, remote, state.
func peerOf(line string, port int) (netip.Addr, bool) {
	cols := strings.Fields(line)
	if len(cols) < 4 || cols[3] != established {
		return netip.Addr{}, false
	}
	_, local, _ := strings.Cut(cols[1], ":")
	if n, err := strconv.ParseUint(local, 16, 16); err != nil || int(n) != port {
		return netip.Addr{}, false
	}
	text, _, _ := strings.Cut(cols[2], ":")
	return hostOrder(text)
}

// hostOrder reads an address as the kernel prints it: words of four bytes,
// each with its bytes reversed.
func hostOrder(text string) (netip.Addr, bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b)%4 != 0 {
		return netip.Addr{}, false
	}
	for word := range slices.Chunk(b, 4) {
		slices.Reverse(word)
	}
	a, ok := netip.AddrFromSlice(b)
	return a.Unmap(), ok
}

func addOwn(peers map[netip.Addr]bool) {
	own, err := net.InterfaceAddrs()
	if err != nil {
		return
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLoopback() {
			peers[p.Addr().Unmap()] = true
		}
	}
}
