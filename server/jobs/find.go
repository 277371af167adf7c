package jobs

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

// maxExamined is how many jobs are looked through for a page, where not all that
// a filter selects may be shown.
const maxExamined = 10 * records.MaxLimit

// page is a page of jobs, and how many jobs there are if that was requested.
type page struct {
	jobs   []records.Job
	next   string
	counts *records.Counts
}

// find returns a page of the jobs that the caller sees.
func (s sight) find(ctx context.Context, from records.Reader, q query) (p page, err error) {
	exact, ok := s.narrow(&q.Filter)
	if !ok {
		// The rest of the query is checked, and selects nothing.
		exact = true
		q.Filter.From, q.Filter.To = time.Unix(1, 0), time.Unix(1, 0)
	}
	if !exact {
		if p, err = s.lookThrough(ctx, from, q.Query); err == nil && q.count {
			p.counts, err = s.count(ctx, from, q.Filter)
		}
		return p, err
	}
	found, err := from.Jobs(ctx, q.Query)
	if err != nil {
		return page{}, err
	}
	p = page{jobs: found.Jobs, next: found.Next}
	if q.count {
		counts, err := from.CountJobs(ctx, q.Filter)
		p.counts = &counts
		return p, err
	}
	return p, nil
}

// lookThrough returns a page of those jobs of a query that the caller sees. The
// cursor of the next page is that of the last job in this one: a cursor has the
// values by which a job is sorted, and those of others are not shown.
func (s sight) lookThrough(ctx context.Context, from records.Reader, q records.Query) (p page, err error) {
	size := records.PageSize(q.Limit)
	last, more := q, false // the query whose page ends with the last job shown
	for examined := 0; !more; {
		found, err := from.Jobs(ctx, q)
		if err != nil {
			return page{}, err
		}
		for i, j := range found.Jobs {
			if !s.job(j) {
				continue
			}
			if more = len(p.jobs) == size; more {
				break
			}
			p.jobs = append(p.jobs, j)
			last = q
			last.Limit = i + 1
		}
		if found.Next == "" {
			break
		}
		examined += len(found.Jobs)
		if examined >= maxExamined {
			more = true
		}
		q.After, q.Limit = found.Next, records.MaxLimit
	}
	switch {
	case !more:
		return p, nil
	case len(p.jobs) == 0:
		return page{}, errTooMany()
	}
	end, err := from.Jobs(ctx, last)
	p.next = end.Next
	return p, err
}

// errTooMany is the error for a search that is given up.
func errTooMany() error {
	return &web.Error{Status: http.StatusBadRequest, Text: fmt.Sprintf(
		"None of the first %d jobs that match may be shown: narrow the search, by from and to for example", maxExamined)}
}

// count counts those jobs of a filter that the caller sees, of the first
// [records.MaxCount].
func (s sight) count(ctx context.Context, from records.Reader, f records.Filter) (*records.Counts, error) {
	counts := &records.Counts{ByState: make(map[records.State]int)}
	q := records.Query{Filter: f, Limit: records.MaxLimit}
	for range records.MaxCount / records.MaxLimit {
		found, err := from.Jobs(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, j := range found.Jobs {
			if s.job(j) {
				counts.ByState[j.State]++
				counts.Total++
			}
		}
		if found.Next == "" {
			return counts, nil
		}
		q.After = found.Next
	}
	counts.More = true
	return counts, nil
}
