package lowstate

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Authorizer evaluates the rules of external_auth. *acl.Rules is one.
//
// The master authorizes the commands that are sent to it. The gateway
// authorizes what the master does not check: each function of a list, of which
// the master checks one, runners that the gateway itself adds to a call, and
// functions that are answered from the master's files.
type Authorizer interface {
	Publish(subject acl.Subject, c acl.Call) acl.Verdict
	Runner(subject acl.Subject, fun string, args, kwargs any) acl.Verdict
	Wheel(subject acl.Subject, fun string, args, kwargs any) acl.Verdict
}

var _ Authorizer = (*acl.Rules)(nil)

const textRightsUnknown = "Authorization error occurred: an eauth module of the master decides what you may do, " +
	"which the gateway cannot ask for a list of functions or for the client ssh."

// errRightsUnknown is the error for a job that needs rights which only an eauth
// module of the master can return.
var errRightsUnknown = &Error{Kind: Unauthorized, Text: textRightsUnknown}

// authorize refuses a job that the gateway has to check and that the caller is
// not certainly allowed.
func (g *Gateway) authorize(t *task) error {
	cmd := t.job.Command()
	switch {
	case !cmd.needsRights():
		return nil
	case t.id.RightsUnknown:
		return errRightsUnknown
	case cmd.Authorize != nil:
		return cmd.Authorize(t.id)
	case !g.allowsAll(t.id, cmd):
		return &Error{Kind: Unauthorized, Text: textUnauthorized,
			Err: fmt.Errorf("a function of the list %s is not surely allowed", printable(cmd.Fun))}
	}
	return nil
}

// allowsAll reports whether the rules certainly allow each function of a
// command.
func (g *Gateway) allowsAll(id eauth.Identity, cmd Command) bool {
	subject, ok := SubjectOf(id)
	if !ok || g.rules == nil {
		return false
	}
	tgt, ok := aclValue(cmd.Tgt)
	if !ok {
		return false
	}
	funs, err := cmd.functions()
	if err != nil {
		return false
	}
	for _, f := range funs {
		if g.rules.Publish(subject, acl.Call{Fun: f.Name, Args: f.Args, Tgt: tgt, TgtType: cmd.TgtType}) != acl.Allowed {
			return false
		}
	}
	return true
}

// allowsRunner reports whether the rules certainly allow a runner without
// keyword arguments.
func (g *Gateway) allowsRunner(id eauth.Identity, fun string, args []any) bool {
	if g.rules == nil {
		return false
	}
	subject, ok := SubjectOf(id)
	return ok && g.rules.Runner(subject, fun, args, acl.Map{}) == acl.Allowed
}

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
