package sandbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// ports are the TCP ports of one sandbox, all on 127.0.0.1.
type ports struct {
	publish, ret, api int

	// These four are taken only when ipc_mode is tcp.
	busPub, busPull, publishPull, workers int
}

// The range lies below the one that Linux takes for outgoing connections, so a
// master that is stopped for a moment finds its port still free.
const (
	portFirst = 20000
	portCount = 10000
)

func freePorts() (ports, error) {
	var p ports
	for _, port := range []*int{&p.publish, &p.ret, &p.api, &p.busPub, &p.busPull, &p.publishPull, &p.workers} {
		var err error
		if *port, err = freePort(); err != nil {
			return ports{}, err
		}
	}
	return p, nil
}

func freePort() (int, error) {
	for range 100 {
		port := portFirst + rand.IntN(portCount)
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, errors.New("no free port on 127.0.0.1")
}
