package netapi

import (
	"fmt"
	"io"
	"net/http"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

// answerTo runs a call and writes its answers: as they come, if the client that
// runs last has more than one and the format does not need all of them at once.
func (s *Calls) answerTo(x *web.Exchange, r *http.Request, call lowstate.Call) error {
	if x.Media != format.JSON || !s.Gateway.Streams(call) {
		res, err := s.run(r.Context(), x, call)
		if err != nil {
			return err
		}
		s.locate(x, res.Answers)
		return writeAnswers(x, res.Answers)
	}
	defer s.Metrics.count(x)
	w := answerStream{x: x}
	res, err := s.Gateway.RunStream(r.Context(), s.begin(x, call), func(soFar lowstate.Result, item lowstate.Answer) error {
		audit.Of(x).SetResult(soFar)
		return w.item(item)
	})
	audit.Of(x).SetOutcome(res, err)
	if err != nil {
		return err
	}
	return w.end()
}

// answerStream writes answers one by one. The client sees each when it is
// written, and a truncated response has no end.
type answerStream struct {
	x     *web.Exchange
	begun bool
}

func (w *answerStream) item(answer lowstate.Answer) error {
	before := answersComma
	if !w.begun {
		w.begin()
		before = answersHead
	}
	return w.write(before, answer)
}

func (w *answerStream) begin() {
	w.begun = true
	h := w.x.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Accel-Buffering", "no") // nginx would buffer the response
	w.x.WriteHeader(http.StatusOK)
}

func (w *answerStream) end() error {
	if w.begun {
		return w.write(answersTail, nil)
	}
	w.begin()
	return w.write(answersHead+answersTail, nil)
}

// write writes text, and then an answer if there is one. The client sees them
// when it returns.
func (w *answerStream) write(text string, answer lowstate.Answer) error {
	if _, err := io.WriteString(w.x, text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	if answer != nil {
		if err := w.answer(answer); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
	}
	if err := w.x.Control.Flush(); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// answer writes an answer, whose room in the spool is then free.
func (w *answerStream) answer(answer lowstate.Answer) error {
	before := w.x.Spool.Size()
	part, err := lowstate.Put(w.x.Spool, answer)
	if err != nil {
		return err
	}
	if err := w.x.WriteSection(part); err != nil {
		return err
	}
	return w.x.Spool.Truncate(before)
}
