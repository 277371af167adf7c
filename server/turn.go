package server

import (
	"errors"
	"net/http"
	"runtime"

	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/lowstate"
)

// turnsWaiting is how many requests may wait for a turn.
const turnsWaiting = 1000

// newTurns makes the turns in which large bodies are read: whoever sends them,
// one core is left for other requests.
func newTurns() *fair.Slots {
	return fair.NewSlots(fair.Options{Slots: runtime.GOMAXPROCS(0) - 1, Queue: turnsWaiting})
}

// turn waits for a turn to read a large body. The error is a refusal, or the
// context's.
func (s *surface) turn(r *http.Request) (release func(), err error) {
	release, err = s.turns.Acquire(r.Context(), fair.Key{From: fair.PrefixOf(r.Context())})
	if errors.Is(err, fair.ErrFull) {
		return nil, tooManyBodies()
	}
	return release, err
}

// inTurn has f read a body: in turn, if it is a large one.
func (s *surface) inTurn(r *http.Request, body []byte, f func() error) error {
	if len(body) <= firstBuffer {
		return f()
	}
	release, err := s.turn(r)
	if err != nil {
		return err
	}
	defer release()
	return f()
}

// parse reads a lowstate of JSON. Errors are refusals, or the context's.
func (s *surface) parse(x *exchange, r *http.Request, body []byte) (chunks []lowstate.Chunk, err error) {
	err = s.inTurn(r, body, func() error {
		chunks, err = lowstate.Parse(x.budget, body, s.maxChunks)
		return unparsable(err)
	})
	return chunks, err
}
