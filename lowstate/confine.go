package lowstate

import (
	"errors"
	"slices"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Scope is what the caller's credential is for, beside what the caller may
// do: that of an API token. *role.Set is one.
type Scope interface {
	Allows(c role.Call) role.Decision
}

var _ Scope = (*role.Set)(nil)

// narrower is a job whose target can be replaced.
type narrower interface {
	narrow(tgt, tgtType string)
}

// confine refuses a call of which any chunk is out of the scope, and narrows
// the targets of those that are in it in part. What the gateway itself asks
// minions, while it waits for them, is not asked about: it goes to the
// narrowed target.
func confine(s Scope, tasks []task) error {
	if s == nil {
		return nil
	}
	for _, t := range tasks {
		asked, err := scopeCall(*t.chunk, t)
		if err != nil {
			return outOfScope(err.Error())
		}
		switch d := s.Allows(asked); d.Verdict {
		case role.Allowed:
		case role.Narrowed:
			job, ok := t.job.(narrower)
			if !ok {
				return outOfScope("client " + asked.Client + " has no target to narrow")
			}
			job.narrow(d.Tgt, d.TgtType)
			t.rec.SentTgt, t.rec.SentTgtType = d.Tgt, d.TgtType
		default:
			return outOfScope(d.Why)
		}
	}
	return nil
}

const textOutOfScope = "The token's scopes do not allow this"

// outOfScope says why a call is refused. Nothing that the client wrote is in
// the reason, see [role.Decision], nor anything that it may not know.
func outOfScope(why string) error {
	return &Error{Kind: OutOfScope, Text: textOutOfScope + ": " + why}
}

var errNoTerms = errors.New("a target or an argument is of a kind that scopes have no terms for")

// scopeCall is a chunk in the terms of package role.
func scopeCall(c Chunk, t task) (role.Call, error) {
	asked := role.Call{Client: t.rec.Client, RawShell: c.truthy("raw_shell")}
	asked.Delimiter, _ = c.stringOr("delimiter", "")
	for _, key := range role.ExtraKeys() {
		if _, ok := c.Get(key); ok {
			asked.Extras = true
		}
	}
	var ok bool
	switch job := t.job.(type) {
	case publisher:
		p := job.published()
		_, asked.JID = c.present("jid")
		asked.TgtType = p.TgtType
		if asked.Tgt, ok = aclValue(p.Tgt); !ok {
			return asked, errNoTerms
		}
		asked.Funs, ok = publishedFunctions(p)
	case interface{ runs() saltmaster.RunnerCall }:
		r := job.runs()
		asked.Funs, ok = calledFunction(r.Fun, r.Arg, r.Kwarg)
	case interface{ turns() saltmaster.WheelCall }:
		w := job.turns()
		asked.Funs, ok = calledFunction(w.Fun, w.Arg, w.Kwarg)
	case *sshJob:
		asked.Tgt, asked.TgtType = job.call.Target, job.call.TargetType
		asked.Extras = asked.Extras || c.hasOtherKeys(plainSSH)
		asked.Funs, ok = calledFunction(job.call.Fun, job.arg, nil)
	}
	if !ok {
		return asked, errNoTerms
	}
	return asked, nil
}

// plainSSH are the keys of a chunk by which salt-ssh does nothing but run a
// function.
var plainSSH = []string{
	"client", "tgt", "tgt_type", "fun", "arg", "kwarg", "timeout", "raw_shell",
	"token", "username", "password", "eauth",
}

func (c Chunk) hasOtherKeys(known []string) bool {
	return slices.ContainsFunc(c.fields, func(f field) bool { return !slices.Contains(known, f.key) })
}

// publishedFunctions are the function of a publication, or those of its list,
// each with its arguments.
func publishedFunctions(p saltmaster.Publication) ([]role.Function, bool) {
	if p.Funs == nil {
		return calledFunction(p.Fun, p.Arg, nil)
	}
	var lists []msgpack.Raw
	_ = p.Arg.Elems(func(e msgpack.Raw) error {
		lists = append(lists, e)
		return nil
	})
	if len(lists) != p.Funs.Len() {
		return nil, false
	}
	var funs []role.Function
	err := p.Funs.Elems(func(e msgpack.Raw) error {
		name, _ := e.Str()
		one, ok := calledFunction(name, lists[len(funs)], nil)
		if !ok {
			return errNoTerms
		}
		funs = append(funs, one...)
		return nil
	})
	return funs, err == nil
}

func calledFunction(name string, arg, kwarg msgpack.Raw) ([]role.Function, bool) {
	f := role.Function{Name: name}
	if arg != nil {
		args, ok := aclValue(arg)
		if !ok {
			return nil, false
		}
		if f.Args, ok = args.([]any); !ok {
			return nil, false
		}
	}
	if kwarg != nil {
		kwargs, ok := aclValue(kwarg)
		if !ok {
			return nil, false
		}
		if f.Kwargs, ok = kwargs.(acl.Map); !ok {
			return nil, false
		}
	}
	return []role.Function{f}, true
}

func (j *localJob) narrow(tgt, tgtType string) { narrowed(&j.pub, tgt, tgtType) }
func (j *asyncJob) narrow(tgt, tgtType string) { narrowed(&j.pub, tgt, tgtType) }
func (j *batchJob) narrow(tgt, tgtType string) { narrowed(&j.pub, tgt, tgtType) }

func narrowed(p *saltmaster.Publication, tgt, tgtType string) {
	p.Tgt, p.TgtType = msgpack.AppendString(nil, tgt), tgtType
}

func (j *runnerJob) runs() saltmaster.RunnerCall { return j.call }
func (j *wheelJob) turns() saltmaster.WheelCall  { return j.call }
