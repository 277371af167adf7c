package web

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/internal/readable"
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

// Until has begin called when the next step of a detached response is due. It does not
// wait: begin is for a goroutine of its own, takes as long as the step, and may be called
// at any time, any number of times.
type Until func(begin func())

// Detach has step write the remainder of a response that has begun and may go
// on for hours, after the handler has returned nil: net/http then holds neither
// buffers nor a deep stack for the connection, which is closed in the end. gone
// is called when the client has closed it. The request's context ends with the
// handler, so step must not use it.
//
// Where step returns no error and an Until, it is called again when that says so, or
// the client is gone: meanwhile the connection has no goroutine, unless the client sends
// something.
// Neither is called while the other one runs.
//
// Detach reports whether step will be called: where the connection is not the
// response's alone (HTTP/2), or the client knows no chunks (HTTP/1.0), the
// handler has to go on itself.
func (x *Exchange) Detach(r *http.Request, gone func(), step func() (Until, error)) bool {
	if !x.detachable || x.status == 0 || r.ProtoMajor != 1 || r.ProtoMinor == 0 {
		return false
	}
	conn, _, err := x.Control.Hijack()
	if err != nil {
		return false
	}
	x.goOnWith(&detached{conn: conn, request: briefOf(r), gone: gone, step: step})
	return true
}

// goOnWith makes w the writer of the response, and drops what would keep the request:
// nothing more of it is read.
func (x *Exchange) goOnWith(w *detached) {
	x.detached, x.ResponseWriter, x.Control = w, w, http.NewResponseController(w)
	x.identify, x.Budget, x.Memo = nil, nil, nil
}

// DetachWhole is Detach for a response to GET that has not begun, and that step, which
// is called when until says so first, writes whole. An error of it is answered as one of
// the handler.
func (x *Exchange) DetachWhole(r *http.Request, gone func(), until Until, step func() (Until, error)) bool {
	if !x.detachable || x.status != 0 || x.errors == nil || r.Method != http.MethodGet || r.ProtoMajor != 1 || r.ProtoMinor == 0 {
		return false
	}
	header := x.heads.share(x.Header())
	conn, _, err := x.Control.Hijack()
	if err != nil {
		return false
	}
	write := x.errors
	w := &detached{conn: conn, request: briefOf(r), gone: gone, until: until, step: step, shared: header, id: x.ID}
	w.fail = func(err error) {
		if w.left.Load() {
			x.Err, x.status = err, StatusClientGone
			return
		}
		x.Fail(w.request.request(), err, write)
	}
	x.goOnWith(w)
	return true
}

// brief is what the log needs of a request.
type brief struct {
	method, path, proto, remote string
	major                       int
}

func briefOf(r *http.Request) brief {
	return brief{method: r.Method, path: r.URL.Path, proto: r.Proto, remote: r.RemoteAddr, major: r.ProtoMajor}
}

// request returns a request without anything else.
func (b *brief) request() *http.Request {
	return &http.Request{Method: b.method, URL: &url.URL{Path: b.path}, Proto: b.proto, ProtoMajor: b.major, RemoteAddr: b.remote}
}

// detached is the http.ResponseWriter of the remainder of a response, or of a whole
// one. It writes to the connection: chunks, unless the length is known.
type detached struct {
	conn    net.Conn
	request brief

	gone  func()
	until Until // of the first step; nil for none, or afterwards
	step  func() (Until, error)
	left  atomic.Bool // whether the client has closed the connection

	turn  func(begin func()) bool
	begin func()       // due, made once
	state atomic.Int32 // idle, running or due

	quiet *readable.Shared // has those whose clients send nothing

	mu    sync.Mutex
	place uint64 // there, or 0
	hung  bool   // whether the connection was closed, and waits no more

	reading sync.WaitGroup // what reads from the connection, or will when it can

	// Of a response that has not begun.
	header http.Header
	shared http.Header // in its place, not to be changed: without the id
	id     string
	fail   func(err error)

	plain bool // whether the body is written without chunks
}

// Header implements http.ResponseWriter. The header may be written already.
func (w *detached) Header() http.Header {
	if w.shared != nil {
		w.header, w.shared = w.shared.Clone(), nil
		w.header.Set(requestIDHeader, w.id)
	}
	if w.header == nil {
		return http.Header{}
	}
	return w.header
}

