package netapi

import (
	"net/http"
	"slices"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// WSGI is the API of rest_wsgi as documented: every path is /, and errors begin
// with the status.
type WSGI struct{ Calls }

// Handler returns the one handler for every path.
func (s *WSGI) Handler() http.Handler { return web.NewMux(web.Errors(WriteWSGIError)).Handler(s.any) }

func (s *WSGI) any(x *web.Exchange, r *http.Request) error {
	switch r.Method {
	case http.MethodGet:
		return s.welcome(x, r)
	case http.MethodPost:
		return s.post(x, r)
	default:
		return &web.Error{Status: http.StatusMethodNotAllowed, Allow: "GET, POST",
			Text: http.StatusText(http.StatusMethodNotAllowed)}
	}
}

func (s *WSGI) post(x *web.Exchange, r *http.Request) error {
	if !web.IsJSON(r.Header) {
		return &web.Error{Status: http.StatusNotAcceptable, Reason: "type", Text: "JSON required"}
	}
	body, err := x.ReadBody(r)
	if err != nil {
		return err
	}
	chunks, err := s.parse(x, r, body)
	if err != nil {
		return err
	}
	audit.Of(x).SetChunks(true, chunks...)
	authority, release, err := s.authority(x, r, chunks)
	if err != nil {
		return asChunkError(err)
	}
	defer release()
	return s.answerTo(x, r, lowstate.Call{Chunks: chunks, Authority: authority, ChunkFirst: true})
}

// authority returns the authority of an API or access token in a header, for the
// chunks without credentials. rest_wsgi takes only credentials of chunks, so no
// other credential in a header counts here.
func (s *WSGI) authority(
	x *web.Exchange, r *http.Request, chunks []lowstate.Chunk,
) (lowstate.Authority, func(), error) {
	creds := caller.CredentialsOf(r)
	needed := slices.ContainsFunc(chunks, func(c lowstate.Chunk) bool { return !c.HasCredentials() })
	if len(creds) == 0 || creds[0].Cookie || !creds[0].IsToken() || !needed {
		return lowstate.Authority{}, func() {}, nil
	}
	sender, err := s.Resolver.Caller(x, r, creds[:1])
	if err == nil {
		err = caller.MayReach(sender, r.Method, "/")
	}
	if err != nil {
		return lowstate.Authority{}, func() {}, err
	}
	return s.Resolver.Authority(r.Context(), sender)
}

// asChunkError turns an error into that of a chunk's own credentials, whose text
// has no status before it.
func asChunkError(err error) error {
	e, _ := web.Known(err)
	switch {
	case e != nil && e.Status == http.StatusUnauthorized:
		return lowstate.ErrUnauthenticated
	case e != nil && e.Status == http.StatusServiceUnavailable:
		return &lowstate.Error{Kind: lowstate.Unavailable, Text: e.Text, Err: e.Err}
	}
	return err
}
