package sandbox

import "github.com/saltern-api/saltern/internal/freeport"

// ports are the TCP ports of one sandbox, all on 127.0.0.1.
type ports struct {
	publish, ret, api int

	// These four are taken only when ipc_mode is tcp.
	busPub, busPull, publishPull, workers int
}

func freePorts() (ports, error) {
	var p ports
	for _, port := range []*int{&p.publish, &p.ret, &p.api, &p.busPub, &p.busPull, &p.publishPull, &p.workers} {
		var err error
		if *port, err = freeport.Find(); err != nil {
			return ports{}, err
		}
	}
	return p, nil
}
