package role

import (
	"regexp"

	"github.com/saltern-api/saltern/eauth/acl"
)

// Call is one chunk of a lowstate, as it would be sent.
type Call struct {
	Client string // local, local_async, local_batch, local_subset, runner, runner_async, wheel, wheel_async, ssh

	// Funs are the functions to run: one, or those of a list.
	Funs []Function

	// Tgt and TgtType are the target of minions or hosts, with nodegroups
	// replaced by what they stand for: text, or for a list also []string or
	// []any of text. Delimiter is the chunk's, or empty for a colon.
	Tgt       any
	TgtType   string
	Delimiter string

	// Extras is set where the chunk has one of [ExtraKeys], or for salt-ssh any
	// option: then more runs than the functions, or by other means.
	Extras bool

	// JID is set where the chunk contains the id of its job. If a job with this id
	// exists, its returns are the result, whatever its function was, and the master
	// overwrites its record.
	JID bool

	// RawShell is set where salt-ssh is to run a shell command.
	RawShell bool

	// Hosts returns the ids that the target of salt-ssh matches, or false where
	// they cannot be found out. Nil is the same as false.
	Hosts func() (ids []string, ok bool)
}

// ExtraKeys returns the keys of a chunk by which a minion runs code other than the
// function's: returners, one of which writes to any file, and executors. Rules about
// functions do not cover them, so they require the right to run any function.
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

// rulesCall returns the function as it is matched with rules. Where a minion may
// read the arguments in another way than the rules do, it has no arguments: then no
// rule with conditions on arguments allows it.
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

// nameValue matches text that a minion turns into a keyword argument if the
// function has one of that name, and some other text.
var nameValue = regexp.MustCompile(`^[\pL\pM\pN_][\pL\pM\pN_.\-]*=`)

// kind is the kind of a client.
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
