package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"sync"
	"time"
)

// tlsListener accepts connections whose TLS handshake is done. Each handshake
// runs in a goroutine of its own, so that a stalled one delays no other; the
// listener below bounds their number.
//
// net/http would do the handshake of a [tls.Conn] itself, and supports HTTP/2
// on no other type. It writes its own responses to malformed HTTP/1 requests to
// the connection, where only a wrapper can add the Server header, see
// [NamedListener]. So the type of a connection is chosen after the handshake.
type tlsListener struct {
	net.Listener
	config  *tls.Config
	timeout time.Duration // for a handshake
	log     *log.Logger

	ready   chan accepted
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// accepted is the result of an Accept.
type accepted struct {
	conn net.Conn
	err  error
}

// newTLSListener starts to accept connections of l. Close stops it.
func newTLSListener(l net.Listener, config *tls.Config, timeout time.Duration, log *log.Logger) *tlsListener {
	t := &tlsListener{Listener: l, config: config, timeout: timeout, log: log, ready: make(chan accepted)}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.running.Go(t.acceptAll)
	return t
}

// Accept waits for a connection whose handshake is done.
func (l *tlsListener) Accept() (net.Conn, error) {
	select {
	case a := <-l.ready:
		return a.conn, a.err
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close also ends the handshakes, and waits for them.
func (l *tlsListener) Close() error {
	err := l.Listener.Close()
	l.cancel()
	l.running.Wait()
	return err
}

func (l *tlsListener) acceptAll() {
	for {
		c, err := l.Listener.Accept()
		if err == nil {
			l.running.Go(func() { l.handshake(c) })
			continue
		}
		// After a temporary error, the server waits before it calls Accept
		// again.
		if !l.deliver(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// deliver reports whether Accept received it.
func (l *tlsListener) deliver(a accepted) bool {
	select {
	case l.ready <- a:
		return true
	case <-l.ctx.Done():
		return false
	}
}

func (l *tlsListener) handshake(raw net.Conn) {
	conn := tls.Server(newHelloConn(raw), l.config)
	// The end of the context closes raw, which ends the handshake at any point.
	ctx, cancel := context.WithTimeout(l.ctx, l.timeout)
	err := conn.HandshakeContext(ctx)
	cancel()
	if err != nil {
		l.failed(raw, err)
		return
	}
	a := accepted{conn: conn}
	if conn.ConnectionState().NegotiatedProtocol != protoHTTP2 {
		a.conn = &namedTLSConn{namedConn{conn}, conn}
	}
	if !l.deliver(a) {
		_ = raw.Close()
	}
}

// failed closes a connection without TLS.
func (l *tlsListener) failed(raw net.Conn, err error) {
	var wrong tls.RecordHeaderError
	if errors.As(err, &wrong) && wrong.Conn != nil && isHTTP(wrong.RecordHeader) {
		err = errors.New("client sent an HTTP request to an HTTPS server")
		_ = raw.SetWriteDeadline(time.Now().Add(l.timeout))
		_, _ = io.WriteString(raw, plainOverTLS)
	}
	_ = raw.Close()
	l.log.Printf("http: TLS handshake error from %s: %v", raw.RemoteAddr(), err)
}

// plainOverTLS is the response to an HTTP request without TLS.
const plainOverTLS = "HTTP/1.0 400 Bad Request\r\nServer: " + serverName + "\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"

// isHTTP reports whether the header of a TLS record is the beginning of an HTTP
// request instead.
func isHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	}
	return false
}

// namedTLSConn is a namedConn of HTTP/1 over TLS.
type namedTLSConn struct {
	namedConn
	tls *tls.Conn
}

// ConnectionState is the source of Request.TLS in net/http.
func (c *namedTLSConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }
