package server

import (
	"net/http"
	"slices"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
)

// wsgiSurface answers as rest_wsgi is documented to: every path is /, and what
// it refuses begins with the status.
type wsgiSurface struct {
	surface
	bearers *bearers
}

func newWSGISurface(base surface, b *bearers) http.Handler {
	base.numbered = true
	s := &wsgiSurface{base, b}
	return s.handle(s.any)
}

func (s *wsgiSurface) any(x *exchange, r *http.Request) error {
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

func (s *wsgiSurface) post(x *exchange, r *http.Request) error {
	if !isJSON(r.Header) {
		return &web.Error{Status: http.StatusNotAcceptable, Reason: "type", Text: "JSON required"}
	}
	body, err := s.readBody(x, r)
	if err != nil {
		return err
	}
	chunks, err := s.parse(x, r, body)
	if err != nil {
		return err
	}
	x.recorder.SetChunks(true, chunks...)
	token, err := s.tokenFor(x, r, chunks)
	if err != nil {
		return err
	}
	return s.answerTo(x, r, lowstate.Call{
		Chunks: chunks, Authority: lowstate.Authority{Token: token}, ChunkFirst: true})
}

// tokenFor returns the Salt token of whoever has sent an API or access token
// in a header, for the chunks that do not say who sends them. rest_wsgi knows
// no credentials but those of chunks, so nothing else in a header counts here.
func (s *wsgiSurface) tokenFor(x *exchange, r *http.Request, chunks []lowstate.Chunk) (string, error) {
	creds := credentialsOf(r)
	needed := slices.ContainsFunc(chunks, func(c lowstate.Chunk) bool { return !c.HasCredentials() })
	if len(creds) == 0 || creds[0].cookie || !isToken(creds[0]) || !needed {
		return "", nil
	}
	a, err := s.bearers.act(x, r, creds[0], "/")
	if err != nil {
		return "", asChunkError(err)
	}
	x.acting = a
	return a.Session.Token, nil
}

// asChunkError makes of an error what the same is for a chunk's own credentials,
// whose texts have no number before them.
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
