package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// The range is below the kernel's range for outgoing connections: the port of a
// server that is stopped for a moment stays free, and a connection to a port
// without a listener cannot connect to itself.
const (
	first = 20000
	count = 10000
)

// Find returns a port of 127.0.0.1 on which nothing listens. No other call returns
// it, in any process, until this process ends.
func Find() (int, error) {
	for range 100 {
		port := first + rand.IntN(count)
		reserved, err := reserve(port)
		if err != nil {
			return 0, err
		}
		if !reserved {
			continue
		}
		if isFree(port) {
			return port, nil
		}
	}
	return 0, errors.New("no free port on 127.0.0.1")
}

// isFree reports whether a server can listen on the port. No child is started
// meanwhile: until it executes its program, it would hold a copy of the listener,
// and the port with it.
func isFree(port int) bool {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// reserve reports whether the port was not reserved before. What reserves it is an
// abstract socket of Linux, which leaves no file, and which nothing closes before
// the process ends.
func reserve(port int) (bool, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return false, fmt.Errorf("reserve a port: %w", err)
	}
	err = syscall.Bind(fd, &syscall.SockaddrUnix{Name: fmt.Sprintf("@saltern port %d", port)})
	if err == nil {
		return true, nil
	}
	_ = syscall.Close(fd)
	if errors.Is(err, syscall.EADDRINUSE) {
		return false, nil
	}
	return false, fmt.Errorf("reserve a port: %w", err)
}
