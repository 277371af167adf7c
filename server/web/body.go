package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/format"
)

const (
	// firstBuffer is the size up to which a body is small. Small bodies do not
	// wait for large ones, so ordinary calls always pass.
	firstBuffer = 64 << 10

	// firstBuffers is how many full first buffers may be held at once.
	firstBuffers = 4096

	// bodiesAtOnce is how many bodies of the largest size may be held at once.
	bodiesAtOnce = 4

	// minBodyRate, in bytes per second, is the minimum average rate of a body:
	// an occasional byte is not enough.
	minBodyRate = 8 << 10

	// linger is how long the rest of a refused body is read.
	linger = 2 * time.Second
)

// timedBody cuts off a client that stalls within its body. The limit starts
// with the request, so that it also holds for bodies that no handler reads.
type timedBody struct {
	io.ReadCloser
	x     *Exchange
	pause time.Duration
	ended bool
}

func newTimedBody(body io.ReadCloser, x *Exchange, pause time.Duration) *timedBody {
	b := &timedBody{ReadCloser: body, x: x, pause: pause}
	b.setDeadline()
	return b
}

// Read extends the deadline as long as there is progress.
func (b *timedBody) Read(p []byte) (int, error) {
	b.setDeadline()
	n, err := b.ReadCloser.Read(p)
	b.x.in += int64(n)
	if errors.Is(err, io.EOF) {
		// From here on net/http reads only to notice a closed connection, and
		// would take a deadline for one.
		b.ended = true
		_ = b.x.Control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (b *timedBody) setDeadline() {
	deadline := time.Now().Add(b.pause)
	whole := b.x.Start.Add(b.pause + time.Duration(b.x.in)*time.Second/minBodyRate)
	if whole.Before(deadline) {
		deadline = whole
	}
	_ = b.x.Control.SetReadDeadline(deadline)
}

// drain flushes the response and then reads the rest of the body for a while.
// If the connection were closed with bytes unread, the client's kernel would
// discard the response.
func (x *Exchange) drain(r *http.Request) {
	b, ok := r.Body.(*timedBody)
	if !ok || b.ended || x.Control.Flush() != nil {
		return
	}
	_ = x.Control.SetReadDeadline(time.Now().Add(linger))
	_, _ = io.Copy(io.Discard, b.ReadCloser) // it has ended, whatever the error
}

// ReadBody reads the whole body. Errors are an *Error, or the context's.
func (x *Exchange) ReadBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > x.bodyLimit {
		return nil, x.bodyTooLarge()
	}
	plain, err := format.Decompress(r.Header, r.Body, x.bodyLimit, x.Budget)
	if err != nil {
		return nil, x.unreadable(err)
	}
	if plain == io.Reader(r.Body) {
		return x.readAll(r.Body, reading{announced: r.ContentLength})
	}
	body, err := x.readAll(r.Body, reading{announced: r.ContentLength, identify: x.identify})
	if err != nil {
		return nil, err
	}
	// The body is complete: a slow client does not hold the turn.
	plain, err = format.Decompress(r.Header, bytes.NewReader(body), x.bodyLimit, x.Budget)
	if err != nil {
		return nil, x.unreadable(err)
	}
	return x.readAll(plain, reading{
		announced: -1, likely: format.PlainSize(body), turn: func() (func(), error) { return x.turn(r) },
	})
}

// ReadText reads the whole body, converted to UTF-8 if its charset is known.
func (x *Exchange) ReadText(r *http.Request) ([]byte, error) {
	body, err := x.ReadBody(r)
	if err != nil {
		return nil, err
	}
	text, err := format.Text(r.Header, body)
	if err != nil {
		return nil, x.Undecodable(err)
	}
	return text, nil
}

// reading describes bytes before they are read.
type reading struct {
	announced int64 // the maximum; negative if unknown
	likely    int64 // an estimate

	// turn, if not nil, is waited for before more than the first buffer is
	// read.
	turn func() (release func(), err error)

	// identify, if not nil, must report a known sender before more than
	// anonymousInflated is read: what it decompresses to would use up the budget.
	identify func() bool
}

// anonymousInflated is how many compressed bytes are read from an unknown client.
const anonymousInflated = 8 << 20

// readAll reads to the end.
func (x *Exchange) readAll(body io.Reader, about reading) ([]byte, error) {
	first, turn := int64(firstBuffer), about.turn
	if about.announced >= 0 {
		// One byte more than announced, to see the end without growing.
		first = min(first, about.announced+1)
	}
	first = min(first, x.bodyLimit+1)
	if !x.bodies.takeFirst(x, first) {
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
			buf, err = x.grow(buf, about.likely)
			if err != nil {
				return nil, err
			}
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if about.identify != nil && len(buf) > anonymousInflated {
			if !about.identify() {
				return nil, x.unreadable(budget.ErrStranger)
			}
			about.identify = nil
		}
		switch {
		case int64(len(buf)) > x.bodyLimit:
			return nil, x.bodyTooLarge()
		case errors.Is(err, io.EOF):
			return buf, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, &Error{Status: http.StatusRequestTimeout, Reason: "stalled", Close: true,
				Text: "The request body did not arrive in time"}
		case err != nil:
			return nil, x.unreadable(err)
		}
	}
}

// unreadable returns the error for a body that could not be read. The connection
// is closed, since the rest of the body precedes the next request.
func (x *Exchange) unreadable(err error) error {
	if spent, ok := errors.AsType[*Error](Overspent(err)); ok {
		spent.Close = true
		return spent
	}
	if _, ok := errors.AsType[*format.Error](err); ok {
		refused := x.Undecodable(err)
		if e, ok := errors.AsType[*Error](refused); ok {
			e.Close = true
		}
		return refused
	}
	return &Error{Status: http.StatusBadRequest, Reason: "broken", Close: true,
		Text: "The request body could not be read", Err: err}
}

// bodyReasons maps the statuses of errors of package format to labels of the
// metrics.
var bodyReasons = map[int]string{
	http.StatusNotAcceptable:        "type",
	http.StatusUnsupportedMediaType: "encoding",
	http.StatusBadRequest:           "malformed",
	http.StatusServiceUnavailable:   "busy",
}

// Undecodable returns the error for a *format.Error.
func (x *Exchange) Undecodable(err error) error {
	e, ok := errors.AsType[*format.Error](err)
	if !ok {
		return x.unreadable(err)
	}
	if e.Status == http.StatusRequestEntityTooLarge {
		return x.bodyTooLarge()
	}
	return &Error{Status: e.Status, Reason: bodyReasons[e.Status], Text: e.Text, Err: e.Err}
}

// mostLikely bounds the buffer, in bytes, that is allocated at once for the
// estimated size of a body.
const mostLikely = 8 << 20

// grow doubles the buffer, so that a Content-Length alone allocates nothing. It
// grows to the estimated size at once.
func (x *Exchange) grow(buf []byte, likely int64) ([]byte, error) {
	size := int64(cap(buf))
	more := min(max(size, min(likely+1, mostLikely)-size), x.bodyLimit+1-size)
	if !x.bodies.takeMore(x, more) {
		return nil, tooManyBodies()
	}
	bigger := make([]byte, len(buf), size+more)
	copy(bigger, buf)
	return bigger, nil
}

func (x *Exchange) bodyTooLarge() *Error {
	return &Error{Status: http.StatusRequestEntityTooLarge, Reason: "too_large", Close: true,
		Text: "The request body is larger than " + sizeText(x.bodyLimit)}
}

func tooManyBodies() *Error {
	return &Error{Status: http.StatusServiceUnavailable, Reason: "memory", Close: true,
		Text: "Too many large requests at once"}
}

// Bodies bounds the memory of all bodies. The bodies from one address prefix may
// hold half of the memory for large ones, and a quarter of that for small ones.
// It is safe for concurrent use.
type Bodies struct {
	limit       int64
	first, more *fair.Shares
	turns       *fair.Slots
}

// NewBodies returns the bounds for bodies of at most limit bytes each.
func NewBodies(limit int64) *Bodies {
	const first, more = firstBuffers * firstBuffer, bodiesAtOnce
	return &Bodies{
		limit: limit,
		first: fair.NewShares(first, first/4),
		more:  fair.NewShares(more*limit, more*limit/2),
		turns: newTurns(),
	}
}

// takeFirst reserves a first buffer for a request.
func (m *Bodies) takeFirst(x *Exchange, n int64) bool {
	if !m.first.Take(x.From, n) {
		return false
	}
	x.reservedFirst += n
	return true
}

// takeMore reserves memory beyond the first buffer.
func (m *Bodies) takeMore(x *Exchange, n int64) bool {
	if !m.more.Take(x.From, n) {
		return false
	}
	x.reserved += n
	return true
}

// give releases what a request has reserved.
func (m *Bodies) give(x *Exchange) {
	m.first.Give(x.From, x.reservedFirst)
	m.more.Give(x.From, x.reserved)
	x.reservedFirst, x.reserved = 0, 0
}

// turnsWaiting is how many requests may wait for a turn.
const turnsWaiting = 1000

// newTurns returns the turns in which large bodies are read: regardless of
// their senders, one core is left for other requests.
func newTurns() *fair.Slots {
	return fair.NewSlots(fair.Options{Slots: runtime.GOMAXPROCS(0) - 1, Queue: turnsWaiting})
}

// turn waits for a turn to read a large body. The error is an *Error, or the
// context's.
func (x *Exchange) turn(r *http.Request) (release func(), err error) {
	release, err = x.bodies.turns.Acquire(r.Context(), fair.Key{From: fair.PrefixOf(r.Context())})
	if errors.Is(err, fair.ErrFull) {
		return nil, tooManyBodies()
	}
	return release, err
}

// InTurn calls f, which reads a body: in turn, if the body is large.
func (x *Exchange) InTurn(r *http.Request, body []byte, f func() error) error {
	if len(body) <= firstBuffer {
		return f()
	}
	release, err := x.turn(r)
	if err != nil {
		return err
	}
	defer release()
	return f()
}

// IsLarge reports whether a body is read in turn.
func IsLarge(body []byte) bool { return len(body) > firstBuffer }

// Overspent returns the response to a spent budget, and other errors unchanged.
func Overspent(err error) error {
	text := ""
	if e, ok := errors.AsType[*budget.Error](err); ok {
		text = e.Error()
	} else if e, ok := errors.AsType[*lowstate.Error](err); ok && e.Kind == lowstate.TooLarge {
		text = e.Text
	} else {
		return err
	}
	return &Error{Status: http.StatusRequestEntityTooLarge, Reason: "budget", Text: text}
}

// BodyType returns the type of a body, or "" when there is none or more than one:
// then another reader of the request may have chosen a different one.
func BodyType(h http.Header) string {
	found := ""
	for _, value := range h["Content-Type"] {
		for kind := range strings.SplitSeq(value, ",") {
			kind = strings.TrimSpace(kind)
			if kind != "" && found != "" && kind != found {
				return ""
			}
			found = cmp.Or(kind, found)
		}
	}
	return found
}

// IsJSON reports whether the Content-Type is application/json. JSON has one
// charset, whatever the parameter is.
func IsJSON(h http.Header) bool { return format.MediaType(BodyType(h)) == "application/json" }

// sizeText formats a number of bytes for clients.
func sizeText(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
