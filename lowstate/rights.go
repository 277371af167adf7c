package lowstate

import (
	"github.com/saltern-api/saltern/eauth"
)

// needsRights tells whether the gateway itself has to know what a job's caller may do: the master's own check lets lists
// of functions through that it should not, and of salt-ssh it hears nothing.
func needsRights(j Job) bool {
	if _, ok := j.(*sshJob); ok {
		return true
	}
	p, ok := j.(publisher)
	return ok && p.published().Funs != nil
}

const textRightsUnknown = "Authorization error occurred: an eauth module of the master decides what you may do, " +
	"which the gateway cannot ask for a list of functions or for the client ssh."

// errRightsUnknown is for a job that needs rights which only the master can tell.
var errRightsUnknown = &Error{Kind: Unauthorized, Text: textRightsUnknown}

// checked tells whether somebody has checked who the chunk's caller is.
func (t task) checked() bool {
	h, ok := t.id.Grant.(*eauth.CredentialGrant)
	return !ok || h.Verified()
}

// name notes the caller.
func (t task) name() { t.rec.User, t.rec.Eauth = t.id.User, t.id.Eauth }

// begin notes that the chunk has begun, in the name of who says to be its caller.
func (t task) begin() {
	t.name()
	t.rec.Begun = true
}

// end notes what came of the chunk. A caller whom the master has not known by then is nobody.
func (t task) end(err error) {
	t.rec.Done = err == nil
	if !t.checked() {
		t.rec.User, t.rec.Eauth = "", ""
	}
}
