package netapi

import (
	"bytes"
	"net/http"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
)

// minions answers GET /minions[/<glob>] with the grains of the matching
// minions.
func (s *CherryPy) minions(x *web.Exchange, r *http.Request) error {
	_, authority, release, err := s.authorize(x, r)
	if err != nil {
		return err
	}
	defer release()
	tgt := argument(r, "mid")
	if tgt == "" {
		tgt = "*"
	}
	answers, err := s.call(r.Context(), x, authority, lowstate.Compose(
		lowstate.Pair{Key: "client", Value: "local"},
		lowstate.Pair{Key: "tgt", Value: tgt},
		lowstate.Pair{Key: "fun", Value: "grains.items"}))
	if err != nil {
		return err
	}
	return writeAnswers(x, answers)
}

// startJobs answers POST /minions: every chunk is run as local_async, and the
// response links to the jobs.
func (s *CherryPy) startJobs(x *web.Exchange, r *http.Request) error {
	_, authority, release, err := s.authorize(x, r)
	if err != nil {
		return err
	}
	defer release()
	chunks, err := s.readChunks(x, r)
	if err != nil {
		return err
	}
	for i := range chunks {
		chunks[i] = chunks[i].With(lowstate.Pair{Key: "client", Value: "local_async"})
	}
	res, err := s.run(r.Context(), x, lowstate.Call{Chunks: chunks, Authority: authority})
	if err != nil {
		return err
	}
	s.locate(x, res.Answers)
	x.WriteJSON(http.StatusAccepted, linked(res.Answers))
	return nil
}

// linked returns the jobs' answers with a link to each job. A target that
// matches no minion starts no job.
func linked(answers []lowstate.Answer) []byte {
	var links [][]byte
	for _, a := range answers {
		if job, ok := a.(lowstate.Published); ok && job.JID != "" {
			links = append(links, []byte(`{"href": `+web.JSONText("/jobs/"+job.JID)+`}`))
		}
	}
	var b bytes.Buffer
	b.WriteString(`{"return": [`)
	for i, a := range answers {
		if i > 0 {
			b.WriteString(answersComma)
		}
		b.Write(a.JSON())
	}
	b.WriteString(`], "_links": {"jobs": [`)
	b.Write(bytes.Join(links, []byte(", ")))
	b.WriteString(`]}}`)
	return b.Bytes()
}

// argument returns a parameter of the path or, by its name, of the query, as in
// salt-api.
func argument(r *http.Request, name string) string {
	if v := web.Param(r, name); v != "" {
		return v
	}
	return r.URL.Query().Get(name)
}
