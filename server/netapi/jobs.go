package netapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/web"
)

// isJob matches job ids: with unique_jid the master appends its process id.
var isJob = regexp.MustCompile(`^[0-9]{20}(_[0-9]{1,20})?$`)

// jobs answers GET /jobs with the jobs in the master's job cache.
func (s *CherryPy) jobs(x *web.Exchange, r *http.Request) error {
	if jid := argument(r, "jid"); jid != "" {
		return s.job(x, r, jid)
	}
	_, authority, release, err := s.authorize(x, r)
	if err != nil {
		return err
	}
	defer release()
	answers, err := s.call(r.Context(), x, authority, lowstate.Compose(
		lowstate.Pair{Key: "client", Value: "runner"},
		lowstate.Pair{Key: "fun", Value: "jobs.list_jobs"}))
	if err != nil {
		return err
	}
	return writeAnswers(x, answers)
}

// job answers GET /jobs/<jid>: the job's data, and beside it its returns alone.
// A text that cannot be a job id is not sent to the master, but answered as an
// unknown job.
func (s *CherryPy) job(x *web.Exchange, r *http.Request, jid string) error {
	wait, err := s.parseWait(r)
	if err != nil {
		return err
	}
	found, authority, release, err := s.authorize(x, r)
	if err != nil {
		return err
	}
	defer release()
	if !isJob.MatchString(jid) {
		writeUnknownJob(x, jid)
		return nil
	}
	if wait > 0 {
		return s.waitForJob(x, r, found, authority, jid, wait)
	}
	job, err := s.lookUpJob(r.Context(), x, authority, jid)
	if err != nil {
		return err
	}
	return answerJob(x, jid, job)
}

// answerJob writes what was found of a job.
func answerJob(x *web.Exchange, jid string, job msgpack.Section) error {
	if !isTime(jid) && job.Kind() == msgpack.Str {
		writeUnknownJob(x, jid) // the runner's own error: the digits are no time
		return nil
	}
	return writeJob(x, job)
}

// lookUpJob returns what the runner jobs.list_job does.
func (s *CherryPy) lookUpJob(ctx context.Context, x *web.Exchange, authority lowstate.Authority, jid string) (none msgpack.Section, err error) {
	answers, err := s.call(ctx, x, authority, lowstate.Compose(
		lowstate.Pair{Key: "client", Value: "runner"},
		lowstate.Pair{Key: "fun", Value: "jobs.list_job"},
		lowstate.Pair{Key: "jid", Value: jid}))
	if err != nil {
		return none, err
	}
	job, ok := answers[0].(lowstate.RunnerReturn)
	if !ok {
		return none, fmt.Errorf("jobs.list_job: the answer is a %T", answers[0])
	}
	return job.Return, nil
}

// writeJob writes a job, and beside it its returns alone.
func writeJob(x *web.Exchange, job msgpack.Section) error {
	mark := x.Spool.Size()
	_, _ = x.Spool.WriteString(`{"info": [`) // an error stays
	_ = lowstate.WriteSection(x.Spool, job)
	_, _ = x.Spool.WriteString(`], "return": [`)
	if err := writeReturns(x.Spool, job); err != nil {
		return fmt.Errorf("jobs.list_job: %w", err)
	}
	if _, err := x.Spool.WriteString(`]}`); err != nil {
		return err
	}
	return x.WriteSpooled(http.StatusOK, x.Spool.Since(mark))
}

// writeUnknownJob writes salt-api's response for an unknown job.
func writeUnknownJob(x *web.Exchange, jid string) {
	x.WriteJSON(http.StatusOK, []byte(`{"info": [{"jid": `+web.JSONText(jid)+
		`, "Error": "Cannot contact returner or no job with this jid", "StartTime": "", "Result": {}}], "return": [{}]}`))
}

// isTime reports whether the digits of a job id are a time, as in the ids that
// Salt itself generates.
func isTime(jid string) bool {
	const layout = "20060102150405"
	_, err := time.Parse(layout, jid[:len(layout)])
	return err == nil
}

// writeReturns writes {<minion>: <return>} from the result of list_job. A minion
// without a return has null.
func writeReturns(to *spool.Spool, job msgpack.Section) error {
	result, ok, err := job.Lookup("Result")
	if err != nil {
		return err
	}
	if !ok || result.Kind() != msgpack.Map {
		return errors.New("the answer has no map of results")
	}
	before := "{"
	err = result.Each(func(k msgpack.Raw, v msgpack.Section) error {
		minion, ok := k.Str()
		if !ok || v.Kind() != msgpack.Map {
			return errors.New("a result is no map")
		}
		ret, ok, err := v.Lookup("return")
		if err != nil {
			return err
		}
		if !ok {
			ret = msgpack.InMemory(msgpack.AppendNil(nil))
		}
		_, _ = to.Write(append(msgpack.AppendJSONString([]byte(before), minion), ": "...)) // an error stays
		before = ", "
		return lowstate.WriteSection(to, ret)
	})
	if err != nil {
		return err
	}
	end := "}"
	if before == "{" {
		end = "{}"
	}
	_, err = to.WriteString(end)
	return err
}
