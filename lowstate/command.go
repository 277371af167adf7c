package lowstate

import (
	"errors"
	"slices"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Command is what a job is to run: everything by which the gateway decides
// whether it may run, and what the logs call it. The zero value is a command
// that no scope allows.
type Command struct {
	// Fun is the function, or for RawShell the command line. Of a list it is
	// the names joined by commas.
	Fun string

	// Funs is the list of functions of a compound command; nil for one
	// function. The master lets a whole list through as soon as one of its
	// functions is allowed, so that the gateway checks each.
	Funs msgpack.Raw

	// Arg is the array of arguments, for minions and hosts as it is published:
	// keyword arguments are the last one. Of a list it has an array for each
	// function.
	Arg msgpack.Raw

	// Kwarg is the map of keyword arguments, where these are apart: of runner
	// and wheel functions.
	Kwarg msgpack.Raw

	// Tgt and TgtType are the target, with nodegroups replaced; nil and "" for
	// functions of the master itself.
	Tgt     msgpack.Raw
	TgtType string

	// RawShell is set where Fun is a command line for a shell.
	RawShell bool

	// Extras is set where more is to run than the function, or by other means.
	// It is added to what [role.ExtraKeys] say of the chunk.
	Extras bool

	// Authorize decides whether the caller may run the command, where the
	// master does not, since the command does not go there. Nil elsewhere, which leaves the
	// decision to the master's own check.
	Authorize func(id eauth.Identity) error
}

// Name is the function as the logs and Salt's own records have it.
func (c Command) Name() string {
	if c.RawShell {
		return rawShell
	}
	return c.Fun
}

// needsRights reports whether the gateway itself has to know the caller's
// rights.
func (c Command) needsRights() bool { return c.Funs != nil || c.Authorize != nil }

var errNoTerms = errors.New("a target or an argument is of a kind that scopes have no terms for")

// functions returns the functions with their arguments.
func (c Command) functions() ([]role.Function, error) {
	if c.Funs == nil {
		f, err := calledFunction(c.Fun, c.Arg, c.Kwarg)
		return []role.Function{f}, err
	}
	var lists []msgpack.Raw
	_ = c.Arg.Elems(func(e msgpack.Raw) error {
		lists = append(lists, e)
		return nil
	})
	if len(lists) != c.Funs.Len() {
		return nil, errNoTerms
	}
	var funs []role.Function
	err := c.Funs.Elems(func(e msgpack.Raw) error {
		name, _ := e.Str()
		f, err := calledFunction(name, lists[len(funs)], nil)
		funs = append(funs, f)
		return err
	})
	return funs, err
}

func calledFunction(name string, arg, kwarg msgpack.Raw) (role.Function, error) {
	f := role.Function{Name: name}
	if arg != nil {
		args, ok := aclList(arg)
		if !ok {
			return f, errNoTerms
		}
		f.Args = args.([]any)
	}
	if kwarg != nil {
		kwargs, _ := aclValue(kwarg)
		m, ok := kwargs.(acl.Map)
		if !ok {
			return f, errNoTerms
		}
		f.Kwargs = m
	}
	return f, nil
}

// scopeCall is the command of a chunk in the terms of package role.
func (c Command) scopeCall(client string, chunk Chunk) (call role.Call, err error) {
	call = role.Call{Client: client, TgtType: c.TgtType, RawShell: c.RawShell || chunk.truthy("raw_shell"), Extras: c.Extras}
	call.Delimiter, _ = chunk.stringOr("delimiter", "")
	call.Extras = call.Extras || slices.ContainsFunc(role.ExtraKeys(), chunk.has)
	_, call.JID = chunk.present("jid")
	if c.Tgt != nil {
		var ok bool
		if call.Tgt, ok = aclValue(c.Tgt); !ok {
			return call, errNoTerms
		}
	}
	call.Funs, err = c.functions()
	return call, err
}
