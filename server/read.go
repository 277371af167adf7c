package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

// readChunks reads a lowstate in any of the formats.
func (s *mainSurface) readChunks(x *exchange, r *http.Request) ([]lowstate.Chunk, error) {
	if r.ContentLength != 0 {
		if err := format.Supports(bodyType(r.Header)); err != nil {
			return nil, s.undecodable(err)
		}
	}
	body, err := s.readText(x, r)
	if err != nil {
		return nil, err
	}
	if isJSON(r.Header) || len(body) > firstBuffer && holdsJSON(r.Header) {
		// The common case, and its errors say where.
		return s.parse(x, r, body)
	}
	if len(body) > 0 && format.IsForm(bodyType(r.Header)) {
		var chunk lowstate.Chunk
		err := s.inTurn(r, body, func() (err error) {
			chunk, err = s.readForm(body)
			return err
		})
		return []lowstate.Chunk{chunk}, err
	}
	value, err := s.decode(x, r, body)
	if err != nil {
		return nil, err
	}
	chunks, err := lowstate.FromValue(value, s.maxChunks)
	return chunks, unparsable(err)
}

// readForm reads a form but for those of its fields that take YAML.
func (s *mainSurface) readForm(body []byte) (lowstate.Chunk, error) {
	value, later, err := s.formats.DecodeForm(body)
	if err != nil {
		return lowstate.Chunk{}, s.undecodable(err)
	}
	chunks, err := lowstate.FromValue(value, 1)
	if err != nil {
		return lowstate.Chunk{}, unparsable(err)
	}
	for name, read := range later {
		later[name] = func(ctx context.Context, b *budget.Budget) (msgpack.Raw, error) {
			v, err := read(ctx, b)
			if e, ok := errors.AsType[*format.Error](err); ok { // the form itself is good
				err = &lowstate.Error{Kind: lowstate.Unavailable, Text: e.Text, RetryAfter: defaultRetryAfter, Err: e.Err}
			}
			return v, err
		}
	}
	return chunks[0].Deferring(later), nil
}

// decode reads a body in the format that the request names.
func (s *mainSurface) decode(x *exchange, r *http.Request, body []byte) (msgpack.Raw, error) {
	var value msgpack.Raw
	err := s.inTurn(r, body, func() (err error) {
		value, err = s.formats.Decode(r.Context(), x.budget, bodyType(r.Header), body)
		return err
	})
	if _, ok := errors.AsType[*format.Error](err); ok {
		return nil, s.undecodable(err)
	}
	return value, overspent(err)
}

// readChunk reads the one object that an endpoint takes; of a list it is the
// first.
func (s *mainSurface) readChunk(x *exchange, r *http.Request) (lowstate.Chunk, error) {
	chunks, err := s.readChunks(x, r)
	if err != nil {
		return lowstate.Chunk{}, err
	}
	if len(chunks) == 0 {
		return lowstate.Chunk{}, &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: "The request body has no object"}
	}
	return chunks[0], nil
}

// readText reads the whole body of a request, in UTF-8 where its charset is
// known.
func (s *surface) readText(x *exchange, r *http.Request) ([]byte, error) {
	body, err := s.readBody(x, r)
	if err != nil {
		return nil, err
	}
	text, err := format.Text(r.Header, body)
	if err != nil {
		return nil, s.undecodable(err)
	}
	return text, nil
}

// bodyType is the type of a body, or "" when there is none or more than
// one: then nobody can tell what another reader of the request made of it.
func bodyType(h http.Header) string {
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
