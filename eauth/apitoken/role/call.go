package role

import (
	"regexp"

	"github.com/saltern-api/saltern/eauth/acl"
)

// Call is one chunk of a lowstate, as it would go out.
type Call struct {
	Client string // local, local_async, local_batch, local_subset, runner, runner_async, wheel, wheel_async, ssh

	// Funs is what is to run: one function, or the functions of a list.
	Funs []Function

	// Tgt and TgtType are the target of minions or hosts, with nodegroups
	// replaced by what they stand for: text, or for a list also []string or
	// []any of text. Delimiter is the chunk's, or empty for a colon.
	Tgt       any
	TgtType   string
	Delimiter string

	// Extras tells that the chunk has one of [ExtraKeys], or for salt-ssh any
	// option: that more is to run than the functions, or by other means.
	Extras bool

	// JID tells that the chunk chose the id of its job. Where there is a job of
	// that id already, what that one returned is the answer, whatever its
	// function was, and the master's record of it is written anew.
	JID bool

	// RawShell tells that salt-ssh is to run a command of the shell.
	RawShell bool

	// Hosts gives the ids that the target of salt-ssh matches, or false where
	// that cannot be told. Nil is the same as false.
	Hosts func() (ids []string, ok bool)
}

// ExtraKeys are the keys of a chunk by which code runs on a minion that is not
// the function's: returners, one of which writes to any file, and executors.
// Rules about functions say nothing of them, so they are for those who may run
// any function.
func ExtraKeys() []string {
	return []string{"ret", "ret_config", "ret_kwargs", "module_executors", "executor_opts"}
}

// Function is a function with its arguments, in the terms of package acl.
type Function struct {
	Name string

	// Args are the positional arguments. For minions and hosts they are as
	// published: keyword arguments are the last one, marked with __kwarg__.
	Args []any

	// Kwargs are those of a runner or a wheel function.
	Kwargs acl.Map
}

// rulesCall is the function as the rules see it. Where a minion may read the
// arguments in another way than the rules do, they see none: then no rule that
// asks for arguments allows it.
func (f Function) rulesCall() acl.Call {
	for i, arg := range f.Args {
		switch arg := arg.(type) {
		case string:
			if nameValue.MatchString(arg) {
				return acl.Call{Fun: f.Name}
			}
		case acl.Map:
			mark, marked := arg.Get("__kwarg__")
			if marked && (mark != true || i != len(f.Args)-1) {
				return acl.Call{Fun: f.Name}
			}
		}
	}
	return acl.Call{Fun: f.Name, Args: f.Args}
}

// nameValue finds text that a minion makes a keyword argument of, if the
// function has one of that name, and some more.
var nameValue = regexp.MustCompile(`^[\pL\pM\pN_][\pL\pM\pN_.\-]*=`)

// kind is what a client is for.
type kind uint8

const (
	unknown kind = iota
	minions
	runners
	wheels
	hosts
)

func (c Call) kind() kind {
	switch c.Client {
	case "local", "local_async", "local_batch", "local_subset":
		return minions
	case "runner", "runner_async":
		return runners
	case "wheel", "wheel_async":
		return wheels
	case "ssh":
		return hosts
	default:
		return unknown
	}
}
