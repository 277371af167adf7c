package reqpool

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"syscall"
)

// Peeker looks at a connection without reading from it.
type Peeker struct{ raw syscall.RawConn }

// NewPeeker returns a Peeker for nc, which has a file descriptor, or is TLS on such a one.
func NewPeeker(nc net.Conn) (Peeker, error) {
	if secured, ok := nc.(*tls.Conn); ok {
		nc = secured.NetConn()
	}
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return Peeker{}, fmt.Errorf("%T has no file descriptor", nc)
	}
	raw, err := sc.SyscallConn()
	return Peeker{raw: raw}, err
}

// Pending reports whether bytes wait in the kernel. It does not block; a connection that the peer has closed is
// io.EOF.
func (p Peeker) Pending() (bool, error) {
	var buf [1]byte
	var n int
	var peekErr error
	err := p.raw.Read(func(fd uintptr) bool {
		n, _, peekErr = syscall.Recvfrom(int(fd), buf[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true
	})
	switch {
	case err != nil:
		return false, err
	case peekErr == syscall.EAGAIN || peekErr == syscall.EINTR:
		return false, nil
	case peekErr != nil:
		return false, peekErr
	case n == 0:
		return false, io.EOF
	}
	return true, nil
}
