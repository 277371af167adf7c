package events

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

const (
	// readyMessage is sent by a client to start the events.
	readyMessage = "websocket client ready"

	// receivedMessage is rest_cherrypy's reply to any message of a client.
	receivedMessage = "server received message"

	// maxClientMessage is the maximum size of a client's message in bytes.
	maxClientMessage = 1 << 10

	// pingAfter is how long a websocket is silent before a ping checks that the
	// client is still there, and pongWithin is the time limit for the pong.
	pingAfter  = 30 * time.Second
	pongWithin = 10 * time.Second
)

// dialect is what differs between upstream's websockets.
type dialect struct {
	answers bool // whether each message is answered with receivedMessage

	// show sends the message for a frame, if any.
	show func(ctx context.Context, f eventstream.Frame, send func([]byte) error) error

	// begin is called once the client is ready and the events are followed; it
	// may be nil.
	begin func(ctx context.Context)
}

// websocket answers GET /ws[/<token>], as rest_cherrypy does.
func (s *API) websocket(x *web.Exchange, r *http.Request) error {
	formatted := r.URL.Query().Has("format_events")
	return s.socket(x, r, formatted, func(sender *caller.Caller, a lowstate.Authority) dialect {
		if formatted {
			f := s.formatter(x, sender, a, asList)
			return dialect{answers: true, show: f.show}
		}
		return dialect{answers: true, show: func(_ context.Context, f eventstream.Frame, send func([]byte) error) error {
			return send(f.Data())
		}}
	})
}

// allEvents answers GET /all_events/<token>, as rest_tornado does.
func (s *API) allEvents(x *web.Exchange, r *http.Request) error {
	return s.socket(x, r, false, func(*caller.Caller, lowstate.Authority) dialect {
		return dialect{show: func(_ context.Context, f eventstream.Frame, send func([]byte) error) error {
			return send(f.JSON())
		}}
	})
}

// formattedEvents answers GET /formatted_events/<token>, as rest_tornado does.
func (s *API) formattedEvents(x *web.Exchange, r *http.Request) error {
	return s.socket(x, r, true, func(sender *caller.Caller, a lowstate.Authority) dialect {
		f := s.formatter(x, sender, a, asMap)
		return dialect{show: f.show, begin: f.askAll}
	})
}

// socket serves any of the websockets. view is whether it shows a view of the
// jobs and minions.
func (s *API) socket(x *web.Exchange, r *http.Request, view bool, speak func(*caller.Caller, lowstate.Authority) dialect) error {
	if !wantsWebsocket(r) {
		return &web.Error{Status: http.StatusBadRequest, Text: `Can "Upgrade" only to "WebSocket"`}
	}
	creds, ok := s.originCredentials(r)
	if !ok {
		return &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused"}
	}
	sender, authority, release, err := s.Resolver.Authorize(x, r, creds, web.Pattern(r))
	if err != nil {
		return err
	}
	defer release()
	tags := r.URL.Query()["tag"]
	if _, err := eventstream.NewFilter(tags...); err != nil {
		return &web.Error{Status: http.StatusBadRequest, Text: "Parameter tag: " + err.Error()}
	}
	if s.Bus == nil {
		return &web.Error{Status: http.StatusServiceUnavailable, Text: "The event bus is not available"}
	}
	closed, err := s.Limits.open(sender, view)
	if err != nil {
		return err
	}
	defer closed()
	audit.Of(x).Note(audit.Entry{Event: audit.Stream})
	ctx, done := s.follow(r.Context(), sender)
	defer done()
	w := &hijackedWriter{Exchange: x}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the origin is already checked
	})
	if err != nil {
		x.Err = fmt.Errorf("websocket: %w", err) // Accept has written the response
		return nil
	}
	c := &client{
		dialect: speak(sender, authority),
		conn:    conn,
		raw:     w.conn,
		timeout: x.WriteTimeout,
		open:    func() (*eventstream.Reader, error) { return s.read(sender, tags, "") },
	}
	x.Err = c.serve(ctx)
	return nil
}

// wantsWebsocket reports whether a request is a handshake.
func wantsWebsocket(r *http.Request) bool {
	has := func(name, token string) bool {
		for v := range strings.SplitSeq(strings.Join(r.Header.Values(name), ","), ",") {
			if strings.EqualFold(strings.TrimSpace(v), token) {
				return true
			}
		}
		return false
	}
	return r.ProtoMajor == 1 && has("Connection", "upgrade") && has("Upgrade", "websocket")
}

