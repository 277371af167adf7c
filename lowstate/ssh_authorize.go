package lowstate

import (
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/lowstate/saltssh"
)

// OffRoster is the privilege of a target outside of the roster: salt-ssh uses
// it as the name of a host, and connects to it.
const OffRoster = "off_roster"

// SSHPrivileges returns the names of what rules about functions do not cover:
// the settings of [saltssh.Privileged], and [OffRoster].
func SSHPrivileges() []string { return append(saltssh.Privileged(), OffRoster) }

// authorize applies the rules. A job that they do not allow does not run.
//
// Anything beyond running a function on a host of the roster requires the right
// to run any function there. A shell command is not checked by its first word,
// as salt-api does: it is not a function, and "user.*" means user.list and not
// userdel.
func (j *sshJob) authorize(id eauth.Identity) error {
	subject, ok := SubjectOf(id)
	if !ok || j.opts.Rules == nil {
		return errSSHUnauthorized
	}
	for _, arg := range j.ruleArgs {
		args, isList := aclList(arg)
		if !isList || j.opts.Rules.SSH(subject, j.rulesCall(args.([]any))) != acl.Allowed {
			return errSSHUnauthorized
		}
	}
	if !j.opts.Rules.Unrestricted(subject) {
		if err := j.restrict(); err != nil {
			return err
		}
	}
	j.allowed = true
	return nil
}

// rulesCall returns the call in the terms of the rules. salt-api checks the
// argument arg alone. The chunk's kwarg has to be allowed too: it could
// override what is in arg.
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

// restrict restricts a call to what rules about functions can allow.
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
	call := j.rulesCall(nil)
	if !j.call.KeepToRoster() {
		return sshPrivilege(OffRoster)
	}
	j.kept = &call
	return nil
}

var errSSHUnauthorized = &Error{Kind: Unauthorized, Text: textUnauthorized}

// sshPrivilege returns the error for a privilege that the caller does not have.
func sshPrivilege(name string) error {
	if name == OffRoster {
		name = "a target that may be none of the roster's"
	}
	return &Error{Kind: Unauthorized, Text: textUnauthorized + " " + name + " is for callers with unrestricted rights."}
}
