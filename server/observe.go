package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

const maxRequestID = 64

// observe wraps a surface: every request gets an id, time limits, a log line
// and its place in the metrics, and a panic costs no more than its own request.
func (s *Server) observe(which Surface, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.enter()
		defer s.requests.leave()

		x := &exchange{
			ResponseWriter: w,
			control:        http.NewResponseController(w),
			writeTimeout:   s.cfg.Settings.Limits.WriteTimeout,
			surface:        which,
			id:             rand.Text(),
			clientID:       clientID(r),
			start:          time.Now(),
		}
		w.Header().Set("X-Request-Id", x.id)
		ctx := context.WithValue(r.Context(), exchangeKey{}, x)
		x.recorder, ctx = audit.NewRecorder(ctx, s.cfg.Audit.Log, s.cfg.Audit.Arguments,
			&audit.Request{ID: x.id, ClientID: x.clientID, Agent: r.UserAgent()})
		r = r.WithContext(ctx)
		s.limitTime(x, r)

		done := s.metrics.begin(x)
		s.traffic.begin()
		abort := x.run(next, r)
		x.recorder.End(x.status, x.err)
		s.bodies.give(x)
		done(r)
		s.traffic.end(x)
		s.logRequest(x, r)
		if abort {
			// This ends the connection or stream without a word from net/http.
			panic(http.ErrAbortHandler)
		}
		if r.ProtoMajor == 1 && (r.Close || w.Header().Get("Connection") == "close") {
			x.drain(r)
		}
	})
}

// limitTime puts time limits on the request's body and takes away what the
// last request on the same connection left.
func (s *Server) limitTime(x *exchange, r *http.Request) {
	if r.ProtoMajor == 1 {
		_ = x.control.SetWriteDeadline(time.Time{})
	}
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	r.Body = newTimedBody(r.Body, x, s.cfg.Settings.Limits.BodyTimeout)
}

// run reports whether the answer cannot be completed.
func (x *exchange) run(next http.Handler, r *http.Request) (abort bool) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			abort = true
		default:
			x.err, x.stack = panicError(p), debug.Stack()
			abort = x.status != 0
			if !abort {
				writeError(x, http.StatusInternalServerError, web.TextUnexpected)
			}
		}
	}()
	next.ServeHTTP(x, r)
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
	if ids := r.Header["X-Request-Id"]; len(ids) == 1 && isRequestID(ids[0]) {
		return ids[0]
	}
	return ""
}

func isRequestID(id string) bool {
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

// abandoned reports whether a request failed because its client has gone.
func abandoned(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() != nil &&
		!errors.Is(context.Cause(r.Context()), errStopping)
}
