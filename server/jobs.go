package server

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/saltern-api/saltern/lowstate"
)

// isJob matches what jobs are called by: with unique_jid the master adds its
// process id.
var isJob = regexp.MustCompile(`^[0-9]{20}(_[0-9]{1,20})?$`)

// jobs answers GET /jobs with the jobs that the master remembers.
func (s *mainSurface) jobs(x *exchange, r *http.Request) error {
	if jid := argument(r, "jid"); jid != "" {
		return s.job(x, r, jid)
	}
	sess, err := s.caller(x, r)
	if err != nil {
		return err
	}
	answers, err := s.call(x, r, sess.Token, lowstate.Compose(
		lowstate.Pair{Key: "client", Value: "runner"},
		lowstate.Pair{Key: "fun", Value: "jobs.list_jobs"}))
	if err != nil {
		return err
	}
	writeAnswers(x, answers)
	return nil
}

// job answers GET /jobs/<jid>: what is known of the job, and beside it its
// returns alone. A text that no job can be called by is not put before the
// master, but answered as a job that nobody knows.
func (s *mainSurface) job(x *exchange, r *http.Request, jid string) error {
	sess, err := s.caller(x, r)
	if err != nil {
		return err
	}
	if !isJob.MatchString(jid) {
		writeUnknownJob(x, jid)
		return nil
	}
	answers, err := s.call(x, r, sess.Token, lowstate.Compose(
		lowstate.Pair{Key: "client", Value: "runner"},
		lowstate.Pair{Key: "fun", Value: "jobs.list_job"},
		lowstate.Pair{Key: "jid", Value: jid}))
	if err != nil {
		return err
	}
	if !isTime(jid) && bytes.HasPrefix(answers[0], []byte(`"`)) {
		writeUnknownJob(x, jid) // the runner's own complaint, that the digits are no time
		return nil
	}
	returns, err := returnsOf(answers[0])
	if err != nil {
		return fmt.Errorf("jobs.list_job: %w", err)
	}
	writeJSON(x, http.StatusOK, bytes.Join([][]byte{
		[]byte(`{"info": [`), answers[0], []byte(`], "return": [`), returns, []byte(`]}`)}, nil))
	return nil
}

// writeUnknownJob answers as salt-api does for a job that nobody knows.
func writeUnknownJob(x *exchange, jid string) {
	writeJSON(x, http.StatusOK, []byte(`{"info": [{"jid": `+jsonText(jid)+
		`, "Error": "Cannot contact returner or no job with this jid", "StartTime": "", "Result": {}}], "return": [{}]}`))
}

// isTime reports whether the digits of a job id are a time, as those of ids
// that Salt itself has made.
func isTime(jid string) bool {
	const layout = "20060102150405"
	_, err := time.Parse(layout, jid[:len(layout)])
	return err == nil
}

// returnsOf takes {<minion>: <return>} out of what list_job tells. A minion
// without a return has null.
func returnsOf(job []byte) ([]byte, error) {
	info, err := members(job)
	if err != nil {
		return nil, err
	}
	result, err := members(info.get("Result"))
	if err != nil {
		return nil, err
	}
	b := []byte{'{'}
	for i, minion := range result {
		if i > 0 {
			b = append(b, `, `...)
		}
		told, err := members(minion.value)
		if err != nil {
			return nil, err
		}
		ret := told.get("return")
		if ret == nil {
			ret = []byte("null")
		}
		b = append(append(append(b, jsonText(minion.name)...), `: `...), ret...)
	}
	return append(b, '}'), nil
}
