package netapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

// Gateway runs calls. It is safe for concurrent use. *lowstate.Gateway is one.
type Gateway interface {
	// Run returns one answer per chunk. Errors are *lowstate.Error,
	// *lowstate.PanicError or the context's own; any other is answered as an
	// internal error and logged.
	Run(ctx context.Context, call lowstate.Call) (lowstate.Result, error)

	// Streams reports whether RunStream yields some answers earlier than Run
	// could return them.
	Streams(call lowstate.Call) bool

	// RunStream is Run with answers as they come. After the first yield, an
	// error can only truncate the response.
	RunStream(ctx context.Context, call lowstate.Call,
		yield func(soFar lowstate.Result, item lowstate.Answer) error) (lowstate.Result, error)

	// Clients returns the names of the clients, for GET /.
	Clients() []string
}

// Sessions creates and ends sessions. *session.Sessions is one.
type Sessions interface {
	Login(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error)
	Token(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error)
	Logout(ctx context.Context, credential string) (left time.Time, err error)
}

var _ Sessions = (*session.Sessions)(nil)

// Tokens revokes tokens of the gateway's own. *issuer.Service is one.
type Tokens interface {
	RevokeSecret(ctx context.Context, secret string, from issuer.Origin) error
}

var _ Tokens = (*issuer.Service)(nil)

// Calls is what the APIs of a listener need to run calls.
type Calls struct {
	Gateway   Gateway
	MaxChunks int      // of a request
	Clients   []string // the clients enabled on this listener; nil stands for all of the gateway's
	Metrics   *Metrics // may be nil
	Resolver  *caller.Resolver

	// JobURL returns the URL of the record of a job. It is nil if there is none.
	JobURL func(jid string) string
}

// welcome answers GET /.
func (s *Calls) welcome(x *web.Exchange, _ *http.Request) error {
	quoted := []string{}
	for _, name := range s.Gateway.Clients() {
		if s.Clients == nil || slices.Contains(s.Clients, name) {
			quoted = append(quoted, web.JSONText(name))
		}
	}
	body := `{"return": "Welcome", "clients": [` + strings.Join(quoted, ", ") + `]}`
	x.WriteJSON(http.StatusOK, []byte(body))
	return nil
}

// run runs chunks and returns one answer for each.
func (s *Calls) run(ctx context.Context, x *web.Exchange, call lowstate.Call) (lowstate.Result, error) {
	defer s.Metrics.count(x)
	res, err := s.Gateway.Run(ctx, s.begin(x, call))
	audit.Of(x).SetOutcome(res, err)
	return res, err
}

// begin records the call that a request makes. A call without an authority has
// credentials in its chunks.
func (s *Calls) begin(x *web.Exchange, call lowstate.Call) lowstate.Call {
	call.RemoteAddr, call.Budget, call.Clients, call.Spool = x.Remote, x.Budget, s.Clients, x.Spool
	audit.Of(x).SetCall(call)
	return call
}

// unparsable returns the response to a body that is not a lowstate.
func unparsable(err error) error {
	if e, ok := errors.AsType[*lowstate.Error](err); ok && e.Kind == lowstate.BadRequest {
		return &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: e.Text, Err: e.Err}
	}
	return web.Overspent(err)
}

// parse parses a lowstate in JSON. Errors are a *web.Error, or the context's.
func (s *Calls) parse(x *web.Exchange, r *http.Request, body []byte) (chunks []lowstate.Chunk, err error) {
	err = x.InTurn(r, body, func() error {
		chunks, err = lowstate.Parse(x.Budget, body, s.MaxChunks)
		return unparsable(err)
	})
	return chunks, err
}

// holdsJSON reports whether the Content-Type is one under which JSON is sent: a
// large body is then parsed as JSON first, so that its credentials are found
// first.
func holdsJSON(h http.Header) bool {
	return web.IsJSON(h) || format.MediaType(web.BodyType(h)) == "text/plain"
}
