package jobs

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

// shownJob is a job in /v1/jobs.
type shownJob struct {
	JID       string          `json:"jid"`
	User      string          `json:"user,omitempty"`
	Eauth     string          `json:"eauth,omitempty"`
	Client    string          `json:"client,omitempty"`
	Fun       string          `json:"fun,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Tgt       string          `json:"tgt,omitempty"`
	TgtType   string          `json:"tgt_type,omitempty"`
	State     records.State   `json:"state"`
	Start     time.Time       `json:"start"`
	End       *time.Time      `json:"end"`      // null before it
	Expected  *int            `json:"expected"` // null where it is not known
	Returned  int             `json:"returned"`
	Succeeded int             `json:"succeeded"`
	Failed    int             `json:"failed"`
	Minions   []string        `json:"minions,omitzero"`   // of one job only
	Complete  *bool           `json:"complete,omitempty"` // after a wait only: whether the job has ended
}

func showJob(j records.Job) shownJob {
	s := shownJob{
		JID: j.JID, User: j.User, Eauth: j.Eauth, Client: j.Client, Fun: j.Fun, Arguments: j.Arguments, Tgt: j.Tgt, TgtType: j.TgtType,
		State: j.State, Start: j.Start.UTC(), Returned: j.Returned, Succeeded: j.Succeeded, Failed: j.Failed, Minions: j.Minions,
	}
	if !j.End.IsZero() {
		end := j.End.UTC()
		s.End = &end
	}
	if j.Known {
		s.Expected = &j.Expected
	}
	return s
}

// shownPage is a page of jobs.
type shownPage struct {
	Jobs  []shownJob   `json:"jobs"`
	Next  string       `json:"next,omitempty"`
	Count *shownCounts `json:"count,omitempty"`
}

// shownCounts are the numbers of jobs that a filter selects.
type shownCounts struct {
	Total   int                   `json:"total"`
	ByState map[records.State]int `json:"by_state"`
	More    bool                  `json:"more,omitempty"` // counting ended before all were counted
}

func (p page) shown() shownPage {
	s := shownPage{Jobs: make([]shownJob, len(p.jobs)), Next: p.next}
	for i, j := range p.jobs {
		s.Jobs[i] = showJob(j)
	}
	if c := p.counts; c != nil {
		s.Count = &shownCounts{Total: c.Total, ByState: c.ByState, More: c.More}
	}
	return s
}

// shownReturn is what a minion returned, but for the value, which follows as the
// member return.
type shownReturn struct {
	Minion  string          `json:"minion"`
	State   records.Outcome `json:"state"`
	Time    *time.Time      `json:"time,omitempty"`
	Fun     string          `json:"fun,omitempty"`
	Success *bool           `json:"success,omitempty"`
	Retcode *int            `json:"retcode,omitempty"`
	Size    *int64          `json:"size,omitempty"` // in bytes of msgpack
	Omitted bool            `json:"omitted,omitempty"`
}

// writeReturn writes a return as JSON. The error is that of the spool.
func writeReturn(to *spool.Spool, r records.Return, value bool) error {
	s := shownReturn{Minion: r.Minion, State: r.Outcome(), Omitted: r.Omitted}
	if !r.Missing {
		at := r.Time.UTC()
		s.Time, s.Fun, s.Success, s.Retcode, s.Size = &at, r.Fun, &r.Success, &r.Retcode, &r.Size
	}
	head := web.JSON(s)
	if !value || len(r.Value) == 0 {
		_, err := to.Write(head)
		return err
	}
	_, _ = to.Write(append(bytes.TrimSuffix(head, []byte("}")), `,"return":`...)) // an error stays
	_ = lowstate.WriteReturn(to, r.Value)
	_, err := to.WriteString("}")
	return err
}
