package web

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a detached response.
const (
	// maxIgnored, in bytes, is what a client may send while it reads a detached
	// response: there is nothing to say any more.
	maxIgnored = 64 << 10

	// detachedClose bounds the last write.
	detachedClose = time.Second

	// headTimeout bounds the write of the head of a response.
	headTimeout = 10 * time.Second
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

// DetachWhole is Detach for a response to GET that has not begun, and of which rest
// writes all. An error of rest is answered as one of the handler.
func (x *Exchange) DetachWhole(r *http.Request, gone func(), rest func() error) bool {
	if !x.detachable || x.status != 0 || x.errors == nil || r.Method != http.MethodGet || r.ProtoMajor != 1 || r.ProtoMinor == 0 {
		return false
	}
	header := x.Header().Clone()
	conn, _, err := x.Control.Hijack()
	if err != nil {
		return false
	}
	short, write := brief(r), x.errors
	w := &detached{conn: conn, gone: gone, rest: rest, header: header}
	w.fail = func(err error) {
		if w.left.Load() {
			x.Err, x.status = err, StatusClientGone
			return
		}
		x.Fail(short, err, write)
	}
	x.detached, x.ResponseWriter, x.Control = w, w, http.NewResponseController(w)
	return true
}

// brief returns what the log needs of a request.
func brief(r *http.Request) *http.Request {
	return &http.Request{
		Method: r.Method, URL: &url.URL{Path: r.URL.Path}, Proto: r.Proto, ProtoMajor: r.ProtoMajor, RemoteAddr: r.RemoteAddr,
	}
}

// detached is the http.ResponseWriter of the remainder of a response, or of a whole
// one. It writes to the connection: chunks, unless the length is known.
type detached struct {
	conn net.Conn
	gone func()
	rest func() error
	left atomic.Bool // whether the client has closed the connection

	// Of a response that has not begun.
	header http.Header
	fail   func(err error)

	plain bool // whether the body is written without chunks
}

// Header implements http.ResponseWriter. The header may be written already.
func (w *detached) Header() http.Header {
	if w.header == nil {
		return http.Header{}
	}
	return w.header
}

// WriteHeader implements http.ResponseWriter.
func (w *detached) WriteHeader(status int) {
	if w.header == nil {
		return
	}
	h := w.header
	w.header = nil
	h.Set("Connection", "close")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if w.plain = h.Get("Content-Length") != ""; !w.plain {
		h.Set("Transfer-Encoding", "chunked")
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %03d %s\r\n", status, http.StatusText(status))
	_ = h.Write(&head) // a buffer takes everything
	head.WriteString("\r\n")
	_ = w.conn.SetWriteDeadline(time.Now().Add(headTimeout))
	_, _ = w.conn.Write(head.Bytes()) // a failure recurs with the body
}

// chunks are buffers for a chunk with its size.
var chunks = sync.Pool{New: func() any { return new([]byte) }}

// maxKeptChunk, in bytes, is what a buffer has at most that is kept.
const maxKeptChunk = 16 << 10

// Write writes p as one chunk.
func (w *detached) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil // an empty chunk would be the last one
	}
	if w.plain {
		return w.conn.Write(p)
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
	err = w.rest()
	if err != nil && w.header != nil {
		w.fail(err)
		return nil
	}
	if err != nil || w.plain {
		return err
	}
	_ = w.conn.SetWriteDeadline(time.Now().Add(detachedClose))
	_, _ = w.conn.Write([]byte("0\r\n\r\n")) // a client that is gone does not miss it
	return nil
}

// watch reads until the connection is closed.
func (w *detached) watch() {
	defer w.gone()
	defer w.left.Store(true)
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
