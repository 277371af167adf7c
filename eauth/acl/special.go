package acl

import "strings"

// Runner reports whether the caller may call a runner, such as jobs.active. args and kwargs are the values of arg and
// kwarg in the request's kwarg, where the master looks for them: a list and a [Map], or nil where there is none.
func (r *Rules) Runner(subject Subject, fun string, args, kwargs any) Verdict {
	return r.special(subject, "runner", fun, args, kwargs)
}

// Wheel is Runner for a wheel function, such as key.list_all.
func (r *Rules) Wheel(subject Subject, fun string, args, kwargs any) Verdict {
	return r.special(subject, "wheel", fun, args, kwargs)
}

// special checks the entries with an @: a module's name, "@runner", "@runners", ...
func (r *Rules) special(subject Subject, form, fun string, args, kwargs any) Verdict {
	entries, _, o := r.list(subject)
	if o != yes {
		return o.verdict()
	}
	return onMaster(entries, form, fun, args, kwargs).verdict()
}

// onMaster is special for given entries.
func onMaster(entries []entry, form, fun string, args, kwargs any) outcome {
	module, name, ok := strings.Cut(fun, ".")
	if !ok || strings.Contains(name, ".") {
		return no // the master's error is "Check syntax"
	}
	ofForm := func(s string) bool { return s == "@"+form || s == "@"+form+"s" }
	return firstYes(entries, func(e entry) outcome {
		switch {
		case e.isText:
			if e.text == "" {
				return fails // it has no first letter
			}
			return certain(e.text == "@"+module || ofForm(e.text))
		case e.only == nil:
			return no
		case !e.only.isText:
			return noLetter(e.only.key)
		case e.only.target == "":
			return fails
		}
		o := no
		if e.only.target == "@"+module {
			o = e.only.allows(name, args, kwargs)
		}
		if (o == no || o == maybe) && ofForm(e.only.target) {
			return firstYes([]outcome{o, e.only.allows(fun, args, kwargs)}, func(o outcome) outcome { return o })
		}
		return o
	})
}

// noLetter is the outcome of reading the first letter of a key that is no text.
func noLetter(key any) outcome {
	if b, ok := key.([]byte); ok && len(b) > 0 {
		return no // in Python its first item is a number
	}
	return fails
}
