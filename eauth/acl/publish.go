package acl

import "slices"

// Call is a call of one function on minions, as it would be published. A list of functions is one Call for each.
type Call struct {
	Fun string

	// Args are the arguments as they are published: keyword arguments are the last one, a [Map] with the key __kwarg__.
	Args []any

	Tgt     any    // text, or a list of text where TgtType takes one
	TgtType string // glob, list, compound, ...

	// Minions returns the ids that the target matches, for targets that Options.Targets cannot resolve: those of
	// salt-ssh's roster. ok is false when they are unknown. Nil means Options.Targets.
	Minions func() (ids []string, ok bool)
}

// findJob is called to wait for a job's end, so every user with a list may call it.
const findJob = "saltutil.find_job"

// Publish reports whether the caller may call a function on minions.
func (r *Rules) Publish(subject Subject, c Call) Verdict { return r.check(subject, c, findJob) }

// SSH reports whether the caller may call a function on hosts by salt-ssh. It differs from Publish in that no function
// is exempt: waiting for salt-ssh does not call saltutil.find_job. See [Roster] for the targets.
func (r *Rules) SSH(subject Subject, c Call) Verdict { return r.check(subject, c, "") }

// check is auth_check of Salt's CkMinions. The exempt function is allowed to every caller with a list, unless matching
// is expanded.
func (r *Rules) check(subject Subject, c Call, excepted string) Verdict {
	entries, isNone, o := r.list(subject)
	if o != yes {
		return o.verdict()
	}
	t := &aim{call: c, targets: r.opts.Targets, starCompared: r.opts.StarCompared}
	if r.opts.ExpandedMatching {
		if isNone {
			return Refused
		}
		return expanded(entries, t).verdict()
	}
	if excepted != "" && c.Fun == excepted {
		return Allowed
	}
	args, kwargs := c.split()
	return firstYes(entries, func(e entry) outcome {
		switch {
		case e.isText:
			return e.fun.match(c.Fun)
		case e.only == nil:
			return no
		case !e.only.isText:
			return mayFail // Salt 3008 fails, 3006 sees a target that no minion matches
		default:
			return t.within(e.only.target).and(func() outcome { return e.only.allows(c.Fun, args, kwargs) })
		}
	}).verdict()
}

// split separates the keyword arguments from the others. kwargs is nil where there are none.
func (c Call) split() (args []any, kwargs any) {
	if n := len(c.Args); n > 0 {
		if m, ok := c.Args[n-1].(Map); ok {
			if _, ok := m.Get("__kwarg__"); ok {
				return c.Args[:n-1], m
			}
		}
	}
	return c.Args, nil
}

// aim is the target of a call.
type aim struct {
	call         Call
	targets      Targets
	starCompared func() bool

	resolved bool
	ids      []string
	known    bool
}

// minions returns the ids that the call's target matches.
func (a *aim) minions() (ids []string, known bool) {
	if a.resolved {
		return a.ids, a.known
	}
	a.resolved = true
	switch {
	case a.call.Minions != nil:
		a.ids, a.known = a.call.Minions()
	case a.targets != nil:
		a.ids, a.known = a.targets.Match(a.call.Tgt, a.call.TgtType)
	}
	return a.ids, a.known
}

// within reports whether every minion of the call's target is one of the minions of a rule. For a target that matches
// no minion here the outcome is uncertain: the master would let it through, but minions behind a syndic may match it.
func (a *aim) within(target string) outcome {
	if target == anyone && (a.starCompared == nil || !a.starCompared()) {
		return yes
	}
	ids, known := a.minions()
	if known && len(ids) == 0 {
		return maybe
	}
	if target != "" && target[0] == '@' { // not the id of a minion; Salt 3006 looks it up as one nevertheless
		if known {
			return no
		}
		return maybe
	}
	if a.call.Minions == nil && a.same(target) {
		return yes
	}
	if !known || a.targets == nil {
		return maybe
	}
	allowed, ok := a.targets.Match(target, compound)
	if !ok {
		return maybe
	}
	return certain(!slices.ContainsFunc(ids, func(id string) bool { return !slices.Contains(allowed, id) }))
}

// same reports whether the call's target equals the rule's, so that both match the same minions.
func (a *aim) same(target string) bool {
	return a.call.TgtType == compound && a.call.Tgt == any(target)
}
