package events

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// Bus is the master's event bus. *eventstream.Hub is one.
type Bus interface {
	Read(req eventstream.Request) (*eventstream.Reader, error)
}

var _ Bus = (*eventstream.Hub)(nil)

// Runner runs calls, by which views get the grains of minions. *lowstate.Gateway
// is one.
type Runner interface {
	Run(ctx context.Context, call lowstate.Call) (lowstate.Result, error)
}

// API is the event streams of rest_cherrypy and rest_tornado. It is a
// [web.API]. Its fields are set once.
type API struct {
	Bus      Bus // nil if there is none
	Runner   Runner
	Resolver *caller.Resolver
	CORS     *web.CORS // the origins whose pages may open websockets
	Limits   *Limits
	Views    *Views

	// Stopping ends when streams have to end.
	Stopping context.Context

	sharing sync.Once
	shared  *waiting.Jobs
}

// hold follows the credential of a stream's caller, once for all streams with the same.
func (s *API) hold(sender *caller.Caller) *waiting.Hold {
	s.sharing.Do(func() { s.shared = &waiting.Jobs{Stopping: s.Stopping} })
	hold, _ := s.shared.Hold(s.Resolver, sender, role.EventRead)
	return hold
}

var _ web.API = (*API)(nil)

// Mount adds the routes.
func (s *API) Mount(m *web.Mux) {
	m = m.With(web.Identify(s.Resolver.Identifies))
	m.Handle(http.MethodGet, "/events", s.events, web.SecretParam("token"))
	m.Handle(http.MethodHead, "/events", s.eventsHead)
	m.Handle(http.MethodGet, "/ws", s.websocket)
	m.Handle(http.MethodGet, "/ws/{token}", s.websocket, web.SecretParam("token"))
	m.Handle(http.MethodGet, "/all_events/{token}", s.allEvents, web.SecretParam("token"))
	m.Handle(http.MethodGet, "/formatted_events/{token}", s.formattedEvents, web.SecretParam("token"))
}

const (
	// keepAlive is how long a stream is silent before a comment is sent; it may
	// be up to twice as long.
	keepAlive = 10 * time.Second

	// closeTimeout bounds the end of a stream.
	closeTimeout = time.Second

	eventsType = "text/event-stream;charset=utf-8"

	// cutOffTag is the tag and the type of a stream's last event.
	cutOffTag = "saltern/cut-off"

	textEventsQuery = "The /events endpoint takes no query parameters but tag; in particular, tokens must not be " +
		"passed via the query string -- they end up in access logs and the Referer header. Use the 'X-Auth-Token' " +
		"header (for non-browser clients) or the session cookie set by /login (for browser EventSource clients) instead."
)

// events answers GET /events: the master's events as server-sent events, in
// salt-api's form, which has a tag line before the data. An id line follows it,
// so that clients that expect the tag first still work.
func (s *API) events(x *web.Exchange, r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query) > 1 || len(query) == 1 && query["tag"] == nil {
		return &web.Error{Status: http.StatusBadRequest, Text: textEventsQuery}
	}
	held, detached := &stream{}, false
	defer func() {
		if !detached {
			held.end()
		}
	}()
	sender, _, release, err := s.Resolver.Authorize(x, r, caller.CredentialsOf(r), web.Pattern(r))
	if err != nil {
		return err
	}
	held.atEnd(release)
	closed, err := s.Limits.open(sender, false)
	if err != nil {
		return err
	}
	held.atEnd(closed)
	reader, err := s.read(sender, query["tag"], r.Header.Get("Last-Event-ID"))
	if err != nil {
		return err
	}
	held.atEnd(reader.Close)
	audit.Of(x).Note(audit.Entry{Event: audit.Stream})
	hold := s.hold(sender)
	held.atEnd(hold.Release)
	if err := beginEvents(x, r); err != nil {
		return err
	}
	// The stream goes on after the handler, with which the request's context ends: nothing
	// of it is kept.
	on := &steps{x: x, hold: hold, held: held, reader: reader}
	if detached = x.Detach(r, on.leave, on.next); detached {
		return nil
	}
	followed := hold.Context()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(followed, func() { cancel(context.Cause(followed)) })()
	out := newEventWriter(ctx, x)
	held.atEnd(out.release)
	return broken(out.copy(ctx, reader))
}

// steps are those of a stream that goes on after its handler.
type steps struct {
	x      *web.Exchange
	hold   *waiting.Hold
	held   *stream
	reader *eventstream.Reader
	out    *eventWriter // nil before the first one
	left   atomic.Bool  // whether the client has closed the connection
}

func (s *steps) leave() { s.left.Store(true) }

func (s *steps) next() (until web.Until, err error) {
	ended := true
	defer func() {
		if ended {
			s.held.end()
		}
	}()
	if s.left.Load() {
		return nil, nil
	}
	if s.out == nil {
		s.out = newHeldWriter(s.hold, s.x)
		s.held.atEnd(s.out.release)
	}
	if ended, err = s.out.step(s.hold.Context(), s.reader); ended {
		return nil, broken(err)
	}
	return s.out.until, nil
}

