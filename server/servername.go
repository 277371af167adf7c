package server

import (
	"bytes"
	"net"
	"net/http"
)

// serverName is the Server header of every response. Some clients read it
// before anything else, since salt-api has always sent one. It has no version:
// clients need none.
const serverName = "Saltern"

// Named sets the Server header on every response of a server that serves h on
// [NamedListener].
func Named(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverName)
		h.ServeHTTP(w, r)
	})
}

// NamedListener adds the Server header to the responses of net/http itself to
// malformed requests, which no handler sees.
func NamedListener(l net.Listener) net.Listener { return namedListener{l} }

type namedListener struct{ net.Listener }

// Accept waits for a connection.
func (l namedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &namedConn{c}, nil
}

type namedConn struct{ net.Conn }

// Write writes p, which with the header added still counts as len(p) bytes.
func (c *namedConn) Write(p []byte) (int, error) {
	line, ok := ownStatusLine(p)
	if !ok {
		return c.Conn.Write(p)
	}
	named := append(bytes.Clone(p[:line]), "\r\nServer: "+serverName...)
	if _, err := c.Conn.Write(append(named, p[line:]...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// The distinctive parts of responses of net/http itself: it writes each of them
// in one call, with the status for a body.
const (
	ownHeaders     = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	ownUnsupported = "HTTP/1.1 501 Not Implemented" + ownHeaders + "Unsupported transfer encoding"
	ownExpectation = "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n"
)

// maxOwnAnswer is longer than any of them.
const maxOwnAnswer = 512

// ownStatusLine returns the length of the status line, if p is a response of
// net/http itself.
func ownStatusLine(p []byte) (int, bool) {
	if len(p) > maxOwnAnswer || !bytes.HasPrefix(p, []byte("HTTP/1.")) {
		return 0, false
	}
	line, _, _ := bytes.Cut(p, []byte("\r\n"))
	_, status, _ := bytes.Cut(line, []byte(" "))
	text, plain := bytes.CutPrefix(p[len(line):], []byte(ownHeaders))
	own := plain && bytes.Equal(text, status) || string(p) == ownUnsupported || bytes.HasPrefix(p, []byte(ownExpectation))
	return len(line), own
}

// NetConn returns the connection that is named.
func (c *namedConn) NetConn() net.Conn { return c.Conn }

// CloseWrite lets net/http close a connection without losing its last response.
func (c *namedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
