package mastertest

import (
	"context"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// functions are the functions that a publication names. The master lets a list of them through when one is permitted.
func functions(fun msgpack.Raw) []string {
	if s, ok := fun.Str(); ok {
		return []string{s}
	}
	var names []string
	for _, e := range elements(fun) {
		name, _ := e.Str()
		names = append(names, name)
	}
	return names
}

// function is what a publication has as fun; a Job that a test made has only the name.
func (j Job) function() msgpack.Raw {
	if j.fun == nil {
		return text(j.Fun)
	}
	return j.fun
}

// answer has each function of a list answered, as a minion's answer to the list.
func (j Job) answer(ctx context.Context, f func(context.Context, Job) Return) Return {
	if j.function().Kind() != msgpack.Array {
		return f(ctx, j)
	}
	var all Return
	var returns, codes []pair
	for i, name := range functions(j.fun) {
		one := j
		one.Fun = name
		if i < len(j.Arg) {
			one.Arg = elements(j.Arg[i])
		}
		r := f(ctx, one)
		if r.Return == nil {
			r.Return = msgpack.AppendNil(nil)
		}
		returns = append(returns, pair{name, r.Return})
		codes = append(codes, pair{name, number(int64(r.Retcode))})
		all.Failed = all.Failed || r.Failed
	}
	all.Return, all.retcodes = object(returns...), object(codes...)
	return all
}
