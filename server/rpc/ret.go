package rpc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

func retMethods() []*Method {
	needs := []role.Permission{role.ReturnerRead}
	return []*Method{
		method(about{
			name: "ret.get_returns", doc: "Find what minions returned. The newest commands are the first, unless a sort is named.",
			returns: "`{count, limit, results}`, a row for each return; `limit` is the one that was requested", needs: needs, served: recorded,
		}, getReturns),
		method(about{
			name: "ret.get_jid", doc: "Return what all minions returned for a command.",
			returns: "an object with an object for each minion", needs: needs, served: recorded,
		}, getJID),
		method(about{
			name: "ret.get_jids", doc: "Return commands by their job ids, the newest ones.",
			returns: "an object with the load of each command", needs: needs, served: recorded,
		}, getJIDs),
		method(about{
			name: "ret.get_load", doc: "Return what was published for a command.", returns: "an object: the load", needs: needs, served: recorded,
		}, getLoad),
		method(about{
			name: "ret.get_fun", doc: "Return the function that each minion ran last, or the minions that ran one last.",
			returns: "an object with a function for each minion", needs: needs, served: func(a *API) bool { return recorded(a) && runs(a) },
		}, getFun),
		method(about{
			name: "ret.get_minions", doc: "Return the minions whose keys are accepted.", returns: "an object with a list of minions for the master",
			needs: []role.Permission{role.ReturnerRead, role.MinionRead}, served: runs,
		}, getMinions),
	}
}

// streamed is a result that is written to the answer as it is read.
type streamed func(to *spool.Spool) error

