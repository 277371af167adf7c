package lowstate

import (
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Scope is what the caller's credential is for, besides the caller's own
// rights: that of an API token. *role.Set is one.
type Scope interface {
	Allows(c role.Call) role.Decision
}

var _ Scope = (*role.Set)(nil)

// targetRestricter is a job whose target can be narrowed.
type targetRestricter interface {
	restrictTarget(tgt, tgtType string)
}

// applyScope refuses a chunk that is out of the scope, and narrows the target
// of one that is partly in it. Jobs that the gateway itself publishes while it
// waits have the narrowed target, and are not checked again.
func (t *task) applyScope(s Scope) error {
	if s == nil {
		return nil
	}
	call, err := t.job.Command().scopeCall(t.rec.Client, *t.chunk)
	if err != nil {
		return outOfScope(err.Error())
	}
	switch d := s.Allows(call); d.Verdict {
	case role.Allowed:
	case role.Narrowed:
		job, ok := t.job.(targetRestricter)
		if !ok {
			return outOfScope("client " + call.Client + " has no target to narrow")
		}
		job.restrictTarget(d.Tgt, d.TgtType)
		t.rec.SentTgt, t.rec.SentTgtType = d.Tgt, d.TgtType
	default:
		return outOfScope(d.Why)
	}
	return nil
}

const textOutOfScope = "The token's scopes do not allow this"

// outOfScope is the error of a refused call. The reason quotes nothing of the
// client, see [role.Decision], and discloses nothing.
func outOfScope(why string) error {
	return &Error{Kind: OutOfScope, Text: textOutOfScope + ": " + why}
}

// commandOf returns the command of a job that publishes.
func commandOf(p *saltmaster.Publication) Command {
	return Command{Fun: p.Fun, Funs: p.Funs, Arg: p.Arg, Tgt: p.Tgt, TgtType: p.TgtType}
}

func restrictTarget(p *saltmaster.Publication, tgt, tgtType string) {
	p.Tgt, p.TgtType = msgpack.AppendString(nil, tgt), tgtType
}
