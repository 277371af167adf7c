package acl

// entry is one entry of a user's list, in the forms that the checks need.
type entry struct {
	value any

	isText bool
	text   string
	fun    *pattern // the text as a pattern of functions

	isMap bool
	only  *rule // set for a mapping with exactly one pair
}

// rule is what is allowed for a target, or for one of the names with an @.
type rule struct {
	key    any
	target string // the key as text
	isText bool
	value  any
	funs   []condition
}

// condition is a function that is allowed if its arguments match.
type condition struct {
	fun  *pattern
	args []*arguments // one of these has to match; nil for any arguments
}

// arguments is the requirement {"args": [...], "kwargs": {...}}.
type arguments struct {
	args   []*pattern // nil is any argument
	kwargs []keyword

	argsFail, kwargsFail bool // the master's code ends in an exception when it evaluates them
}

type keyword struct {
	key  any
	want *pattern // nil is any value
}

func compileEntry(v any) entry {
	e := entry{value: v}
	switch v := v.(type) {
	case string:
		e.isText, e.text, e.fun = true, v, regex(v)
	case Map:
		e.isMap = true
		if len(v) == 1 {
			e.only = compileRule(v[0])
		}
	}
	return e
}

func compileRule(p Pair) *rule {
	r := &rule{key: p.Key, value: p.Value}
	r.target, r.isText = p.Key.(string)
	for _, c := range orList(p.Value) {
		switch c := c.(type) {
		case string:
			r.funs = append(r.funs, condition{fun: regex(c)})
		case Map:
			if len(c) == 1 {
				r.funs = append(r.funs, condition{fun: valuePattern(c[0].Key), args: compileArguments(c[0].Value)})
			}
		}
	}
	return r
}

// orList returns a list as it is, and any other value as a list with that one
// element.
func orList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func compileArguments(v any) []*arguments {
	all := []*arguments{} // not nil, which would allow any arguments
	for _, c := range orList(v) {
		if m, ok := c.(Map); ok {
			all = append(all, compileArgument(m))
		}
	}
	return all
}

func compileArgument(m Map) *arguments {
	a := new(arguments)
	if v, ok := m.Get("args"); ok {
		list, ok := items(v)
		a.argsFail = !ok
		for _, x := range list {
			a.args = append(a.args, orAny(x))
		}
	}
	if v, ok := m.Get("kwargs"); ok {
		pairs, ok := v.(Map)
		a.kwargsFail = !ok
		for _, p := range pairs {
			a.kwargs = append(a.kwargs, keyword{p.Key, orAny(p.Value)})
		}
	}
	return a
}

// orAny returns nil for a value that matches any argument.
func orAny(v any) *pattern {
	if v == nil {
		return nil
	}
	return valuePattern(v)
}

// allows reports whether one of the rule's functions is called with matching
// arguments.
func (r *rule) allows(fun string, args, kwargs any) outcome {
	return firstYes(r.funs, func(c condition) outcome {
		called := c.fun.match(fun)
		if c.args == nil {
			return called
		}
		return called.and(func() outcome {
			return firstYes(c.args, func(a *arguments) outcome { return a.met(args, kwargs) })
		})
	})
}

func (a *arguments) met(args, kwargs any) outcome {
	if a.argsFail {
		return fails
	}
	sum := yes
	for i, want := range a.args {
		sum = sum.and(func() outcome { return metAt(want, args, i) })
	}
	return sum.and(func() outcome {
		if a.kwargsFail {
			return fails
		}
		all := yes
		for _, k := range a.kwargs {
			all = all.and(func() outcome { return k.met(kwargs) })
		}
		return all
	})
}

// metAt reports whether argument i exists and matches.
func metAt(want *pattern, args any, i int) outcome {
	if args == nil {
		return no
	}
	list, ok := items(args)
	switch _, isMap := args.(Map); {
	case !ok:
		return fails // it has no length
	case len(list) <= i:
		return no
	case want == nil:
		return yes
	case isMap:
		return mayFail // i is looked up as a key
	default:
		return matchValue(want, list[i])
	}
}

func (k keyword) met(kwargs any) outcome {
	switch kwargs := kwargs.(type) {
	case nil:
		return no
	case Map:
		v, ok := kwargs.find(k.key)
		switch {
		case !ok:
			return no
		case k.want == nil:
			return yes
		default:
			return matchValue(k.want, v)
		}
	default:
		return mayFail
	}
}

// matchValue matches Python's str of a value.
func matchValue(want *pattern, v any) outcome {
	s, sure := text(v)
	if !sure && want.re != nil {
		return maybe
	}
	return want.match(s)
}
