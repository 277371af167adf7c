package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// The range is below the kernel's range for outgoing connections: the port of a
// server that is stopped for a moment stays free, and a connection to a port
// without a listener cannot connect to itself.
const (
	first = 20000
	count = 10000
)

// Find returns a port of 127.0.0.1 on which nothing listens. It does not
// reserve the port.
func Find() (int, error) {
	for range 100 {
		port := first + rand.IntN(count)
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, errors.New("no free port on 127.0.0.1")
}
