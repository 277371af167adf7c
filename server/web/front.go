package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/saltern-api/saltern/internal/readable"
	"github.com/saltern-api/saltern/internal/spool"
)

const maxRequestID = 64

// Front is the first handler of every request to a listener: it adds an id, time
// limits, a log line and metrics, and limits a panic to its request.
type Front struct {
	Surface      string        // the name of the API, for logs and metrics
	WriteTimeout time.Duration // for each slice of a response
	BodyTimeout  time.Duration // for each read of a body
	Bodies       *Bodies
	Answers      *spool.Store // for large ones; nil keeps them in memory
	Metrics      *Metrics
	Traffic      *Traffic
	Log          *slog.Logger
	Errors       ErrorWriter // for requests without a route

	// Record returns the recorder of a request and the request's new context;
	// nil stands for none.
	Record func(ctx context.Context, x *Exchange, r *http.Request) (Recorder, context.Context)

	// Go calls f in a goroutine of its own, which the server waits for when it
	// ends, for [Exchange.Detach]; without it no response can be detached.
	Go func(f func())

	// Base ends when responses are cut short; what was detached is then, too. With
	// nil it never does.
	Base context.Context

	// Next handles the request, with the exchange in its context and as its
	// writer.
	Next http.Handler

	// Path returns a path redacted for the log: without tokens.
	Path func(path string) string

	heads  heads
	cuts   cuts
	quiet  readable.Shared
	spools sync.Pool // unused ones, for the steps of detached responses
}

// ServeHTTP handles a request.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := NewExchange(w, f.WriteTimeout)
	x.Surface, x.ID, x.ClientID, x.Trace = f.Surface, rand.Text(), clientID(r), traceparent(r)
	x.bodies, x.bodyLimit, x.Spool = f.Bodies, f.Bodies.limit, f.Answers.New()
	w.Header().Set(requestIDHeader, x.ID)
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	if f.Record != nil {
		x.Recorder, ctx = f.Record(ctx, x, r)
	}
	r = r.WithContext(ctx)
	x.limitTime(r, f.BodyTimeout)

	done := f.Metrics.begin(x)
	f.Traffic.begin()
	x.detachable, x.heads = f.Go != nil, &f.heads
	abort := f.run(x, func() *http.Request { return r }, func() { f.Next.ServeHTTP(x, r) })
	if x.detached != nil && !abort {
		f.goOn(x, done)
		return
	}
	f.end(x, r, done)
	if abort {
		// This ends the connection or stream without a log line of net/http.
		panic(http.ErrAbortHandler)
	}
	if r.ProtoMajor == 1 && (r.Close || w.Header().Get("Connection") == "close") {
		x.drain(r)
	}
}

// end records the end of a request.
func (f *Front) end(x *Exchange, r *http.Request, done func(*http.Request)) {
	x.closeSpool()
	x.Recorder.End(x.status, x.Err)
	f.Bodies.give(x)
	done(r)
	f.Traffic.end(x)
	f.logRequest(x, r)
}

// goOn has the remainder of a detached response written, without its request.
func (f *Front) goOn(x *Exchange, done func(*http.Request)) {
	f.cuts.add(f.Base, x)
	f.takeSpool(x)
	x.detached.start(&f.quiet, f.Go, func(begin func()) (goesOn bool) {
		f.run(x, x.detached.request.request, func() {
			f.giveSpool(x)
			until, err := x.detached.next()
			if err != nil {
				x.Err = err
			}
			if until != nil {
				f.takeSpool(x)
				until(begin)
				goesOn = true
			}
		})
		if !goesOn {
			f.cuts.remove(x)
			x.detached.close()
			f.end(x, x.detached.request.request(), done)
		}
		return goesOn
	})
}

// giveSpool gives a detached response a spool for its next step.
func (f *Front) giveSpool(x *Exchange) {
	var ok bool
	if x.Spool, ok = f.spools.Get().(*spool.Spool); !ok {
		x.Spool = f.Answers.New()
	}
	x.Spool.For(x.From)
}

// takeSpool frees what a detached response has spooled, of which nothing outlives a step.
// Only a spool that was not used serves another one.
func (f *Front) takeSpool(x *Exchange) {
	if x.Spool.Unused() {
		f.spools.Put(x.Spool)
	} else {
		x.closeSpool()
	}
	x.Spool = nil
}

// limitTime sets time limits on the request's body and clears those of the
// previous request on the connection.
func (x *Exchange) limitTime(r *http.Request, bodyTimeout time.Duration) {
	if r.ProtoMajor == 1 {
		_ = x.Control.SetWriteDeadline(time.Time{})
	}
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	r.Body = newTimedBody(r.Body, x, bodyTimeout)
}

// run calls handle, and reports whether the response cannot be completed.
func (f *Front) run(x *Exchange, request func() *http.Request, handle func()) (abort bool) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			abort = true
			x.hangUp()
		default:
			x.Err, x.stack = panicError(p), debug.Stack()
			abort = x.status != 0
			x.hangUp()
			if !abort {
				f.Errors(x, request(), &Error{Status: http.StatusInternalServerError, Text: TextUnexpected, Err: x.Err})
			}
		}
	}()
	handle()
	return false
}

// panicError describes a panic without its value, which may quote a secret
// argument.
func panicError(p any) error {
	if err, ok := p.(runtime.Error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic with a %T", p)
}

// clientID returns the request's X-Request-Id from the client or a proxy, if it
// is well-formed. The logs have it beside the request's own id and never in its
// place: no client can choose which lines seem to belong together.
func clientID(r *http.Request) string {
	if ids := r.Header["X-Request-Id"]; len(ids) == 1 && IsRequestID(ids[0]) {
		return ids[0]
	}
	return ""
}

// IsRequestID reports whether a text is a well-formed id of a request.
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
