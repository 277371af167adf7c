package netapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// post answers POST / and POST /jobs. The session's token overrides the
// credentials of the chunks, as in salt-api.
func (s *CherryPy) post(x *web.Exchange, r *http.Request) error {
	return s.lowstate(x, r, false)
}

// runChunks answers POST /run. There the chunks' own credentials take
// precedence, and a session is for those that have none.
func (s *CherryPy) runChunks(x *web.Exchange, r *http.Request) error {
	return s.lowstate(x, r, true)
}

func (s *CherryPy) lowstate(x *web.Exchange, r *http.Request, chunkFirst bool) error {
	chunks, err := s.readChunks(x, r)
	if err != nil {
		return err
	}
	audit.Of(x).SetChunks(chunkFirst, chunks...)
	authority, release, err := s.authorityFor(x, r, chunks, chunkFirst)
	if err != nil {
		return err
	}
	defer release()
	return s.answerTo(x, r, lowstate.Call{Chunks: chunks, Authority: authority, ChunkFirst: chunkFirst})
}

// authorityFor returns the authority of the request's session or token, or none
// if the chunks have to authenticate themselves.
func (s *CherryPy) authorityFor(
	x *web.Exchange, r *http.Request, chunks []lowstate.Chunk, chunkFirst bool,
) (lowstate.Authority, func(), error) {
	none := func() {}
	all := true
	for _, c := range chunks {
		all = all && c.HasCredentials()
	}
	creds := caller.CredentialsOf(r)
	if len(creds) == 0 || all && chunkFirst {
		return lowstate.Authority{}, none, nil
	}
	_, authority, release, err := s.authorize(x, r)
	if e, ok := errors.AsType[*web.Error](err); ok && e.Status == http.StatusUnauthorized && creds[0].Cookie && all {
		// The cookie is of a session that has ended. The browser sends it by
		// itself.
		return lowstate.Authority{}, none, nil
	}
	return authority, release, err
}

// call runs chunks with an authority.
func (s *CherryPy) call(
	ctx context.Context, x *web.Exchange, a lowstate.Authority, chunks ...lowstate.Chunk,
) ([]lowstate.Answer, error) {
	res, err := s.run(ctx, x, lowstate.Call{Chunks: chunks, Authority: a})
	return res.Answers, err
}