// originCredentials returns the credentials of a handshake that count for the
// origin of the page that opens the websocket, and whether that may: our own
// origin, and those in cors_origin. Browsers let pages of any origin open
// websockets, with the user's cookie; programs send no origin.
func (s *API) originCredentials(r *http.Request) ([]caller.Credential, bool) {
	all := socketCredentials(r)
	origin := r.Header.Get("Origin")
	if origin == "" {
		return all, true
	}
	u, err := url.Parse(origin)
	if err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) {
		return all, true
	}
	if len(all) == 0 {
		return nil, s.CORS.Allows(origin)
	}
	all = slices.DeleteFunc(all, func(c caller.Credential) bool {
		return c.Cookie && !s.CORS.Trusts(origin) || !s.CORS.Allows(origin)
	})
	return all, len(all) > 0
}

// socketCredentials returns the token in the path, or else the credentials of
// any request.
func socketCredentials(r *http.Request) []caller.Credential {
	if token := web.Param(r, "token"); token != "" {
		return []caller.Credential{{Text: token}}
	}
	return caller.CredentialsOf(r)
}

// hijackedWriter keeps the connection of a websocket.
type hijackedWriter struct {
	*web.Exchange
	conn net.Conn
}

var _ http.Hijacker = (*hijackedWriter)(nil)

// Hijack implements http.Hijacker.
func (w *hijackedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.Control.Hijack()
	w.conn = conn
	return conn, rw, err
}

// errGone is why a websocket ends when its client is gone.
var errGone = errors.New("the client has gone")

// client is the other end of a websocket.
type client struct {
	dialect
	conn    *websocket.Conn
	raw     net.Conn
	timeout time.Duration // of each write
	open    func() (*eventstream.Reader, error)
}

// serve sends events until ctx ends, or the client is gone or too slow. The
// error is for the log.
func (c *client) serve(ctx context.Context) error {
	c.conn.SetReadLimit(maxClientMessage)
	ctx, cancel := context.WithCancelCause(ctx)
	ready := make(chan *eventstream.Reader, 1)
	ended := make(chan struct{})
	defer context.AfterFunc(ctx, func() { _ = c.raw.SetWriteDeadline(time.Now().Add(closeTimeout)) })()
	go func() {
		defer close(ended)
		cancel(c.listen(ready))
	}()
	err := c.send(ctx, ready)
	c.close(ctx, err)
	<-ended
	select {
	case reader := <-ready: // one that send has not received
		reader.Close()
	default:
	}
	if errors.Is(err, eventstream.ErrSlow) {
		return err
	}
	return nil
}

// listen reads the client's messages until it is gone. The first readyMessage
// opens the reader before the reply is sent, so that the client misses no event
// after the reply.
func (c *client) listen(ready chan<- *eventstream.Reader) error {
	begun := false
	for {
		_, message, err := c.conn.Read(context.Background()) // ended by close
		if err != nil {
			return errGone
		}
		if !begun && string(message) == readyMessage {
			reader, err := c.open()
			if err != nil {
				return err
			}
			begun = true
			ready <- reader
		}
		if c.answers {
			if err := c.write([]byte(receivedMessage)); err != nil {
				return errGone
			}
		}
	}
}

// send sends events to the client, and pings while there are none.
func (c *client) send(ctx context.Context, ready <-chan *eventstream.Reader) error {
	reader, err := c.await(ctx, ready)
	if err != nil {
		return err
	}
	defer reader.Close()
	if c.begin != nil {
		c.begin(ctx)
	}
	for {
		turn, cancel := context.WithTimeout(ctx, pingAfter)
		err := c.copy(turn, reader)
		cancel()
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		if err := c.ping(ctx); err != nil {
			return err
		}
	}
}

// await waits until the client is ready or gone.
func (c *client) await(ctx context.Context, ready <-chan *eventstream.Reader) (*eventstream.Reader, error) {
	for {
		select {
		case reader := <-ready:
			return reader, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pingAfter):
			if err := c.ping(ctx); err != nil {
				return nil, err
			}
		}
	}
}

func (c *client) copy(ctx context.Context, reader *eventstream.Reader) error {
	for {
		f, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		if err := c.show(ctx, f, c.write); err != nil {
			return errGone
		}
	}
}

// write sends a message. A client that does not read it in time is gone.
func (c *client) write(message []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageText, message)
}

func (c *client) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pongWithin)
	defer cancel()
	if err := c.conn.Ping(ctx); err != nil {
		return errGone
	}
	return nil
}

// close sends the reason, and closes the connection.
func (c *client) close(ctx context.Context, err error) {
	hangUp := time.AfterFunc(closeTimeout, func() { _ = c.raw.Close() })
	defer hangUp.Stop()
	reason, ok := closeReason(ctx, err)
	if !ok {
		_ = c.conn.CloseNow()
		return
	}
	_ = c.conn.Close(closeCode(ctx, err), reason)
}

func closeCode(ctx context.Context, err error) websocket.StatusCode {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, session.ErrRevoked), errors.Is(cause, session.ErrExpired):
		return websocket.StatusPolicyViolation
	case errors.Is(err, eventstream.ErrSlow):
		return websocket.StatusTryAgainLater
	}
	return websocket.StatusGoingAway
}
