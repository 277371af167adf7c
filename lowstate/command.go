package lowstate

import (
	"errors"
	"slices"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Command is the command of a job: everything by which the gateway authorizes
// it, and what the logs show of it. The zero value is a command that no scope
// allows.
type Command struct {
	// Fun is the function, or for RawShell the command line. For a list it is
	// the names joined by commas.
	Fun string

	// Funs is the list of functions of a compound command; nil for one
	// function. The master accepts a whole list if one of its functions is
	// allowed, so the gateway checks each.
	Funs msgpack.Raw

	// Arg is the array of arguments, for minions and hosts as it is published:
	// keyword arguments are the last one. For a list it has an array for each
	// function.
	Arg msgpack.Raw

	// Kwarg is the map of keyword arguments, if separate: of runner and wheel
	// functions.
	Kwarg msgpack.Raw

	// Tgt and TgtType are the target, with nodegroups expanded; nil and "" for
	// functions of the master itself.
	Tgt     msgpack.Raw
	TgtType string

	// RawShell is set if Fun is a command line for a shell.
	RawShell bool

	// Extras is set if the job does more than run the function, or runs it in
	// another way. It is added to the chunk's [role.ExtraKeys].
	Extras bool

	// Authorize reports whether the caller may run the command, where the
	// master does not check that, since the command is not sent there. Nil
	// leaves the decision to the master's own check.
	Authorize func(id eauth.Identity) error
}

// Name returns the function as in the logs and Salt's own records.
func (c Command) Name() string {
	if c.RawShell {
		return rawShell
	}
	return c.Fun
}

// needsRights reports whether the gateway itself needs the caller's rights.
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

// scopeCall returns the command of a chunk in the terms of package role.
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

// SubjectOf converts a caller to the terms of package acl. ok is false if the rules
// in the token cannot be decoded.
func SubjectOf(id eauth.Identity) (subject acl.Subject, ok bool) {
	subject = acl.Subject{Eauth: id.Eauth, User: id.User, Groups: id.Groups, HasAuthList: id.AuthList != nil}
	if !subject.HasAuthList {
		return subject, true
	}
	b, err := msgpack.AppendFromJSON(nil, id.AuthList)
	if err != nil {
		return subject, false
	}
	subject.AuthList, ok = aclValue(b)
	return subject, ok
}

// aclValue converts a value to the terms of package acl. ok is false for a type
// that package acl does not have.
func aclValue(v msgpack.Raw) (value any, ok bool) {
	r := msgpack.NewReader(v)
	return readACLValue(&r)
}

// aclList is aclValue of an array.
func aclList(v msgpack.Raw) (list any, ok bool) {
	if v.Kind() != msgpack.Array {
		return []any{}, false
	}
	return aclValue(v)
}

// readACLValue reads the next value, and reads every byte once at any depth.
func readACLValue(r *msgpack.Reader) (value any, ok bool) {
	var err error
	switch r.Kind() {
	case msgpack.Nil:
		return nil, r.Nil() == nil
	case msgpack.Bool:
		value, err = r.Bool()
	case msgpack.Int:
		if i, err := r.Int64(); err == nil {
			return i, true
		}
		value, err = r.Uint64()
	case msgpack.Float:
		value, err = r.Float64()
	case msgpack.Str:
		value, err = r.String()
	case msgpack.Array:
		return readACLList(r)
	case msgpack.Map:
		return readACLMap(r)
	default:
		return nil, false
	}
	return value, err == nil
}

func readACLList(r *msgpack.Reader) (any, bool) {
	n, err := r.ArrayLen()
	list := make([]any, 0, n)
	for range n {
		value, ok := readACLValue(r)
		if !ok {
			return list, false
		}
		list = append(list, value)
	}
	return list, err == nil
}

func readACLMap(r *msgpack.Reader) (any, bool) {
	n, err := r.MapLen()
	m := make(acl.Map, 0, n)
	for range n {
		key, okKey := readACLValue(r)
		value, ok := readACLValue(r)
		if !okKey || !ok {
			return m, false
		}
		m = append(m, acl.Pair{Key: key, Value: value})
	}
	return m, err == nil
}
