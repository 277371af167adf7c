package server

import (
	"net/http"

	"saltern/lowstate"
)

// wsgiSurface answers as rest_wsgi is documented to: every path is /, and what
// it refuses begins with the status.
type wsgiSurface struct{ surface }

func newWSGISurface(base surface) http.Handler {
	base.numbered = true
	s := &wsgiSurface{base}
	return s.handle(s.any)
}

func (s *wsgiSurface) any(x *exchange, r *http.Request) error {
	switch r.Method {
	case http.MethodGet:
		return s.welcome(x, r)
	case http.MethodPost:
		return s.post(x, r)
	default:
		return &refusal{status: http.StatusMethodNotAllowed, allow: "GET, POST",
			text: http.StatusText(http.StatusMethodNotAllowed)}
	}
}

func (s *wsgiSurface) post(x *exchange, r *http.Request) error {
	if !isJSON(r.Header) {
		return &refusal{status: http.StatusNotAcceptable, reason: "type", text: "JSON required"}
	}
	if !isPlain(r.Header) {
		return &refusal{status: http.StatusUnsupportedMediaType, reason: "encoding",
			text: "Content-Encoding is not supported"}
	}
	body, err := s.readBody(x, r)
	if err != nil {
		return err
	}
	chunks, err := lowstate.Parse(body, s.maxChunks)
	if err != nil {
		return unparsable(err)
	}
	return s.answerTo(x, r, &lowstate.Call{Chunks: chunks})
}
