// Package transport makes the pool of connections of a master's request channel, as its configuration says: over
// zeromq, tcp or ws, and with TLS where the option ssl is set.
//
// It imports saltmaster/masterconf, saltmaster/reqpool, and the protocols: saltmaster/zmtp, saltmaster/salttcp and
// saltmaster/saltws.
//
//	pool, err := transport.NewPool(conf, reqpool.Options{Size: 8})
//	defer pool.Close()
package transport
