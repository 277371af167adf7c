package netapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

// readChunks reads a lowstate in any of the formats.
func (s *CherryPy) readChunks(x *web.Exchange, r *http.Request) ([]lowstate.Chunk, error) {
	if r.ContentLength != 0 {
		if err := format.Supports(web.BodyType(r.Header)); err != nil {
			return nil, x.Undecodable(err)
		}
	}
	body, err := x.ReadText(r)
	if err != nil {
		return nil, err
	}
	if web.IsJSON(r.Header) || web.IsLarge(body) && holdsJSON(r.Header) {
		// The common case, whose errors contain the position.
		return s.parse(x, r, body)
	}
	if len(body) > 0 && format.IsForm(web.BodyType(r.Header)) {
		var chunk lowstate.Chunk
		err := x.InTurn(r, body, func() (err error) {
			chunk, err = s.readForm(x, body)
			return err
		})
		return []lowstate.Chunk{chunk}, err
	}
	value, err := s.decode(x, r, body)
	if err != nil {
		return nil, err
	}
	chunks, err := lowstate.FromValue(value, s.MaxChunks)
	return chunks, unparsable(err)
}

// readForm reads a form without decoding the YAML of its fields.
func (s *CherryPy) readForm(x *web.Exchange, body []byte) (lowstate.Chunk, error) {
	value, later, err := s.Formats.DecodeForm(body)
	if err != nil {
		return lowstate.Chunk{}, x.Undecodable(err)
	}
	chunks, err := lowstate.FromValue(value, 1)
	if err != nil {
		return lowstate.Chunk{}, unparsable(err)
	}
	for name, read := range later {
		later[name] = func(ctx context.Context, b *budget.Budget) (msgpack.Raw, error) {
			v, err := read(ctx, b)
			if e, ok := errors.AsType[*format.Error](err); ok { // the form itself is valid
				err = &lowstate.Error{Kind: lowstate.Unavailable, Text: e.Text, RetryAfter: formRetryAfter, Err: e.Err}
			}
			return v, err
		}
	}
	return chunks[0].WithDeferred(later), nil
}

// decode decodes a body in the format of the request's Content-Type.
func (s *CherryPy) decode(x *web.Exchange, r *http.Request, body []byte) (msgpack.Raw, error) {
	var value msgpack.Raw
	err := x.InTurn(r, body, func() (err error) {
		value, err = s.Formats.Decode(r.Context(), x.Budget, web.BodyType(r.Header), body)
		return err
	})
	if _, ok := errors.AsType[*format.Error](err); ok {
		return nil, x.Undecodable(err)
	}
	return value, web.Overspent(err)
}

// readChunk reads the one object that an endpoint takes; of a list it is the
// first.
func (s *CherryPy) readChunk(x *web.Exchange, r *http.Request) (lowstate.Chunk, error) {
	chunks, err := s.readChunks(x, r)
	if err != nil {
		return lowstate.Chunk{}, err
	}
	if len(chunks) == 0 {
		return lowstate.Chunk{}, &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: "The request body has no object"}
	}
	return chunks[0], nil
}

// formRetryAfter is the Retry-After where the values of a form could not be
// read.
const formRetryAfter = 5 * time.Second
