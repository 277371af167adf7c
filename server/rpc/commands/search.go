package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// The bounds of a search of returns.
const (
	maxSortedReturns = 20_000 // that are sorted
	maxOpenedJobs    = 1000   // whose returns are looked at one by one
	jobsAtOnce       = 100    // that are read for a page
)

// search finds the returns of a page.
type search struct {
	c        *Call
	p        getReturnsParams
	from, to int
	in       map[string]bool // the minions of match_tgt_uuid; nil for all

	rows  []found // of the page, if they are sorted
	parts []part  // of the page, if they are not
	count int
}

// found is a return with its command, without its value.
type found struct {
	job records.Job
	ret records.Return
}

// part is those returns of a command that are on a page: take of those that match, after
// skip of them.
type part struct {
	job        records.Job
	skip, take int
}

// run finds what is on the page. The returns of a command are read here only if they are
// sorted, or if the number of those that match is not known otherwise.
func (s *search) run(ctx context.Context) error {
	if s.isPlain() {
		return s.plain(ctx)
	}
	all, err := s.jobs(ctx)
	if err != nil {
		return err
	}
	sorted, opened := s.p.SortBy != "", 0
	for _, j := range all {
		n, exact := s.countOf(j)
		if n == 0 {
			continue
		}
		if !exact || sorted {
			if opened++; opened > maxOpenedJobs {
				s.c.Warn(fmt.Sprintf("only the returns of %d commands were looked at: narrow the search", maxOpenedJobs))
				break
			}
			n = 0
			err := s.each(ctx, j, false, func(r records.Return) error {
				if n++; sorted && len(s.rows) < maxSortedReturns {
					s.rows = append(s.rows, found{j, r})
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		s.add(j, n)
	}
	if sorted {
		if s.count > maxSortedReturns {
			s.c.Warn(fmt.Sprintf("only the first %d returns were sorted: narrow the search", maxSortedReturns))
		}
		s.sort()
		s.rows, s.parts = method.Slice(s.rows, s.from, s.to), nil
	}
	return nil
}

// add counts the returns of a command that match, and notes those on the page.
func (s *search) add(j records.Job, n int) {
	first, end := max(s.from, s.count), min(s.to, s.count+n)
	if first < end {
		s.parts = append(s.parts, part{j, first - s.count, end - first})
	}
	s.count += n
}

// isPlain reports whether the store knows which returns there are, and how many.
func (s *search) isPlain() bool {
	p := s.p
	return p.JID == "" && p.Highstate == nil && p.Args == "" && p.MinionID == "" && p.SortBy == "" && s.in == nil
}

// plain finds the page of a plain search. Of the commands as few are read as that takes.
func (s *search) plain(ctx context.Context) error {
	q := s.query()
	q.Limit = jobsAtOnce
	counts, err := s.c.api.Records.CountReturns(ctx, s.c.Caller, q.Filter)
	if err != nil {
		return err
	}
	if counts.More {
		s.c.Warn(fmt.Sprintf("only the first %d commands were looked through: narrow the search, by start and end for example", counts.Jobs))
	}
	for examined := 0; s.count < s.to && examined < maxRows; {
		found, err := s.c.api.Records.Jobs(ctx, s.c.Caller, q)
		if err != nil {
			return err
		}
		examined += len(found.Jobs)
		for _, j := range found.Jobs {
			n, _ := s.countOf(j)
			s.add(j, n)
		}
		if q.After = found.Next; q.After == "" {
			break
		}
		q.Limit = records.MaxLimit
	}
	s.count = counts.Returned
	if s.p.HasErrors != nil {
		s.count = counts.Succeeded
		if *s.p.HasErrors {
			s.count = counts.Failed
		}
	}
	return nil
}

// each calls f with the returns of a command that match.
func (s *search) each(ctx context.Context, j records.Job, values bool, f func(records.Return) error) error {
	q := s.outcome()
	q.Values = values
	err := s.c.eachReturn(ctx, j.JID, q, func(r records.Return) error {
		if r.Missing || s.in != nil && !s.in[r.Minion] || !strings.Contains(r.Minion, s.p.MinionID) || s.p.HasErrors != nil && *s.p.HasErrors != (r.Outcome() != records.OK) {
			return nil
		}
		return f(r)
	})
	if err != nil && method.ErrorOf(err).Code == method.CodeNotFound { // it was removed meanwhile
		return nil
	}
	return err
}

// write writes the rows, with their values: as they are read.
func (s *search) write(ctx context.Context, to *spool.Spool) error {
	before := ""
	row := func(j records.Job, r records.Return) error {
		err := s.writeRow(to, before, j, r)
		before = ","
		return err
	}
	for _, f := range s.rows {
		r, err := s.c.api.Records.Return(ctx, s.c.Caller, f.job.JID, f.ret.Minion)
		if err != nil && method.ErrorOf(err).Code != method.CodeNotFound { // it was removed meanwhile
			return err
		}
		if err == nil {
			if err := row(f.job, r); err != nil {
				return err
			}
		}
	}
	for _, p := range s.parts {
		n := 0
		err := s.each(ctx, p.job, true, func(r records.Return) error {
			if n++; n > p.skip+p.take {
				return errEnough
			}
			if n <= p.skip {
				return nil
			}
			return row(p.job, r)
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return nil
}

// errEnough ends the reading of returns of which no more are wanted.
var errEnough = errors.New("enough")

func (s *search) writeRow(to *spool.Spool, before string, j records.Job, r records.Return) error {
	a := s.c.api
	row := web.JSON(map[string]any{
		"alter_time": method.TimeText(r.Time), "fun": j.Fun, "fun_args": argumentsOf(j), "has_errors": r.Outcome() != records.OK, "jid": r.JID,
		"master": a.MasterID, "master_uuid": method.UUIDOf("master", a.MasterID), "minion_id": r.Minion,
	})
	value := valueOf(r) // which is in the row twice
	_, err := fmt.Fprintf(to, `%s%s,"full_ret":%s,"return":%s}`, before, row[:len(row)-1], a.fullReturn(j, r, value), value)
	return err
}

// jobs returns the commands whose returns are searched.
func (s *search) jobs(ctx context.Context) ([]records.Job, error) {
	if s.p.JID != "" {
		j, err := s.c.api.Records.Job(ctx, s.c.Caller, s.p.JID, false)
		if err != nil && method.ErrorOf(err).Code == method.CodeNotFound || err == nil && !s.matches(j) {
			return nil, nil
		}
		return []records.Job{j}, err
	}
	return s.c.jobs(ctx, s.query(), maxRows, s.matches)
}

// query returns what the store knows of the search.
func (s *search) query() records.Query {
	q := records.Query{Sort: records.Newest, Filter: records.Filter{User: s.p.User, Fun: s.p.Fun, Origin: s.p.origin()}}
	if t, ok := records.StartOf(s.p.Start); ok {
		q.Filter.From = t
	}
	if t, ok := records.StartOf(s.p.End); ok {
		q.Filter.To = t.Add(time.Microsecond)
	}
	return q
}

// origin returns what the commands were run from.
func (p getReturnsParams) origin() records.OriginFilter {
	f := records.OriginFilter{Job: strings.ToLower(p.JobUUID), Tgt: strings.ToLower(p.TgtUUID)}
	if p.JobName != "" {
		f.JobNames = []string{p.JobName}
	}
	if p.TgtName != "" {
		f.TgtNames = []string{p.TgtName}
	}
	return f
}

func (s *search) matches(j records.Job) bool {
	p := s.p
	for given, is := range map[[2]string]string{
		{"job_name", p.JobName}: j.Origin.JobName, {"tgt_name", p.TgtName}: j.Origin.TgtName,
		{"job_uuid", strings.ToLower(p.JobUUID)}: j.Origin.Job, {"tgt_uuid", strings.ToLower(p.TgtUUID)}: j.Origin.Tgt,
	} {
		if given[1] != "" && given[1] != is {
			return false
		}
	}
	switch {
	case p.User != "" && p.User != j.User, p.Highstate != nil && *p.Highstate != isHighstate(j):
		return false
	case p.JID != "" && (p.Start != "" && j.JID < p.Start || p.End != "" && j.JID > p.End):
		return false
	case p.JID != "" && p.Fun != "" && p.Fun != j.Fun && !beginsLike(j.Fun, p.Fun):
		return false
	}
	return strings.Contains(string(j.Arguments), p.Args)
}

// beginsLike reports whether a function begins as a pattern says: state.*
func beginsLike(fun, pattern string) bool {
	begin, ok := strings.CutSuffix(pattern, "*")
	return ok && strings.HasPrefix(fun, begin)
}

// countOf returns how many returns of a command match. If exact is false, some of
// them may not.
func (s *search) countOf(j records.Job) (n int, exact bool) {
	n = j.Returned
	if s.p.HasErrors != nil {
		n = j.Succeeded
		if *s.p.HasErrors {
			n = j.Failed
		}
	}
	return n, s.p.MinionID == "" && s.in == nil
}

func (s *search) outcome() records.ReturnQuery {
	switch {
	case s.p.HasErrors == nil:
		return records.ReturnQuery{}
	case *s.p.HasErrors:
		return records.ReturnQuery{Outcome: records.NotOK}
	}
	return records.ReturnQuery{Outcome: records.OK}
}

func (s *search) sort() {
	slices.SortStableFunc(s.rows, func(a, b found) int {
		n := 0
		switch s.p.SortBy {
		case "minion_id":
			n = strings.Compare(a.ret.Minion, b.ret.Minion)
		case "fun":
			n = strings.Compare(a.job.Fun, b.job.Fun)
		case "has_errors":
			n = method.CompareBools(a.ret.Outcome() != records.OK, b.ret.Outcome() != records.OK)
		case "jid":
			n = strings.Compare(a.job.JID, b.job.JID)
		case "user":
			n = strings.Compare(a.job.User, b.job.User)
		case "job_name":
			n = strings.Compare(a.job.Origin.JobName, b.job.Origin.JobName)
		case "tgt_name":
			n = strings.Compare(a.job.Origin.TgtName, b.job.Origin.TgtName)
		case "alter_time":
			n = a.ret.Time.Compare(b.ret.Time)
		}
		if s.p.Reverse {
			return -n
		}
		return n
	})
}
