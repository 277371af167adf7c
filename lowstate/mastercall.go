package lowstate

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// notForRunner are the chunk's keys that are never a runner's arguments.
var notForRunner = append([]string{
	"client", "fun", "arg", "kwarg",
	"token", "username", "password", "eauth",
	"user", "key",
}, notForRunnerSync...)

// notForRunnerSync are those that control how the client runner waits.
var notForRunnerSync = []string{"timeout", "full_return"}

// masterCall is a function of the master itself: a runner or a wheel.
type masterCall struct {
	fun        string
	arg, kwarg msgpack.Raw // an array and a map
}

// masterCall merges the three forms of arguments: a list arg, whose texts of
// the form name=value are keywords; an object kwarg; and any other key of the
// chunk itself, except reserved. Later forms override earlier ones.
func (c Chunk) masterCall(reserved []string) (masterCall, error) {
	fun, err := c.function()
	if err != nil {
		return masterCall{}, err
	}
	var args []msgpack.Raw
	var kwargs keywords
	for _, a := range c.list("arg") {
		if err := kwargs.parse(c.budget, a, &args); err != nil {
			return masterCall{}, err
		}
	}
	named, err := c.mapping("kwarg")
	if err != nil {
		return masterCall{}, err
	}
	for _, f := range named {
		kwargs.set(f.key, f.value)
	}
	for _, f := range c.fields {
		if !slices.Contains(reserved, f.key) {
			kwargs.set(f.key, f.value)
		}
	}
	return masterCall{fun: fun, arg: array(args), kwarg: object(kwargs.fields)}, nil
}

// keywords has the order of Python's dict: a name set twice keeps its place and
// takes the later value.
type keywords struct {
	fields []field
	at     map[string]int // the index of each name among the fields
}

func (k *keywords) set(key string, v msgpack.Raw) {
	if i, ok := k.at[key]; ok {
		k.fields[i].value = v
		return
	}
	if k.at == nil {
		k.at = make(map[string]int)
	}
	k.at[key] = len(k.fields)
	k.fields = append(k.fields, field{key, v})
}

func object(fields []field) msgpack.Raw {
	return appendFields(msgpack.AppendMap(nil, len(fields)), fields)
}

// nameValue matches a keyword argument of Salt's command line. It is compiled when it is
// first needed, so that the program starts in less time.
var nameValue = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([\p{L}\p{Nl}\p{Lo}_][\p{L}\p{N}_.\-]*)=((?:[^=\n].*)?)$`)
})

// parse adds one element of arg: texts are parsed as on Salt's command line,
// maps marked with __kwarg__: true are keywords, the rest is positional. The
// mark, whatever its value, is never passed to the runner. The error is that of
// the budget.
func (k *keywords) parse(b *budget.Budget, a msgpack.Raw, args *[]msgpack.Raw) error {
	switch a.Kind() {
	case msgpack.Str:
		s, _ := a.Str()
		return k.parseText(b, s, args)
	case msgpack.Map:
		mark, marked := a.Lookup("__kwarg__")
		if !marked {
			*args = append(*args, a)
			return nil
		}
		var unmarked []field
		_ = a.Each(func(key, v msgpack.Raw) error {
			if s, _ := key.Str(); s != "__kwarg__" {
				unmarked = append(unmarked, field{s, v})
			}
			return nil
		})
		if !isTrue(mark) {
			*args = append(*args, object(unmarked))
			return nil
		}
		for _, kw := range unmarked {
			k.set(kw.key, kw.value)
		}
	default:
		*args = append(*args, a)
	}
	return nil
}

func (k *keywords) parseText(b *budget.Budget, s string, args *[]msgpack.Raw) error {
	var m []string
	if strings.Contains(s, "=") {
		m = nameValue().FindStringSubmatch(s)
	}
	if m == nil {
		v, err := yamlin.Argument(b, s)
		*args = append(*args, v)
		return err
	}
	v, err := yamlin.Argument(b, m[2])
	k.set(m[1], v)
	return err
}

func isTrue(v msgpack.Raw) bool {
	b, ok := v.Bool()
	return ok && b
}

func array(elems []msgpack.Raw) msgpack.Raw {
	b := msgpack.AppendArray(nil, len(elems))
	for _, e := range elems {
		b = append(b, e...)
	}
	return b
}