// WriteHeader implements http.ResponseWriter.
func (w *detached) WriteHeader(status int) {
	h := w.Header()
	if w.header == nil {
		return
	}
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

// The states of a detached response.
const (
	running int32 = iota // a step, or its Until
	due                  // the same, and there has to be another step
	idle
)

// start has the connection watched until the last step has ended, and has turn called,
// by one goroutine at a time. turn calls next, has begin called as the Until says, and
// reports whether there was one. spawn calls a function in a goroutine of its own.
func (w *detached) start(quiet *readable.Shared, spawn func(func()), turn func(begin func()) bool) {
	w.turn, w.quiet = turn, quiet
	w.begin = w.due
	quiet.Enter(spawn)
	w.reading.Add(1)
	if !w.park() {
		spawn(w.Readable)
	}
	if w.until != nil {
		w.run() // it begins to wait
	} else {
		go w.run()
	}
}

// due has another step begin, now or after the one that runs.
func (w *detached) due() {
	for {
		switch w.state.Load() {
		case due:
			return
		case running:
			if w.state.CompareAndSwap(running, due) {
				return
			}
		case idle:
			if w.state.CompareAndSwap(idle, running) {
				w.run()
				return
			}
		}
	}
}

// run calls turn until no step is due.
func (w *detached) run() {
	for w.turn(w.begin) {
		if w.state.CompareAndSwap(running, idle) {
			return
		}
		w.state.Store(running)
	}
	w.quiet.Leave() // a step that is due is not called any more
}

// next calls step.
func (w *detached) next() (Until, error) {
	if until := w.until; until != nil {
		w.until = nil
		return until, nil
	}
	until, err := w.step()
	switch {
	case err != nil && (w.header != nil || w.shared != nil):
		w.fail(err)
		return nil, nil
	case err != nil:
		return nil, err
	case until != nil || w.plain:
		return until, nil
	}
	_ = w.conn.SetWriteDeadline(time.Now().Add(detachedClose))
	_, _ = w.conn.Write([]byte("0\r\n\r\n")) // a client that is gone does not miss it
	return nil, nil
}

// close closes the connection. A response that has ended with an error, or a panic, is
// left without its last chunk, so that no client takes it for complete.
func (w *detached) close() {
	if w.hangUp() {
		w.goes()
	}
	w.reading.Wait()
}

// hangUp closes the connection, and reports whether nothing will read from it: then the
// caller has to have what reads end.
func (w *detached) hangUp() (waited bool) {
	w.mu.Lock()
	w.hung = true
	place := w.place
	w.mu.Unlock()
	_ = w.conn.Close()
	return place != 0 && w.quiet.Remove(place)
}

// past is a time in the past, the deadline of a read that does not wait.
var past = time.Unix(1, 0)

// park has the connection read when there is something to read, and reports whether
// it could. What was received already is none: a connection with TLS may hold that itself,
// where nothing shows it.
func (w *detached) park() bool {
	var ignored [64]byte
	_ = w.conn.SetReadDeadline(past)
	if _, err := w.conn.Read(ignored[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		_ = w.conn.SetReadDeadline(time.Time{})
		return false // it counts for little that these were read
	}
	_ = w.conn.SetReadDeadline(time.Time{})
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.hung {
		w.place = w.quiet.Add(w.conn, w)
	}
	return w.place != 0
}

// Readable implements [readable.Waiter]: it reads until the connection is closed.
func (w *detached) Readable() {
	var ignored [64]byte
	for total := 0; total < maxIgnored; {
		n, err := w.conn.Read(ignored[:])
		if err != nil {
			break
		}
		total += n
	}
	w.goes()
	w.due()
}

// goes marks the client as gone: nothing reads from the connection any more.
func (w *detached) goes() {
	w.left.Store(true)
	w.gone()
	w.reading.Done()
}

// hangUp closes the connection of a response that was detached by a handler
// that has not ended as it should.
func (x *Exchange) hangUp() {
	if w := x.detached; w != nil && w.hangUp() {
		w.Readable()
	}
}
