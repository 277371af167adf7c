package lowstate

import (
	"errors"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// maxFunctions is the maximum number of functions in a chunk. They run one
// after the other on each minion.
const maxFunctions = 100

// minionCall is the command for a minion: one function, or a list of them,
// which Salt calls a compound command.
type minionCall struct {
	fun  string      // the function, or the functions of a list joined by commas, for the log
	funs msgpack.Raw // the list; nil for one function
	arg  msgpack.Raw // the arguments as published; for a list, an array for each function
}

// minionCall returns the chunk's functions with their arguments.
func (c Chunk) minionCall() (minionCall, error) {
	if v, ok := c.present("fun"); ok && v.Kind() == msgpack.Array {
		return c.compound(v)
	}
	fun, err := c.function()
	if err != nil && !errors.Is(err, errEmptyFunction) { // minions return an error, as for any function that they do not have
		return minionCall{}, err
	}
	kwargs, err := c.mapping("kwarg")
	return minionCall{fun: fun, arg: conditioned(c.list("arg"), kwargs)}, err
}

func (c Chunk) compound(funs msgpack.Raw) (minionCall, error) {
	switch n := funs.Len(); {
	case n == 0:
		return minionCall{}, errors.New("fun is empty")
	case n > maxFunctions:
		return minionCall{}, fmt.Errorf("%d functions are more than the %d that fun may list", n, maxFunctions)
	case c.truthy("kwarg"):
		// Salt passes it to no function, or to the wrong one.
		return minionCall{}, errors.New(`kwarg does not go with a list of functions: ` +
			`end a function's arguments with {"__kwarg__": true, ...}`)
	}
	var names []string
	err := funs.Elems(func(e msgpack.Raw) error {
		name, err := functionName(e)
		names = append(names, name)
		return err
	})
	if err != nil {
		return minionCall{}, err
	}
	arg, err := c.compoundArg(len(names))
	return minionCall{fun: strings.Join(names, ","), funs: funs, arg: arg}, err
}

var errCompoundArg = errors.New("arg must have a list of arguments for each function")

// compoundArg returns n lists of arguments. A minion with fewer of them than
// functions does not return at all, and its caller would wait for it.
func (c Chunk) compoundArg(n int) (msgpack.Raw, error) {
	lists := c.list("arg")
	if lists == nil {
		lists = make([]msgpack.Raw, n)
	}
	if len(lists) != n {
		return nil, errCompoundArg
	}
	b := msgpack.AppendArray(nil, n)
	for _, list := range lists {
		switch {
		case isNothing(list):
			b = msgpack.AppendArray(b, 0)
		case list.Kind() == msgpack.Array:
			b = append(b, list...)
		default:
			return nil, errCompoundArg
		}
	}
	return b, nil
}

// isNothing reports whether a value is the placeholder of Salt's command line
// for an empty list.
func isNothing(v msgpack.Raw) bool {
	s, isText := v.Str()
	return len(v) == 0 || v.IsNil() || isText && s == ""
}
