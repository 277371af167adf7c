package lowstate

import (
	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// WhoIs converts a caller to the terms of package acl. ok is false if the rules
// in the token cannot be decoded.
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
