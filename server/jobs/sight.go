package jobs

import (
	"context"
	"strings"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/caller"
)

// sight is which jobs a caller sees. The zero value sees none.
//
// Callers see their own jobs. They see those of others as far as both the
// master's job cache and the event streams would show them: the rules of
// external_auth surely allow the runners jobs.list_jobs and jobs.list_job, the
// caller has the rights cmd-read and returner-read, and events_acl shows the
// events of the job. A token without the right to see commands, or returns, sees
// jobs of its owner that its scopes would allow it to run.
type sight struct {
	caller *caller.Caller
	id     eauth.Identity
	scopes *role.Set // of a token; nil for none
	others bool
	events eventstream.Filter
	every  bool // events_acl shows every event to everyone
}

// sight returns what a caller sees.
func (a *API) sight(ctx context.Context, c *caller.Caller) sight {
	s := sight{caller: c, id: c.Identity()}
	if s.id.User == "" {
		return sight{}
	}
	if c.Principal != nil {
		if s.scopes = c.Principal.Scopes; s.scopes == nil {
			s.scopes = role.Compile(role.Options{}) // which allow nothing
		}
	} else {
		s.id.AuthList = c.Session.AuthList
	}
	s.every = a.Events == nil
	s.events = a.Events.Allowed(eventstream.Subject{User: s.id.User, Eauth: s.id.Eauth, Groups: s.id.Groups})
	s.others = a.maySeeOthers(ctx, c, s)
	return s
}

// maySeeOthers reports whether a caller surely has the rights for others' jobs.
func (a *API) maySeeOthers(ctx context.Context, c *caller.Caller, s sight) bool {
	if a.Rules == nil || a.Rights == nil {
		return false
	}
	for _, p := range []role.Permission{role.CmdRead, role.ReturnerRead} {
		if a.Rights.May(ctx, c.Issuer(), p) != nil {
			return false // the same where it cannot be known
		}
	}
	subject, ok := lowstate.SubjectOf(s.id)
	return ok && a.Rules.Runner(subject, "jobs.list_jobs", nil, acl.Map{}) == acl.Allowed &&
		a.Rules.Runner(subject, "jobs.list_job", nil, acl.Map{}) == acl.Allowed
}

// job reports whether the caller sees a job, and returns whether it sees what
// the minions of the job returned.
func (s sight) job(j records.Job) bool     { return s.sees(j, role.CmdRead) }
func (s sight) returns(j records.Job) bool { return s.sees(j, role.ReturnerRead) }

func (s sight) sees(j records.Job, needs role.Permission) bool {
	switch {
	case j.JID == "", s.id.User == "":
		return false
	case s.scopes != nil && !s.scopes.May(needs) && !scopesAllow(s.scopes, j):
		return false
	case s.owns(j):
		return true
	}
	return s.others && (s.every || s.events.Match(tagOfJob(j)) && s.events.Match(tagOfReturn(j, anyMinion)))
}

// ret reports whether the caller sees what one minion of a job, which the caller
// sees, returned.
func (s sight) ret(j records.Job, minion string) bool {
	return s.owns(j) || s.every || s.events.Match(tagOfReturn(j, minion))
}

// systemEauth is the eauth module whose users are those of the system.
const systemEauth = "pam"

// owns reports whether a job is the caller's. One of which the eauth module is
// not known may be of the salt command line: then it is that of the system's
// user with this name. A user of another eauth module may be someone else.
func (s sight) owns(j records.Job) bool {
	return j.User == s.id.User && (j.Eauth == s.id.Eauth || j.Eauth == "" && s.id.Eauth == systemEauth)
}

// narrow restricts a filter to what the caller may see, as far as a filter can.
// ok is false if that is nothing. exact reports whether there is no job that the
// filter selects and the caller does not see.
func (s sight) narrow(f *records.Filter) (exact, ok bool) {
	exact = s.scopes == nil || s.scopes.May(role.CmdRead)
	if s.others {
		return exact && s.every, true
	}
	if f.User != "" && f.User != s.id.User {
		return false, false
	}
	f.User = s.id.User
	if s.id.Eauth == systemEauth {
		return exact && f.Eauth == systemEauth, true
	}
	if f.Eauth != "" && f.Eauth != s.id.Eauth {
		return false, false
	}
	f.Eauth = s.id.Eauth
	return exact, s.id.User != "" && s.id.Eauth != ""
}

// anyMinion stands for any minion in a tag: globs for some of them do not match
// it.
const anyMinion = "any minion"

// tagOfJob returns the tag of the event of a job.
func tagOfJob(j records.Job) string { return beginOfTag(j) + "/new" }

// tagOfReturn returns the tag of the event of a return.
func tagOfReturn(j records.Job, minion string) string {
	begin := beginOfTag(j)
	if strings.HasPrefix(begin, "salt/job/") {
		return begin + "/ret/" + minion
	}
	return begin + "/ret"
}

func beginOfTag(j records.Job) string {
	switch kindOf(j.Client) {
	case "runner":
		return "salt/run/" + j.JID
	case "wheel":
		return "salt/wheel/" + j.JID
	}
	return "salt/job/" + j.JID
}

// kindOf returns the kind of a client: runner for runner_async.
func kindOf(client string) string {
	kind, _, _ := strings.Cut(client, "_")
	return kind
}

// scopesAllow reports whether the scopes of a token would allow it to run a job,
// on the same minions. Rules about arguments allow nothing here: the records
// have them hidden and cut.
func scopesAllow(scopes *role.Set, j records.Job) bool {
	kind := kindOf(j.Client)
	call := role.Call{Client: j.Client, Tgt: j.Tgt, TgtType: j.TgtType}
	for fun := range strings.SplitSeq(j.Fun, ",") {
		if kind == "runner" || kind == "wheel" {
			fun = strings.TrimPrefix(fun, kind+".") // as it is in events
		}
		call.Funs = append(call.Funs, role.Function{Name: fun})
	}
	switch d := scopes.Allows(call); d.Verdict {
	case role.Allowed:
		return true
	case role.Narrowed:
		return isNarrowed(scopes, call)
	}
	return false
}

// isNarrowed reports whether the target of a call is one that was narrowed by
// these scopes: narrowing what was requested then returns the same target.
func isNarrowed(scopes *role.Set, call role.Call) bool {
	is, _ := call.Tgt.(string)
	const all, and = "*", " and "
	if call.TgtType != "compound" {
		return false
	}
	call.Tgt = all
	limits := scopes.Allows(call).Tgt
	if limits == is {
		return true
	}
	end, ok := strings.CutPrefix(limits, all)
	requested, begins := strings.CutPrefix(is, all+and)
	requested, ends := strings.CutSuffix(requested, end)
	if !ok || !begins || !ends {
		return false
	}
	call.Tgt = strings.TrimSuffix(strings.TrimPrefix(requested, "( "), " )")
	again := scopes.Allows(call)
	return again.Verdict == role.Narrowed && again.Tgt == is
}
