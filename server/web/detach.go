package web

import (
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Bounds of a detached response.
const (
	// maxIgnored, in bytes, is what a client may send while it reads a detached
	// response: there is nothing to say any more.
	maxIgnored = 64 << 10

	// detachedClose bounds the last write.
	detachedClose = time.Second
)

// Detach has rest write the remainder of a response that has begun and may go
// on for hours, after the handler has returned nil: net/http then holds neither
// buffers nor a deep stack for the connection, which is closed in the end. gone
// is called when the client has closed it. The request's context ends with the
// handler, so rest must not use it.
//
// Detach reports whether rest will be called: where the connection is not the
// response's alone (HTTP/2), or the client knows no chunks (HTTP/1.0), the
// handler has to go on itself.
func (x *Exchange) Detach(r *http.Request, gone func(), rest func() error) bool {
	if !x.detachable || x.status == 0 || r.ProtoMajor != 1 || r.ProtoMinor == 0 {
		return false
	}
	conn, _, err := x.Control.Hijack()
	if err != nil {
		return false
	}
	w := &detached{conn: conn, gone: gone, rest: rest}
	x.detached, x.ResponseWriter, x.Control = w, w, http.NewResponseController(w)
	return true
}

// detached is the http.ResponseWriter of the remainder of a response. It writes
// chunks to the connection.
type detached struct {
	conn net.Conn
	gone func()
	rest func() error
}

// Header implements http.ResponseWriter. The header is written already.
func (*detached) Header() http.Header { return http.Header{} }

// WriteHeader implements http.ResponseWriter.
func (*detached) WriteHeader(int) {}

// chunks are buffers for a chunk with its size.
var chunks = sync.Pool{New: func() any { return new([]byte) }}

// maxKeptChunk, in bytes, is what a buffer has at most that is kept.
const maxKeptChunk = 16 << 10

// Write writes p as one chunk.
func (w *detached) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil // an empty chunk would be the last one
	}
	buf := chunks.Get().(*[]byte)
	b := strconv.AppendInt((*buf)[:0], int64(len(p)), 16)
	b = append(b, "\r\n"...)
	b = append(b, p...)
	b = append(b, "\r\n"...)
	_, err := w.conn.Write(b)
	if cap(b) <= maxKeptChunk {
		*buf = b
		chunks.Put(buf)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// FlushError is for http.ResponseController. Nothing is buffered.
func (*detached) FlushError() error { return nil }

// SetWriteDeadline is for http.ResponseController.
func (w *detached) SetWriteDeadline(t time.Time) error { return w.conn.SetWriteDeadline(t) }

// run calls rest until that ends or the client is gone, and closes the
// connection. A response that ends with an error, or a panic, is left without
// its last chunk, so that no client takes it for complete.
func (w *detached) run() (err error) {
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		w.watch()
	}()
	defer func() {
		_ = w.conn.Close()
		<-watched
	}()
	if err := w.rest(); err != nil {
		return err
	}
	_ = w.conn.SetWriteDeadline(time.Now().Add(detachedClose))
	_, _ = w.conn.Write([]byte("0\r\n\r\n")) // a client that is gone does not miss it
	return nil
}

// watch reads until the connection is closed.
func (w *detached) watch() {
	defer w.gone()
	var ignored [64]byte
	for total := 0; total < maxIgnored; {
		n, err := w.conn.Read(ignored[:])
		if err != nil {
			return
		}
		total += n
	}
}

// hangUp closes the connection of a response that was detached by a handler
// that has not ended as it should.
func (x *Exchange) hangUp() {
	if x.detached != nil {
		_ = x.detached.conn.Close()
	}
}
