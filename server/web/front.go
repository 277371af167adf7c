package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

const maxRequestID = 64

// Front is what every request to a listener passes first: it gets an id, time
// limits, a log line and its place in the metrics, and a panic costs no more than
// its own request.
type Front struct {
	Surface      string        // the name of the API, for logs and metrics
	WriteTimeout time.Duration // for each slice of an answer
	BodyTimeout  time.Duration // for each read of a body
	Bodies       *Bodies
	Metrics      *Metrics
	Traffic      *Traffic
	Log          *slog.Logger
	Errors       ErrorWriter // for what comes to no route

	// Record returns the recorder of a request and the context that the request
	// is to have; nil stands for none.
	Record func(ctx context.Context, x *Exchange, r *http.Request) (Recorder, context.Context)

	// Next answers, with the exchange in the request's context and as its
	// writer.
	Next http.Handler

	// Path returns a path as it may stand in the log: without tokens.
	Path func(path string) string
}

// ServeHTTP answers a request.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := NewExchange(w, f.WriteTimeout)
	x.Surface, x.ID, x.ClientID = f.Surface, rand.Text(), clientID(r)
	x.bodies, x.bodyLimit = f.Bodies, f.Bodies.limit
	w.Header().Set("X-Request-Id", x.ID)
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	if f.Record != nil {
		x.Recorder, ctx = f.Record(ctx, x, r)
	}
	r = r.WithContext(ctx)
	x.limitTime(r, f.BodyTimeout)

	done := f.Metrics.begin(x)
	f.Traffic.begin()
	abort := f.run(x, r)
	x.Recorder.End(x.status, x.Err)
	f.Bodies.give(x)
	done(r)
	f.Traffic.end(x)
	f.logRequest(x, r)
	if abort {
		// This ends the connection or stream without a word from net/http.
		panic(http.ErrAbortHandler)
	}
	if r.ProtoMajor == 1 && (r.Close || w.Header().Get("Connection") == "close") {
		x.drain(r)
	}
}

// limitTime puts time limits on the request's body and takes away what the
// last request on the same connection left.
func (x *Exchange) limitTime(r *http.Request, bodyTimeout time.Duration) {
	if r.ProtoMajor == 1 {
		_ = x.Control.SetWriteDeadline(time.Time{})
	}
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	r.Body = newTimedBody(r.Body, x, bodyTimeout)
}

// run reports whether the answer cannot be completed.
func (f *Front) run(x *Exchange, r *http.Request) (abort bool) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			abort = true
		default:
			x.Err, x.stack = panicError(p), debug.Stack()
			abort = x.status != 0
			if !abort {
				f.Errors(x, r, &Error{Status: http.StatusInternalServerError, Text: TextUnexpected, Err: x.Err})
			}
		}
	}()
	f.Next.ServeHTTP(x, r)
	return false
}

// panicError says of a panic what surely holds no secret. Its value may quote
// an argument.
func panicError(p any) error {
	if err, ok := p.(runtime.Error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic with a %T", p)
}

// clientID is the id that the client or a proxy has given the request, when it
// looks like one. The logs have it beside the request's own id and never in its
// place: nobody outside chooses which lines seem to belong together.
func clientID(r *http.Request) string {
	if ids := r.Header["X-Request-Id"]; len(ids) == 1 && IsRequestID(ids[0]) {
		return ids[0]
	}
	return ""
}

// IsRequestID reports whether a text looks like the id of a request.
func IsRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		word := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !word && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