type getReturnsParams struct {
	JID       string `rpc:"jid" doc:"The job id of the command."`
	MasterID  string `rpc:"master_id" doc:"A part of the master's name."`
	MinionID  string `rpc:"minion_id" doc:"A part of the minion's name."`
	Fun       string `rpc:"fun" doc:"The function; an asterisk at the end stands for any more."`
	User      string `rpc:"user" doc:"The user who ran the command."`
	JobName   string `rpc:"job_name" doc:"The saved job that was run, by its name."`
	JobUUID   string `rpc:"job_uuid" format:"uuid" doc:"The saved job that was run."`
	TgtName   string `rpc:"tgt_name" doc:"The saved target that it was run on, by its name."`
	TgtUUID   string `rpc:"tgt_uuid" format:"uuid" doc:"The saved target that it was run on."`
	MatchTgt  string `rpc:"match_tgt_uuid" format:"uuid" doc:"A saved target that the minion is in."`
	Args      string `rpc:"args" doc:"A part of the arguments."`
	Highstate *bool  `rpc:"highstate" doc:"Only those of highstates, or none of them."`
	Start     string `rpc:"start" format:"jid" doc:"The first job id."`
	End       string `rpc:"end" format:"jid" doc:"The last job id."`
	Limit     int    `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	HasErrors *bool  `rpc:"has_errors" doc:"Those that failed, or did not."`
	SortBy    string `rpc:"sort_by" enum:"minion_id|master_id|fun|has_errors|jid|job_name|tgt_name|user|alter_time" doc:"The column to sort by."`
	Reverse   bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Page      int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
}

func getReturns(ctx context.Context, c *call, p getReturnsParams) (any, error) {
	s := search{c: c, p: p}
	s.from, s.to = span(p.Page, p.Limit)
	if p.MatchTgt != "" && !strings.EqualFold(p.MatchTgt, AllMinions) {
		f, err := c.fleet(ctx)
		if err != nil {
			return nil, err
		}
		ids, err := f.inSaved(ctx, p.MatchTgt)
		if err != nil {
			return nil, err
		}
		s.in = make(map[string]bool, len(ids))
		for _, id := range ids {
			s.in[id] = true
		}
	}
	if strings.Contains(c.api.MasterID, p.MasterID) {
		if err := s.run(ctx); err != nil {
			return nil, err
		}
	}
	return streamed(func(to *spool.Spool) error {
		_, _ = fmt.Fprintf(to, `{"count":%d,"limit":%d,"results":[`, s.count, p.Limit) // an error stays
		if err := s.write(ctx, to); err != nil {
			return err
		}
		_, err := to.WriteString("]}")
		return err
	}), nil
}

// The bounds of a search of returns.
const (
	maxSortedReturns = 20_000 // that are sorted
	maxOpenedJobs    = 1000   // whose returns are looked at one by one
	jobsAtOnce       = 100    // that are read for a page
)

// search finds the returns of a page.
type search struct {
	c        *call
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
				s.c.warn(fmt.Sprintf("only the returns of %d commands were looked at: narrow the search", maxOpenedJobs))
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
			s.c.warn(fmt.Sprintf("only the first %d returns were sorted: narrow the search", maxSortedReturns))
		}
		s.sort()
		s.rows, s.parts = slice(s.rows, s.from, s.to), nil
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
	counts, err := s.c.api.Records.CountReturns(ctx, s.c.caller(), q.Filter)
	if err != nil {
		return err
	}
	if counts.More {
		s.c.warn(fmt.Sprintf("only the first %d commands were looked through: narrow the search, by start and end for example", counts.Jobs))
	}
	for examined := 0; s.count < s.to && examined < maxRows; {
		found, err := s.c.api.Records.Jobs(ctx, s.c.caller(), q)
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
	if err != nil && errorOf(err).Code == CodeNotFound { // it was removed meanwhile
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
		r, err := s.c.api.Records.Return(ctx, s.c.caller(), f.job.JID, f.ret.Minion)
		if err != nil && errorOf(err).Code != CodeNotFound { // it was removed meanwhile
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
		"alter_time": timeText(r.Time), "fun": j.Fun, "fun_args": argumentsOf(j), "has_errors": r.Outcome() != records.OK, "jid": r.JID,
		"master": a.MasterID, "master_uuid": uuidOf("master", a.MasterID), "minion_id": r.Minion,
	})
	value := valueOf(r) // which is in the row twice
	_, err := fmt.Fprintf(to, `%s%s,"full_ret":%s,"return":%s}`, before, row[:len(row)-1], a.fullReturn(j, r, value), value)
	return err
}

// jobs returns the commands whose returns are searched.
func (s *search) jobs(ctx context.Context) ([]records.Job, error) {
	if s.p.JID != "" {
		j, err := s.c.api.Records.Job(ctx, s.c.caller(), s.p.JID, false)
		if err != nil && errorOf(err).Code == CodeNotFound || err == nil && !s.matches(j) {
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
			n = compareBools(a.ret.Outcome() != records.OK, b.ret.Outcome() != records.OK)
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

// fullReturn returns a return in the form in which minions send it. The value is that
// of the return, as JSON.
func (a *API) fullReturn(j records.Job, r records.Return, value json.RawMessage) []byte {
	members := membersOf(j, r)
	members["cmd"], members["master_id"] = "_return", a.MasterID
	text := web.JSON(members)
	return append(append(append(text[:len(text)-1], `,"return":`...), value...), '}')
}

// membersOf returns the members of a return, but for its value.
func membersOf(j records.Job, r records.Return) map[string]any {
	m := map[string]any{
		"_stamp": timeText(r.Time), "fun": cmp.Or(r.Fun, j.Fun), "fun_args": argumentsOf(j), "id": r.Minion, "jid": r.JID,
		"retcode": r.Retcode, "success": r.Success,
	}
	if r.Omitted {
		m["omitted"] = true // larger than what is recorded; the master's job cache may have it
	}
	return m
}

// valueOf returns the value of a return as JSON; null if it is not recorded.
func valueOf(r records.Return) json.RawMessage {
	if len(r.Value) == 0 {
		return json.RawMessage("null")
	}
	return lowstate.AppendReturn(nil, r.Value)
}

// argumentsOf returns the arguments of a command as a list, as they are recorded.
func argumentsOf(j records.Job) json.RawMessage {
	switch {
	case isNull(j.Arguments):
		return json.RawMessage("[]")
	case j.Arguments[0] == '[':
		return j.Arguments
	}
	return append(append(json.RawMessage("["), j.Arguments...), ']')
}

type getJIDParams struct {
	JID      string `rpc:"jid,required" format:"jid" doc:"The job id of the command."`
	MasterID string `rpc:"master_id" doc:"The master. There is one, which any name means."`
}

func getJID(ctx context.Context, c *call, p getJIDParams) (any, error) {
	j, err := c.api.Records.Job(ctx, c.caller(), p.JID, false)
	if err != nil && errorOf(err).Code == CodeNotFound {
		return struct{}{}, nil // as for one that nothing returned for yet
	}
	if err != nil {
		return nil, err
	}
	return streamed(func(to *spool.Spool) error {
		before := "{"
		err := c.eachReturn(ctx, p.JID, records.ReturnQuery{Values: true}, func(r records.Return) error {
			if r.Missing {
				return nil
			}
			members := web.JSON(membersOf(j, r))
			_, _ = fmt.Fprintf(to, `%s%s:%s,"return":`, before, web.JSON(r.Minion), members[:len(members)-1]) // an error stays
			before = ","
			if len(r.Value) == 0 {
				_, err := to.WriteString("null}")
				return err
			}
			if err := lowstate.WriteReturn(to, r.Value); err != nil {
				return err
			}
			_, err := to.WriteString("}")
			return err
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
	}), nil
}

type getJIDsParams struct {
	Start string `rpc:"start" format:"jid" doc:"The first job id."`
	End   string `rpc:"end" format:"jid" doc:"The last job id."`
	Limit int    `rpc:"limit" doc:"How many; 1,000 at the most, which is also the default."`
}

// loadOf returns what was published for a command.
func (a *API) loadOf(j records.Job) map[string]any {
	load := map[string]any{
		"cmd": "publish", "jid": j.JID, "fun": j.Fun, "arg": argumentsOf(j), "user": j.User, "tgt": j.Tgt, "tgt_type": j.TgtType,
		"ret": "", "master_id": a.MasterID,
	}
	if j.Minions != nil {
		load["minions"] = j.Minions
	}
	return load
}

func getJIDs(ctx context.Context, c *call, p getJIDsParams) (any, error) {
	q := records.Query{Sort: records.Newest, Limit: records.MaxLimit}
	if p.Limit > 0 && p.Limit < q.Limit {
		q.Limit = p.Limit
	}
	if t, ok := records.StartOf(p.Start); ok {
		q.Filter.From = t
	}
	if t, ok := records.StartOf(p.End); ok {
		q.Filter.To = t.Add(time.Microsecond)
	}
	got, err := c.api.Records.Jobs(ctx, c.caller(), q)
	if err != nil {
		return nil, err
	}
	if got.Next != "" && q.Limit == records.MaxLimit {
		c.warn(fmt.Sprintf("there are more than %d commands", records.MaxLimit))
	}
	loads := make(map[string]any, len(got.Jobs))
	for _, j := range got.Jobs {
		loads[j.JID] = c.api.loadOf(j)
	}
	return loads, nil
}

type getLoadParams struct {
	MasterID string `rpc:"master_id,required" doc:"The master. There is one, which any name means."`
	JID      string `rpc:"jid,required" format:"jid" doc:"The job id of the command."`
}

func getLoad(ctx context.Context, c *call, p getLoadParams) (any, error) {
	j, err := c.api.Records.Job(ctx, c.caller(), p.JID, true)
	if err != nil {
		return nil, err
	}
	return c.api.loadOf(j), nil
}

type getFunParams struct {
	Fun string `rpc:"fun" doc:"Only the minions whose last function was this one."`
}

func getFun(ctx context.Context, c *call, p getFunParams) (any, error) {
	f, err := c.fleet(ctx)
	if err != nil {
		return nil, err
	}
	funs := make(map[string]string)
	for some := range slices.Chunk(f.ids, records.MaxLimit) {
		last, err := c.api.Records.LastJobs(ctx, c.caller(), some)
		if err != nil {
			return nil, err
		}
		for _, l := range last {
			if p.Fun == "" || p.Fun == l.Job.Fun {
				funs[l.Minion] = l.Job.Fun
			}
		}
	}
	return funs, nil
}

func getMinions(ctx context.Context, c *call, _ none) (any, error) {
	f, err := c.fleet(ctx)
	if err != nil {
		return nil, err
	}
	return map[string][]string{c.api.MasterID: append([]string{}, f.ids...)}, nil
}
