package lowstate

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Lookups answers functions of the master from the master's own files. ok is
// false where the master has to run the function itself.
type Lookups interface {
	// HasRunner and HasWheel report whether a function may be answered at all.
	HasRunner(fun string) bool
	HasWheel(fun string) bool

	Runner(ctx context.Context, fun string, arg, kwarg msgpack.Raw) (ret msgpack.Section, ok bool)

	// Wheel returns the whole answer of the master to the function, for a user.
	Wheel(ctx context.Context, user, fun string, arg, kwarg msgpack.Raw) (answer msgpack.Raw, ok bool)
}

// permitLife is how long after the caller's authentication a job may be answered
// from files. A job that runs later, after other chunks, goes to the master,
// which checks the credentials again.
const permitLife = time.Second

// filePermit is the permission of a job to be answered from files. Its zero
// value is none.
type filePermit struct{ until time.Time }

func (p *filePermit) permitFiles(until time.Time) { p.until = until }

func (p *filePermit) holds() bool { return time.Now().Before(p.until) }

// lookupJob is a job that may be answered from files.
type lookupJob interface {
	Job

	// mayAllow reports whether the rules certainly allow the command of the
	// job, by the way that the master takes it.
	mayAllow(rules Authorizer, id eauth.Identity) bool

	permitFiles(until time.Time)
}

// permit gives a job the permission to be answered from files if the master
// would certainly accept its command: the caller is authenticated, and the rules
// of external_auth decide alone and allow the function with its arguments.
func (r *run) permit(t *task) error {
	job, ok := t.job.(lookupJob)
	if ok && r.rules != nil && t.checked() && !t.id.RightsUnknown && job.mayAllow(r.rules, t.id) {
		job.permitFiles(r.authenticated.Add(r.permitLife))
	}
	return nil
}

func (j *runnerJob) mayAllow(rules Authorizer, id eauth.Identity) bool {
	if j.Lookups == nil || j.full || !j.Lookups.HasRunner(j.call.Fun) {
		return false
	}
	subject, ok := SubjectOf(id)
	f, err := calledFunction(j.call.Fun, j.call.Arg, j.call.Kwarg)
	return ok && err == nil && rules.Runner(subject, f.Name, f.Args, f.Kwargs) == acl.Allowed
}

// fromFiles returns the return of the runner from the master's files. While the
// master is away, it is not known what it would say.
func (j *runnerJob) fromFiles(ctx context.Context) (ret msgpack.Section, ok bool) {
	if !j.holds() || !j.Bus.Connected() {
		return msgpack.Section{}, false
	}
	return j.Lookups.Runner(ctx, j.call.Fun, j.call.Arg, j.call.Kwarg)
}

// mayAllow evaluates no arguments: the master looks for those of a wheel
// function where a call has none (see [wheelCall]).
func (j *wheelJob) mayAllow(rules Authorizer, id eauth.Identity) bool {
	if j.Lookups == nil || !j.Lookups.HasWheel(j.call.Fun) {
		return false
	}
	subject, ok := SubjectOf(id)
	return ok && rules.Wheel(subject, j.call.Fun, nil, nil) == acl.Allowed
}

func (j *wheelJob) fromFiles(ctx context.Context, user string) (answer WheelReturn, ok bool) {
	if !j.holds() || !j.Bus.Connected() {
		return WheelReturn{}, false
	}
	answer.Raw, ok = j.Lookups.Wheel(ctx, user, j.call.Fun, j.call.Arg, j.call.Kwarg)
	return answer, ok
}
