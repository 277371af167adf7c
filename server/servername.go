package server

import (
	"bytes"
	"net"
	"net/http"
	"strings"
)

// serverName is what the Server header of every answer says. There are clients
// that read the header before anything else, as salt-api has always sent one.
// It has no version: clients need none.
const serverName = "Saltern"

// Named puts the Server header on every answer of a server that serves h on
// [NamedListener].
func Named(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", serverName)
		h.ServeHTTP(w, r)
	})
}

// NamedListener puts the Server header on the answers that net/http gives to
// what is no HTTP request, which no handler sees.
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

// What answers of net/http itself have that others do not: it writes each of
// them at once, with the status for a body.
const (
	ownHeaders     = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	ownUnsupported = "HTTP/1.1 501 Not Implemented" + ownHeaders + "Unsupported transfer encoding"
	ownExpectation = "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n"
)

// maxOwnAnswer is more than any of them has.
const maxOwnAnswer = 512

// ownStatusLine returns the length of the status line, if p is an answer of
// net/http itself.
func ownStatusLine(p []byte) (int, bool) {
	if len(p) > maxOwnAnswer || !bytes.HasPrefix(p, []byte("HTTP/1.")) {
		return 0, false
	}
	answer := string(p)
	line, rest, _ := strings.Cut(answer, "\r\n")
	_, status, _ := strings.Cut(line, " ")
	own := "\r\n"+rest == ownHeaders+status || answer == ownUnsupported ||
		strings.HasPrefix(answer, ownExpectation)
	return len(line), own
}

// CloseWrite lets net/http end a connection without losing its last answer.
func (c *namedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
