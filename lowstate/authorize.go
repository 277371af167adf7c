package lowstate

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Authorizer knows the rules of external_auth. *acl.Rules is one.
//
// The master's own check lets a whole list of functions through as soon as one
// of them is allowed. Each function of a list is therefore checked here, with
// the same rules, before the list is sent.
type Authorizer interface {
	Publish(who acl.Who, c acl.Call) acl.Verdict
}

var _ Authorizer = (*acl.Rules)(nil)

// publisher is a job that publishes what it was asked for.
type publisher interface {
	published() saltmaster.Publication
}

// authorize refuses the call when one of its lists of functions is not surely
// allowed.
func (g *Gateway) authorize(tasks []task) error {
	for _, t := range tasks {
		if t.id.RightsUnknown && needsRights(t.job) {
			return errRightsUnknown
		}
		if j, ok := t.job.(*sshJob); ok {
			if err := j.admit(t.id); err != nil {
				return err
			}
		}
		p, ok := t.job.(publisher)
		if !ok || p.published().Funs == nil {
			continue
		}
		if !g.allows(t.id, p.published()) {
			return &Error{Kind: Unauthorized, Text: textUnauthorized,
				Err: fmt.Errorf("a function of the list %s is not surely allowed", printable(t.job.Fun()))}
		}
	}
	return nil
}

func (g *Gateway) allows(id eauth.Identity, p saltmaster.Publication) bool {
	who, ok := WhoIs(id)
	if !ok || g.rules == nil {
		return false
	}
	tgt, ok := aclValue(p.Tgt)
	if !ok {
		return false
	}
	args, ok := aclValue(p.Arg)
	lists, isList := args.([]any)
	if !ok || !isList || len(lists) != p.Funs.Len() {
		return false
	}
	i := 0
	return p.Funs.Elems(func(e msgpack.Raw) error {
		fun, _ := e.Str()
		arg, _ := lists[i].([]any)
		i++
		if v := g.rules.Publish(who, acl.Call{Fun: fun, Args: arg, Tgt: tgt, TgtType: p.TgtType}); v != acl.Allowed {
			return fmt.Errorf("%s: %s", fun, v)
		}
		return nil
	}) == nil
}

// WhoIs is a caller in the terms of package acl. ok is false when the rules that
// came with the token cannot be read.
func WhoIs(id eauth.Identity) (who acl.Who, ok bool) {
	who = acl.Who{Eauth: id.Eauth, User: id.User, Groups: id.Groups, HasAuthList: id.AuthList != nil}
	if !who.HasAuthList {
		return who, true
	}
	b, err := msgpack.AppendFromJSON(nil, id.AuthList)
	if err != nil {
		return who, false
	}
	who.AuthList, ok = aclValue(b)
	return who, ok
}

// aclValue is a value in the terms of package acl. ok is false for what it has
// no terms for.
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

// readACLValue reads on, and passes over every byte once however deep it lies.
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
