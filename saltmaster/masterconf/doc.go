// Package masterconf reads a Salt master's configuration as salt-api reads it: DIR/master, what it includes, and Salt's
// own defaults for everything else. No other file is needed or read, neither ~/.saltrc nor one that an environment
// variable names.
//
//	conf, warnings, err := masterconf.Load("/etc/salt")
//	for _, w := range warnings {
//		log.Warn(w.String())
//	}
//	if err != nil {
//		return err // every problem of the configuration, joined
//	}
//	network, address, err := conf.RequestEndpoint() // "tcp", "127.0.0.1:4506"
//
// A configuration that salt-api would run with is refused only where it concerns a value that a gateway cannot do
// without; everything else that looks wrong is a warning.
//
// Salt resolves sdb:// values through its own modules. That is not possible here, so such a value is a problem in an
// option that this package reads, and left as it is in every other.
//
// It imports yaml11 and nothing else of this module.
package masterconf
