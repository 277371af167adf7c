package transport

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/salttcp"
	"github.com/saltern-api/saltern/saltmaster/saltws"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// NewPool makes a pool of connections to the master of a configuration. It fills in where the master is, and its TLS.
func NewPool(c *masterconf.Config, opts reqpool.Options) (*reqpool.Pool, error) {
	var err error
	if opts.Network, opts.Address, err = c.RequestEndpoint(); err != nil {
		return nil, err
	}
	switch c.Transport {
	case masterconf.TransportZeroMQ:
		return zmtp.NewPool(opts), nil
	case masterconf.TransportTCP:
		opts.TLS = tlsConfig(c.SSL, opts.Address)
		return salttcp.NewPool(opts), nil
	case masterconf.TransportWS:
		opts.TLS = tlsConfig(c.SSL, opts.Address)
		return saltws.NewPool(opts), nil
	}
	return nil, fmt.Errorf("transport %q is not known", c.Transport)
}