// stream is what has to be done when a stream ends, once.
type stream struct{ closers []func() }

func (s *stream) atEnd(f func()) { s.closers = append(s.closers, f) }

func (s *stream) end() {
	closers := s.closers
	s.closers = nil
	for _, f := range slices.Backward(closers) {
		f()
	}
}

// eventsHead answers HEAD /events with the status that GET would have.
func (s *API) eventsHead(x *web.Exchange, r *http.Request) error {
	_, _, release, err := s.Resolver.Authorize(x, r, caller.CredentialsOf(r), web.Pattern(r))
	if err != nil {
		return err
	}
	defer release()
	x.Header().Set("Content-Type", eventsType)
	x.Header().Set("Cache-Control", "no-cache")
	x.WriteHeader(http.StatusOK)
	return nil
}

// read opens a reader of the events that a caller may read.
func (s *API) read(sender *caller.Caller, tags []string, after string) (*eventstream.Reader, error) {
	if s.Bus == nil {
		return nil, &web.Error{Status: http.StatusServiceUnavailable, Text: "The event bus is not available"}
	}
	is := sender.Identity()
	if is.User == "" {
		return nil, caller.ErrNoPermission()
	}
	reader, err := s.Bus.Read(eventstream.Request{
		Subject: eventstream.Subject{User: is.User, Eauth: is.Eauth, Groups: is.Groups},
		Tags:    tags,
		After:   after,
	})
	if bad, ok := errors.AsType[*eventstream.GlobError](err); ok {
		return nil, &web.Error{Status: http.StatusBadRequest, Text: "Parameter tag: " + bad.Error()}
	}
	return reader, err
}

// follow returns a context that ends with the request, with the caller's
// credential, or when the server begins to stop. done ends it; further calls do
// nothing.
func (s *API) follow(ctx context.Context, sender *caller.Caller) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(s.Stopping, func() { cancel(context.Cause(s.Stopping)) })
	ctx, release := s.Resolver.Follow(ctx, sender, role.EventRead)
	return ctx, func() {
		unhook()
		cancel(nil)
		release()
	}
}

// closeReason returns why a stream ends, for its client; ok is false when the
// client is gone.
func closeReason(ctx context.Context, err error) (reason string, ok bool) {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	switch {
	case errors.Is(err, eventstream.ErrSlow):
		return "The events came faster than they were read", true
	case errors.Is(err, session.ErrRevoked):
		return "The session was ended", true
	case errors.Is(err, session.ErrExpired):
		return "The session has expired", true
	case errors.Is(err, web.ErrStopping), errors.Is(err, eventstream.ErrClosed):
		return web.TextStopping, true
	}
	return "", false
}

// eventBuffers are buffers for what is written at once. A stream that waits for
// events has none.
var eventBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 8<<10) }}

// eventWriter writes a stream of server-sent events.
type eventWriter struct {
	x     *web.Exchange
	moved string // the last id sent to the client

	held    *bufio.Writer // from eventBuffers; nil while there is nothing to write
	hold    *waiting.Hold // of steps, in place of the two that follow
	unblock func() bool   // cancels the coming deadline
	blocked chan struct{} // closed when the deadline is set

	// Of steps.
	until  web.Until
	silent bool        // since the last look
	look   time.Time   // when the next one is due
	timer  *time.Timer // nil before the first step has ended, and unhook too
	unhook func() bool // nil with a hold
}

// newEventWriter returns a writer that does not stay blocked for long after ctx
// has ended.
func newEventWriter(ctx context.Context, x *web.Exchange) *eventWriter {
	w := &eventWriter{x: x, blocked: make(chan struct{})}
	w.unblock = context.AfterFunc(ctx, func() {
		defer close(w.blocked)
		w.limit()
	})
	return w
}

// newHeldWriter is newEventWriter for a connection that is the stream's alone.
func newHeldWriter(hold *waiting.Hold, x *web.Exchange) *eventWriter {
	w := &eventWriter{x: x, hold: hold}
	hold.After(w.limit)
	return w
}

// limit has a client that does not read not keep the stream when that has to end.
func (w *eventWriter) limit() { _ = w.x.Control.SetWriteDeadline(time.Now().Add(closeTimeout)) }

// release makes sure that no deadline is left for the connection's next
// request.
func (w *eventWriter) release() {
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.unhook != nil {
		w.unhook()
	}
	if w.unblock != nil && !w.unblock() {
		<-w.blocked
	}
}

// beginEvents begins a stream.
func beginEvents(x *web.Exchange, r *http.Request) error {
	h := x.Header()
	h.Set("Content-Type", eventsType)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no") // nginx would buffer events
	if r.ProtoMajor == 1 {
		h.Set("Connection", "keep-alive")
	}
	_, err := io.WriteString(x, "retry: 400\n") // milliseconds
	if err == nil {
		err = x.Control.Flush()
	}
	return broken(err)
}

