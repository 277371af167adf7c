package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

const (
	// firstBuffer is what a body may fill before it counts as a large one, so
	// that ordinary calls pass whatever the large ones do.
	firstBuffer = 64 << 10

	// firstBuffers is how many full first buffers are held at once.
	firstBuffers = 4096

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
	plain, err := format.Decompress(r.Header, r.Body, s.bodyLimit, x.budget)
	if err != nil {
		return nil, s.unreadable(err)
	}
	if plain == io.Reader(r.Body) {
		return s.readAll(x, r.Body, reading{announced: r.ContentLength})
	}
	body, err := s.readAll(x, r.Body, reading{announced: r.ContentLength, identify: s.identified(x, r)})
	if err != nil {
		return nil, err
	}
	// All of it is here: it is not the client's pace for which a turn is held.
	plain, err = format.Decompress(r.Header, bytes.NewReader(body), s.bodyLimit, x.budget)
	if err != nil {
		return nil, s.unreadable(err)
	}
	return s.readAll(x, plain, reading{
		announced: -1, likely: format.PlainSize(body), turn: func() (func(), error) { return s.turn(r) },
	})
}

// reading is what is known of bytes before they are read.
type reading struct {
	announced int64 // how many they are at the most; negative where nobody knows
	likely    int64 // how many they seem to be

	// turn, if it is not nil, is waited for before more than the first buffer
	// is read.
	turn func() (release func(), err error)

	// identify, if it is not nil, has to say that the sender is known before
	// more than mostOfStranger is read: what comes out of it is more, and would
	// use up the budget.
	identify func() bool
}

// mostOfStranger is how much of what is compressed is read of a stranger, in
// bytes.
const mostOfStranger = 8 << 20

// readAll reads to the end.
func (s *surface) readAll(x *exchange, body io.Reader, about reading) ([]byte, error) {
	first, turn := int64(firstBuffer), about.turn
	if about.announced >= 0 {
		// One byte more than announced, to see the end without growing.
		first = min(first, about.announced+1)
	}
	first = min(first, s.bodyLimit+1)
	if !s.bodies.takeFirst(x, first) {
		return nil, tooManyBodies()
	}
	buf := make([]byte, 0, first)
	for {
		if len(buf) == cap(buf) {
			if turn != nil {
				release, err := turn()
				if err != nil {
					return nil, err
				}
				defer release()
				turn = nil
			}
			var err error
			buf, err = s.grow(x, buf, about.likely)
			if err != nil {
				return nil, err
			}
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if about.identify != nil && len(buf) > mostOfStranger {
			if !about.identify() {
				return nil, s.unreadable(budget.ErrStranger)
			}
			about.identify = nil
		}
		switch {
		case int64(len(buf)) > s.bodyLimit:
			return nil, s.bodyTooLarge()
		case errors.Is(err, io.EOF):
			return buf, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, &web.Error{Status: http.StatusRequestTimeout, Reason: "stalled", Close: true,
				Text: "The request body did not arrive in time"}
		case err != nil:
			return nil, s.unreadable(err)
		}
	}
}

// unreadable makes a refusal of what went wrong while a body was read. What
// is left of the body is in the way of the next request.
func (s *surface) unreadable(err error) error {
	if spent, ok := errors.AsType[*web.Error](overspent(err)); ok {
		spent.Close = true
		return spent
	}
	if _, ok := errors.AsType[*format.Error](err); ok {
		refused := s.undecodable(err)
		if e, ok := errors.AsType[*web.Error](refused); ok {
			e.Close = true
		}
		return refused
	}
	return &web.Error{Status: http.StatusBadRequest, Reason: "broken", Close: true,
		Text: "The request body could not be read", Err: err}
}

// bodyReasons name the refusals of package format in the metrics.
var bodyReasons = map[int]string{
	http.StatusNotAcceptable:        "type",
	http.StatusUnsupportedMediaType: "encoding",
	http.StatusBadRequest:           "malformed",
	http.StatusServiceUnavailable:   "busy",
}

// undecodable makes a refusal of a format.Error.
func (s *surface) undecodable(err error) error {
	e, ok := errors.AsType[*format.Error](err)
	if !ok {
		return s.unreadable(err)
	}
	if e.Status == http.StatusRequestEntityTooLarge {
		return s.bodyTooLarge()
	}
	return &web.Error{Status: e.Status, Reason: bodyReasons[e.Status], Text: e.Text, Err: e.Err}
}

// mostLikely is the longest body, in bytes, for which a buffer is made because
// it is likely to be needed.
const mostLikely = 8 << 20

// grow doubles the buffer: a Content-Length alone costs the gateway nothing. It
// grows at once to what is likely to be needed.
func (s *surface) grow(x *exchange, buf []byte, likely int64) ([]byte, error) {
	size := int64(cap(buf))
	more := min(max(size, min(likely+1, mostLikely)-size), s.bodyLimit+1-size)
	if !s.bodies.takeMore(x, more) {
		return nil, tooManyBodies()
	}
	bigger := make([]byte, len(buf), size+more)
	copy(bigger, buf)
	return bigger, nil
}

func (s *surface) bodyTooLarge() *web.Error {
	return &web.Error{Status: http.StatusRequestEntityTooLarge, Reason: "too_large", Close: true,
		Text: "The request body is larger than " + sizeText(s.bodyLimit)}
}

func tooManyBodies() *web.Error {
	return &web.Error{Status: http.StatusServiceUnavailable, Reason: "memory", Close: true,
		Text: "Too many large requests at once"}
}

// bodyMemory bounds what all bodies hold, and what those from one address
// prefix do: half of what large ones may, and a quarter of what small ones may.
type bodyMemory struct{ first, more *fair.Shares }

func newBodyMemory(bodyLimit int64) *bodyMemory {
	const first, more = firstBuffers * firstBuffer, bodiesAtOnce
	return &bodyMemory{
		first: fair.NewShares(first, first/4),
		more:  fair.NewShares(more*bodyLimit, more*bodyLimit/2),
	}
}

// takeFirst takes a first buffer for a request.
func (m *bodyMemory) takeFirst(x *exchange, n int64) bool {
	if !m.first.Take(x.from, n) {
		return false
	}
	x.reservedFirst += n
	return true
}

// takeMore takes what a request needs beyond that.
func (m *bodyMemory) takeMore(x *exchange, n int64) bool {
	if !m.more.Take(x.from, n) {
		return false
	}
	x.reserved += n
	return true
}

// give gives back what a request has taken.
func (m *bodyMemory) give(x *exchange) {
	m.first.Give(x.from, x.reservedFirst)
	m.more.Give(x.from, x.reserved)
	x.reservedFirst, x.reserved = 0, 0
}
