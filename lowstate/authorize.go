package lowstate

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
)

// Authorizer evaluates the rules of external_auth. *acl.Rules is one.
//
// The master authorizes the commands that are sent to it. The gateway
// authorizes what the master does not check: each function of a list, of which
// the master checks one, and runners that the gateway itself adds to a call.
type Authorizer interface {
	Publish(who acl.Who, c acl.Call) acl.Verdict
	Runner(who acl.Who, fun string, args, kwargs any) acl.Verdict
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
	who, ok := WhoIs(id)
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
		if g.rules.Publish(who, acl.Call{Fun: f.Name, Args: f.Args, Tgt: tgt, TgtType: cmd.TgtType}) != acl.Allowed {
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
	who, ok := WhoIs(id)
	return ok && g.rules.Runner(who, fun, args, acl.Map{}) == acl.Allowed
}
