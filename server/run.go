package server

import (
	"errors"
	"net/http"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
)

// post answers POST / and POST /jobs. A session's token stands for whatever
// the chunks say of their caller, as in salt-api.
func (s *mainSurface) post(x *exchange, r *http.Request) error {
	return s.lowstate(x, r, false)
}

// runChunks answers POST /run. There the chunks' own credentials come first,
// and a session serves those that have none.
func (s *mainSurface) runChunks(x *exchange, r *http.Request) error {
	return s.lowstate(x, r, true)
}

func (s *mainSurface) lowstate(x *exchange, r *http.Request, chunkFirst bool) error {
	chunks, err := s.readChunks(x, r)
	if err != nil {
		return err
	}
	x.recorder.SetChunks(chunkFirst, chunks...)
	token, err := s.tokenFor(x, r, chunks, chunkFirst)
	if err != nil {
		return err
	}
	return s.answerTo(x, r, lowstate.Call{
		Chunks: chunks, Authority: lowstate.Authority{Token: token}, ChunkFirst: chunkFirst})
}

// tokenFor returns the Salt token of the request's session, or "" when the
// chunks are to prove by themselves who sends them.
func (s *mainSurface) tokenFor(x *exchange, r *http.Request, chunks []lowstate.Chunk, chunkFirst bool) (string, error) {
	all := true
	for _, c := range chunks {
		all = all && c.HasCredentials()
	}
	creds := credentialsOf(r)
	if len(creds) == 0 || all && chunkFirst {
		return "", nil
	}
	sess, _, err := s.resolve(x, r, creds)
	if refused, ok := errors.AsType[*web.Error](err); ok && refused.Status == http.StatusUnauthorized && creds[0].cookie && all {
		// The browser still has a cookie of some session that is over. Nobody
		// chose to send it.
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return sess.Token, nil
}

// call runs chunks under a session's token.
func (s *mainSurface) call(x *exchange, r *http.Request, token string, chunks ...lowstate.Chunk) ([]lowstate.Answer, error) {
	return s.callAs(x, r, token, false, chunks...)
}

func (s *mainSurface) callAs(x *exchange, r *http.Request, token string, chunkFirst bool, chunks ...lowstate.Chunk) ([]lowstate.Answer, error) {
	res, err := s.run(x, r, lowstate.Call{
		Chunks: chunks, Authority: lowstate.Authority{Token: token}, ChunkFirst: chunkFirst})
	return res.Answers, err
}
