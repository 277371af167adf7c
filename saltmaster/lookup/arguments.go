package lookup

import (
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// ErrAsk means that the master has to be asked.
var ErrAsk = errors.New("only the master can answer this")

func ask(why string) error { return fmt.Errorf("%w: %s", ErrAsk, why) }

// parameter is one of a function's parameters in Python: its name, and its
// default in msgpack, or nil if it has to be given.
type parameter struct {
	name string
	def  msgpack.Raw
}

// required, none and yes are parameters by their default.
func required(name string) parameter { return parameter{name, nil} }
func none(name string) parameter     { return parameter{name, msgpack.AppendNil(nil)} }
func no(name string) parameter       { return parameter{name, msgpack.AppendBool(nil, false)} }
func yes(name string) parameter      { return parameter{name, msgpack.AppendBool(nil, true)} }

// arguments are the values of all parameters of a call.
type arguments map[string]msgpack.Raw

// bind gives each parameter its value, as Python does. What would be a TypeError
// there is ErrAsk.
func bind(params []parameter, arg, kwarg msgpack.Raw) (arguments, error) {
	a := make(arguments, len(params))
	if jobcache.Plain(arg) != nil || jobcache.Plain(kwarg) != nil {
		return nil, ask("arguments that change in Python")
	}
	if arg.Kind() != msgpack.Array || kwarg.Kind() != msgpack.Map || arg.Len() > len(params) {
		return nil, ask("other arguments than the function has")
	}
	i := 0
	_ = arg.Elems(func(v msgpack.Raw) error {
		a[params[i].name] = v
		i++
		return nil
	})
	err := kwarg.Each(func(k, v msgpack.Raw) error {
		name, _ := k.Str()
		if _, twice := a[name]; twice || k.Kind() != msgpack.Str || !has(params, name) {
			return ask("an argument that the function does not have, or twice")
		}
		a[name] = v
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, p := range params {
		if _, ok := a[p.name]; ok {
			continue
		}
		if p.def == nil {
			return nil, ask("an argument is missing")
		}
		a[p.name] = p.def
	}
	return a, nil
}

func has(params []parameter, name string) bool {
	for _, p := range params {
		if p.name == name {
			return true
		}
	}
	return false
}

// flag returns a bool. None is false, as in Python; other values are left to
// the master.
func (a arguments) flag(name string) (bool, error) {
	v := a[name]
	if v.IsNil() {
		return false, nil
	}
	b, ok := v.Bool()
	if !ok {
		return false, ask(name + " is no bool")
	}
	return b, nil
}

// text returns a text.
func (a arguments) text(name string) (string, error) {
	v := a[name]
	s, ok := v.Str()
	if !ok || v.Kind() != msgpack.Str {
		return "", ask(name + " is no text")
	}
	return s, nil
}

// unset returns ErrAsk unless all of the arguments are false in Python.
func (a arguments) unset(names ...string) error {
	for _, name := range names {
		if v, ok := a[name]; ok && v.Truthy() {
			return ask(name + " is given")
		}
	}
	return nil
}
