package callback

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// MaxResults is the most bytes of the results in a document. What is beyond it is
// left out.
const MaxResults = 1 << 20

// resultsPage is how many returns are read at once.
const resultsPage = 32

// Document is what a destination gets. Fields may be added to it. Times are in RFC
// 3339.
type Document struct {
	Event   string    `json:"event"`   // job.ended
	ID      string    `json:"id"`      // the same in each attempt
	Time    time.Time `json:"time"`    // of this attempt
	Attempt int       `json:"attempt"` // from 1
	Job     Job       `json:"job"`

	// Results are in the order of the minions' names. They are there if the
	// destination is to have them and the caller that it was promised to may see
	// them. Complete is false if some were left out.
	Results  json.RawMessage `json:"results,omitempty"`
	Complete *bool           `json:"results_complete,omitempty"`
}

// Job is the job that has ended, with the names of /v1/jobs.
type Job struct {
	JID       string        `json:"jid"`
	Master    string        `json:"master,omitempty"` // where several masters share a database
	User      string        `json:"user,omitempty"`
	Fun       string        `json:"fun,omitempty"`
	State     records.State `json:"state"`
	Start     time.Time     `json:"start"`
	End       time.Time     `json:"end"`
	Expected  *int          `json:"expected"` // null where it is not known
	Returned  int           `json:"returned"`
	Succeeded int           `json:"succeeded"`
	Failed    int           `json:"failed"`
}

// Result is what one minion returned, but for the value, which follows as the
// member return.
type Result struct {
	Minion  string          `json:"minion"`
	State   records.Outcome `json:"state"`
	Time    *time.Time      `json:"time,omitempty"`
	Success *bool           `json:"success,omitempty"`
	Retcode *int            `json:"retcode,omitempty"`
	Omitted bool            `json:"omitted,omitempty"` // the value is too large for the records
}

// errGone means that a job is no longer recorded.
var errGone = errors.New("the job is not recorded any more")

// document returns the document of an attempt.
func (s *Service) document(ctx context.Context, c records.Callback, results bool, now time.Time) ([]byte, error) {
	j, err := s.store.Job(ctx, c.JID, false)
	if err != nil {
		return nil, gone(err)
	}
	d := Document{
		Event: "job.ended", ID: c.ID, Time: now.UTC(), Attempt: c.Attempts,
		Job: Job{
			JID: j.JID, Master: j.Master, User: j.User, Fun: j.Fun, State: j.State, Start: j.Start.UTC(), End: j.End.UTC(),
			Returned: j.Returned, Succeeded: j.Succeeded, Failed: j.Failed,
		},
	}
	if j.Known {
		d.Job.Expected = &j.Expected
	}
	if results {
		all, complete, err := s.results(ctx, c.JID)
		if err != nil {
			return nil, gone(err)
		}
		d.Results, d.Complete = all, &complete
	}
	return json.Marshal(d)
}

func gone(err error) error {
	if errors.Is(err, records.ErrNotFound) {
		return errGone
	}
	return err
}

// results returns what the minions returned, as far as that is not too large.
func (s *Service) results(ctx context.Context, jid string) (all []byte, complete bool, err error) {
	b := bytes.NewBufferString("[")
	q := records.ReturnQuery{Values: true, Limit: resultsPage}
	for {
		page, err := s.store.Returns(ctx, jid, q)
		if err != nil {
			return nil, false, err
		}
		for _, r := range page.Returns {
			one, err := result(r)
			if err != nil {
				return nil, false, err
			}
			if b.Len()+len(one)+len(",]") > MaxResults {
				b.WriteByte(']')
				return b.Bytes(), false, nil
			}
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			b.Write(one)
		}
		if q.After = page.Next; page.Next == "" {
			b.WriteByte(']')
			return b.Bytes(), true, nil
		}
	}
}

// result returns a return as JSON. One that JSON cannot have is omitted.
func result(r records.Return) ([]byte, error) {
	out := Result{Minion: r.Minion, State: r.Outcome(), Omitted: r.Omitted}
	if !r.Missing {
		at := r.Time.UTC()
		out.Time, out.Success, out.Retcode = &at, &r.Success, &r.Retcode
	}
	var value []byte
	if len(r.Value) > 0 {
		var err error
		if value, err = msgpack.AppendJSON(nil, r.Value); err != nil || !json.Valid(value) { // NaN, for one
			value, out.Omitted = nil, true
		}
	}
	head, err := json.Marshal(out)
	if err != nil || value == nil {
		return head, err
	}
	head = append(bytes.TrimSuffix(head, []byte("}")), `,"return":`...)
	return append(append(head, value...), '}'), nil
}