// buf returns the buffer, which flush gives back.
func (w *eventWriter) buf() *bufio.Writer {
	if w.held == nil {
		w.held = eventBuffers.Get().(*bufio.Writer)
		w.held.Reset(w.x)
	}
	return w.held
}

// copy writes the reader's frames and, when they end, the reason.
func (w *eventWriter) copy(ctx context.Context, reader *eventstream.Reader) error {
	w.moved = reader.Position()
	for {
		silent, err := w.copyFor(ctx, reader)
		switch {
		case err != nil:
			return w.end(ctx, err)
		case silent:
			w.keepAlive(reader)
		}
	}
}

// copyFor copies for one keepAlive interval, and reports whether there was
// nothing to copy.
func (w *eventWriter) copyFor(ctx context.Context, reader *eventstream.Reader) (silent bool, err error) {
	turn, cancel := context.WithTimeout(ctx, keepAlive)
	defer cancel()
	for silent = true; ; silent = false {
		f, err := reader.Next(turn)
		if err != nil {
			if turn.Err() != nil && ctx.Err() == nil {
				return silent, nil
			}
			return false, err
		}
		w.frame(f)
		if reader.Buffered() > 0 {
			continue
		}
		if err := w.flush(); err != nil {
			return false, err
		}
	}
}

// step writes the frames that the reader has now, and, when they end, the reason. Unless
// that was the end, until is when the next step is due.
func (w *eventWriter) step(ctx context.Context, reader *eventstream.Reader) (ended bool, err error) {
	if w.until == nil {
		w.moved, w.silent, w.look = reader.Position(), true, time.Now().Add(keepAlive)
		w.until = w.untilMore(ctx, reader)
	}
	for {
		f, ok, err := reader.Take()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return true, w.end(ctx, err)
		}
		if !ok {
			break
		}
		w.silent = false
		w.frame(f)
		if reader.Buffered() > 0 {
			continue
		}
		if err := w.flush(); err != nil {
			return true, w.end(ctx, err)
		}
	}
	if now := time.Now(); !now.Before(w.look) {
		if w.silent {
			w.keepAlive(reader)
		}
		w.silent, w.look = true, now.Add(keepAlive)
	}
	return false, nil
}

// untilMore returns when a step is due: the reader has more, a stream that was silent has
// to show that it is there, or ctx has ended.
func (w *eventWriter) untilMore(ctx context.Context, reader *eventstream.Reader) web.Until {
	return func(begin func()) {
		if w.timer == nil {
			w.timer = time.AfterFunc(time.Until(w.look), begin)
			if w.hold != nil {
				w.hold.After(func() { w.limit(); begin() })
			} else {
				w.unhook = context.AfterFunc(ctx, begin)
			}
		} else {
			w.timer.Reset(time.Until(w.look))
		}
		reader.After(begin)
	}
}

// frame writes a frame's block with the id before its empty line. A gap also
// gets a type, so that a browser does not dispatch it as a message.
func (w *eventWriter) frame(f eventstream.Frame) {
	if f.Gap != "" {
		_, _ = w.buf().WriteString("event: saltern-gap\n")
	}
	block := f.Block()
	_, _ = w.buf().Write(block[:len(block)-1])
	_, _ = w.buf().WriteString("id: " + f.ID + "\n\n")
	w.moved = f.ID
}

// keepAlive writes a comment, and the stream's position if a filter has held
// events back, so that a client that reconnects does not cause all of them to
// be searched again.
func (w *eventWriter) keepAlive(reader *eventstream.Reader) {
	_, _ = w.buf().WriteString(": keep-alive\n")
	if at := reader.Position(); at != w.moved {
		_, _ = w.buf().WriteString("id: " + at + "\n")
		w.moved = at
	}
	_, _ = w.buf().WriteString("\n")
	_ = w.flush() // a failure recurs with the next write
}

// end writes the last event, unless the client is gone.
func (w *eventWriter) end(ctx context.Context, err error) error {
	reason, ok := closeReason(ctx, err)
	if !ok {
		if ctx.Err() != nil {
			return nil // the client is gone
		}
		return err
	}
	if errors.Is(err, eventstream.ErrSlow) {
		w.x.Err = err
	}
	w.x.WriteTimeout = closeTimeout
	_, _ = w.buf().WriteString("event: saltern-cut-off\n")
	_, _ = w.buf().Write(eventstream.Notice(cutOffTag, reason).Block())
	return w.flush()
}

func (w *eventWriter) flush() error {
	buf := w.buf()
	err := buf.Flush()
	w.held = nil
	buf.Reset(nil)
	eventBuffers.Put(buf)
	if err != nil {
		return err
	}
	return w.x.Control.Flush()
}

// broken wraps an error of the client's connection.
func broken(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write the events: %w", err)
}
