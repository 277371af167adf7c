package server

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"saltern/server/format"
)

const (
	// firstBuffer is what a body may fill before it counts against the budget
	// of all bodies, so that ordinary calls pass whatever the large ones do.
	firstBuffer = 64 << 10

	// bodiesAtOnce is how many bodies of the largest size are held at once.
	bodiesAtOnce = 4

	// minBodyRate, in bytes per second, is how fast a body must come on the
	// whole: a byte now and then is not enough.
	minBodyRate = 8 << 10

	// linger is how long the rest of a refused body is waited for.
	linger = 2 * time.Second
)

// timedBody cuts off a client that stalls within its body. The limit starts
// with the request, so that it also holds for bodies that nobody reads.
type timedBody struct {
	io.ReadCloser
	x     *exchange
	pause time.Duration
	ended bool
}

func newTimedBody(body io.ReadCloser, x *exchange, pause time.Duration) *timedBody {
	b := &timedBody{ReadCloser: body, x: x, pause: pause}
	b.setDeadline()
	return b
}

// Read reads on, for as long as there is progress.
func (b *timedBody) Read(p []byte) (int, error) {
	b.setDeadline()
	n, err := b.ReadCloser.Read(p)
	b.x.in += int64(n)
	if errors.Is(err, io.EOF) {
		// From here on net/http reads only to learn that the client has gone,
		// and a deadline would look the same to it.
		b.ended = true
		_ = b.x.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (b *timedBody) setDeadline() {
	deadline := time.Now().Add(b.pause)
	whole := b.x.start.Add(b.pause + time.Duration(b.x.in)*time.Second/minBodyRate)
	if whole.Before(deadline) {
		deadline = whole
	}
	_ = b.x.control.SetReadDeadline(deadline)
}

// drain sends the answer off and then reads, for a while, what is left of the
// body. Were the connection closed over bytes that nobody has read, the
// client's kernel would throw the answer away.
func (x *exchange) drain(r *http.Request) {
	b, ok := r.Body.(*timedBody)
	if !ok || b.ended || x.control.Flush() != nil {
		return
	}
	_ = x.control.SetReadDeadline(time.Now().Add(linger))
	_, _ = io.Copy(io.Discard, b.ReadCloser) // whatever it ends with, it has ended
}

// readBody reads the whole body. Errors are refusals.
func (s *surface) readBody(x *exchange, r *http.Request) ([]byte, error) {
	if r.ContentLength > s.bodyLimit {
		return nil, s.bodyTooLarge()
	}
	body, err := format.Decompress(r.Header, r.Body, s.bodyLimit)
	if err != nil {
		return nil, s.unreadable(err)
	}
	first := int64(firstBuffer)
	if r.ContentLength >= 0 && body == io.Reader(r.Body) {
		// One byte more than announced, to see the end without growing.
		first = min(first, r.ContentLength+1)
	}
	buf := make([]byte, 0, min(first, s.bodyLimit+1))
	for {
		if len(buf) == cap(buf) {
			var err error
			buf, err = s.grow(x, buf)
			if err != nil {
				return nil, err
			}
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > s.bodyLimit:
			return nil, s.bodyTooLarge()
		case errors.Is(err, io.EOF):
			return buf, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, &refusal{status: http.StatusRequestTimeout, reason: "stalled", close: true,
				text: "The request body did not arrive in time"}
		case err != nil:
			return nil, s.unreadable(err)
		}
	}
}

// unreadable makes a refusal of what went wrong while a body was read. What
// is left of the body is in the way of the next request.
func (s *surface) unreadable(err error) *refusal {
	if _, ok := errors.AsType[*format.Error](err); ok {
		refused := s.undecodable(err)
		refused.close = true
		return refused
	}
	return &refusal{status: http.StatusBadRequest, reason: "broken", close: true,
		text: "The request body could not be read", err: err}
}

// bodyReasons name the refusals of package format in the metrics.
var bodyReasons = map[int]string{
	http.StatusNotAcceptable:        "type",
	http.StatusUnsupportedMediaType: "encoding",
	http.StatusBadRequest:           "malformed",
}

// undecodable makes a refusal of a format.Error.
func (s *surface) undecodable(err error) *refusal {
	e, ok := errors.AsType[*format.Error](err)
	if !ok {
		return s.unreadable(err)
	}
	if e.Status == http.StatusRequestEntityTooLarge {
		return s.bodyTooLarge()
	}
	return &refusal{status: e.Status, reason: bodyReasons[e.Status], text: e.Text, err: e.Err}
}

// grow doubles the buffer: a Content-Length alone costs the gateway nothing.
func (s *surface) grow(x *exchange, buf []byte) ([]byte, error) {
	size := int64(cap(buf))
	more := min(size, s.bodyLimit+1-size)
	if !s.bodies.take(more) {
		return nil, &refusal{status: http.StatusServiceUnavailable, reason: "memory", close: true,
			text: "Too many large requests at once"}
	}
	x.reserved += more
	bigger := make([]byte, len(buf), size+more)
	copy(bigger, buf)
	return bigger, nil
}

func (s *surface) bodyTooLarge() *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, reason: "too_large", close: true,
		text: "The request body is larger than " + sizeText(s.bodyLimit)}
}

// budget is a number of bytes that all requests share.
type budget struct{ left atomic.Int64 }

func newBudget(n int64) *budget {
	b := new(budget)
	b.left.Store(n)
	return b
}

// take reports whether n bytes were left.
func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

func (b *budget) give(n int64) { b.left.Add(n) }
