package lowstate

import (
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/lowstate/saltssh"
)

// OffRoster is what a caller chooses whose target is none of the roster's:
// salt-ssh takes it for the name of a host, and goes there.
const OffRoster = "off_roster"

// SSHPrivileges returns the names of what rules about functions say nothing of:
// the settings of [saltssh.Privileged], and [OffRoster].
func SSHPrivileges() []string { return append(saltssh.Privileged(), OffRoster) }

// authorize applies the rules. A job that they do not allow does not run.
//
// What goes beyond running a function on a host of the roster is for callers
// with the right to run any function there. A command of the shell is not checked by its
// first word, as salt-api does: it is no function, and "user.*" means user.list
// and not userdel.
func (j *sshJob) authorize(id eauth.Identity) error {
	who, ok := WhoIs(id)
	if !ok || j.opts.Rules == nil {
		return errSSHUnauthorized
	}
	for _, arg := range j.ruleArgs {
		args, isList := aclList(arg)
		if !isList || j.opts.Rules.SSH(who, j.rulesCall(args.([]any))) != acl.Allowed {
			return errSSHUnauthorized
		}
	}
	if !j.opts.Rules.Unrestricted(who) {
		if err := j.restrict(); err != nil {
			return err
		}
	}
	j.allowed = true
	return nil
}

// rulesCall is the call in the terms of the rules. salt-api shows them the
// argument arg alone. What the chunk has in kwarg has to be allowed beside that:
// it would stand for what is in arg, and come to the function in its place.
func (j *sshJob) rulesCall(args []any) acl.Call {
	c := acl.Call{Fun: j.call.Fun, Args: args, Tgt: j.call.Target, TgtType: j.call.TargetType}
	if j.call.TargetType == "list" {
		var ids []any
		for id := range strings.SplitSeq(j.call.Target, ",") {
			ids = append(ids, id)
		}
		c.Tgt = ids
	}
	if j.otherRoster {
		c.Minions = func() ([]string, bool) { return nil, false }
	}
	return c
}

// restrict keeps a call to what rules about functions can allow.
func (j *sshJob) restrict() error {
	if j.call.RawShell {
		return sshPrivilege("raw_shell")
	}
	for _, name := range j.call.Settings.Privileged() {
		if !slices.Contains(j.opts.Open, name) {
			return sshPrivilege(name)
		}
	}
	if slices.Contains(j.opts.Open, OffRoster) {
		return nil
	}
	asked := j.rulesCall(nil)
	if !j.call.KeepToRoster() {
		return sshPrivilege(OffRoster)
	}
	j.kept = &asked
	return nil
}

var errSSHUnauthorized = &Error{Kind: Unauthorized, Text: textUnauthorized}

// sshPrivilege refuses what is for callers with more rights.
func sshPrivilege(name string) error {
	if name == OffRoster {
		name = "a target that may be none of the roster's"
	}
	return &Error{Kind: Unauthorized, Text: textUnauthorized + " " + name + " is for callers with unrestricted rights."}
}
