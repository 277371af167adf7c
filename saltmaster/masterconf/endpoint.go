package masterconf

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
)

// RequestEndpoint returns where the master answers requests, for net.Dial. An interface that means all addresses
// becomes the loopback address of its kind, as in Salt. The error repeats a problem that Load has reported.
func (c *Config) RequestEndpoint() (network, address string, err error) {
	if c.MasterURI != "" {
		address, err = parseMasterURI(c.MasterURI)
		return "tcp", address, err
	}
	addr, err := parseInterface(c.Interface)
	if err != nil {
		return "", "", fmt.Errorf("interface: %w", err)
	}
	// Salt compares the text, so that another way to write :: is left alone; there is no connecting to that, though.
	switch addr {
	case netip.IPv4Unspecified():
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case netip.IPv6Unspecified():
		addr = netip.IPv6Loopback()
	}
	return "tcp", net.JoinHostPort(addr.String(), strconv.Itoa(c.RetPort)), nil
}

// EventBusEndpoint returns where the master publishes its events, for net.Dial. With ipc_mode tcp and ipv6 it is the
// IPv6 loopback address, as in Salt 3008; Salt 3006 stays on 127.0.0.1.
func (c *Config) EventBusEndpoint() (network, address string) {
	return c.ipcEndpoint("master_event_pub.ipc", c.TCPMasterPubPort)
}

// EventPullEndpoint returns where the master takes events that others fire, for net.Dial, in the way of
// [Config.EventBusEndpoint].
func (c *Config) EventPullEndpoint() (network, address string) {
	return c.ipcEndpoint("master_event_pull.ipc", c.TCPMasterPullPort)
}

func (c *Config) ipcEndpoint(file string, port int) (network, address string) {
	if c.IPCMode != ipcTCP {
		return "unix", joinRaw(c.SockDir, file)
	}
	host := "127.0.0.1"
	if c.IPv6 {
		host = "::1"
	}
	return "tcp", net.JoinHostPort(host, strconv.Itoa(port))
}

// parseMasterURI returns host:port of tcp://host:port.
func parseMasterURI(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "tcp" || u.Hostname() == "" {
		return "", errors.New("not of the form tcp://host:port")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
		return "", errors.New("has no port from 1 to 65535")
	}
	return net.JoinHostPort(u.Hostname(), u.Port()), nil
}
