package role

import (
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/acl"
)

// Wider is the error for a part of a role that allows more than a set, or may do so.
type Wider struct{ What string }

// Error names that part, in texts of this package only.
func (w *Wider) Error() string {
	return w.What + " allows more than your own roles do, or that cannot be told"
}

// Covers returns a [*Wider] where a role allows something that the set does not.
// Patterns and targets are compared if they have the usual forms: names, prefixes,
// lists and the operators between them. Where one cannot be compared, the role
// counts as wider.
func (s *Set) Covers(o Options, r Role) error {
	if s.has[Superuser] && s.edits {
		return nil
	}
	for _, p := range r.Permissions {
		if p != TargetAllMinionsRun && !s.May(p) {
			return &Wider{fmt.Sprintf("the permission %s", p)}
		}
	}
	allMinions := s.anywhere || s.has[TargetAllMinionsRun] && !slices.Contains(r.Permissions, CmdRun)
	if slices.Contains(r.Permissions, TargetAllMinionsRun) && !allMinions {
		return &Wider{fmt.Sprintf("the permission %s", TargetAllMinionsRun)}
	}
	if r.IsOpen() && !s.anywhere {
		// Access lists that name it, now or later, decide where it runs.
		return &Wider{fmt.Sprintf("the permission %s without targets", CmdRun)}
	}
	c := newComparison()
	for i, t := range r.Targets {
		target, ok := o.expr(t)
		if !ok || !s.runsOn(c, target) {
			return &Wider{fmt.Sprintf("target %d", i+1)}
		}
	}
	own := s.ownRules()
	for i, rule := range r.ACL {
		if !s.coversRule(c, o, own, rule) {
			return &Wider{fmt.Sprintf("rule %d", i+1)}
		}
	}
	return nil
}

// RunsOn reports whether any function may be run on all minions of a compound target.
// Where that cannot be told, it may not.
func (s *Set) RunsOn(target string) bool {
	if s.Anywhere() {
		return true
	}
	of, ok := s.options.expr(target)
	return ok && s.runsOn(newComparison(), of)
}

// runsOn is RunsOn for a parsed target.
func (s *Set) runsOn(c *comparison, target *targetExpr) bool {
	return s.anywhere || eachPart(target, func(part *targetExpr) bool {
		return slices.ContainsFunc(s.targets, func(t string) bool { return c.within(part, parseTarget(t)) })
	})
}

// ruled is a parsed rule of an [ACL].
type ruled struct {
	at     string      // runner, wheel or a module of theirs: the name after the @
	target *targetExpr // of minions and hosts; nil for at

	whole bool // everything of at
	funs  []allowedFun
}

// allowedFun is a function with the conditions for its arguments, one of which has
// to hold; nil is no condition.
type allowedFun struct {
	pattern string
	args    []wantedArgs
}

// wantedArgs are patterns of arguments; a nil pattern is any value.
type wantedArgs struct {
	args   []*string
	kwargs map[string]*string
}

// ownRules returns the rules of the set's roles.
func (s *Set) ownRules() (all []ruled) {
	for _, l := range s.lists {
		for _, rule := range l.source {
			r, ok := readRule(rule, func(target string) (*targetExpr, bool) {
				operand, ok := l.targets[target]
				return parseTarget(operand), ok
			})
			if ok {
				all = append(all, r)
			}
		}
	}
	return all
}

func (s *Set) coversRule(c *comparison, o Options, own []ruled, rule any) bool {
	r, ok := readRule(rule, o.expr)
	switch {
	case !ok:
		return false
	case r.at != "":
		return s.coversOnMaster(c, own, r)
	}
	// Rules apply to salt-ssh as well as to minions.
	all := s.has[CmdSSHRun]
	return eachPart(r.target, func(part *targetExpr) bool {
		return all && s.runsOn(c, part) || !slices.ContainsFunc(r.funs, func(f allowedFun) bool {
			return !slices.ContainsFunc(own, func(o ruled) bool {
				return o.target != nil && c.within(part, o.target) && f.within(c, o.funs)
			})
		})
	})
}

// coversOnMaster is coversRule for runners and wheel functions. The name of a
// module stands for both a runner and a wheel module.
func (s *Set) coversOnMaster(c *comparison, own []ruled, r ruled) bool {
	whole := func(at string) bool {
		return slices.ContainsFunc(own, func(o ruled) bool { return o.at == at && o.whole })
	}
	runners := s.has[CmdRunnerRun] || whole(atRunner)
	wheels := s.has[CmdWheelRun] || whole(atWheel)
	switch {
	case r.at == atRunner && runners, r.at == atWheel && wheels, runners && wheels, whole(r.at):
		return true
	case r.whole:
		return false
	}
	return !slices.ContainsFunc(r.funs, func(f allowedFun) bool {
		return !slices.ContainsFunc(own, func(o ruled) bool { return o.at == r.at && f.within(c, o.funs) })
	})
}

const (
	atRunner = "runner"
	atWheel  = "wheel"
)

// atName returns the name after the @ of a rule; the plural forms "runners" and
// "wheels" become the singular.
func atName(s string) string {
	switch s = strings.TrimPrefix(s, "@"); s {
	case "runners":
		return atRunner
	case "wheels":
		return atWheel
	}
	return s
}

// readRule reads a rule that [ACL.check] accepts. ok is false where its target
// cannot be used.
func readRule(rule any, target func(string) (*targetExpr, bool)) (r ruled, ok bool) {
	switch rule := rule.(type) {
	case string:
		if strings.HasPrefix(rule, "@") {
			return ruled{at: atName(rule), whole: true}, true
		}
		return ruled{target: parseTarget(everywhere), funs: []allowedFun{{pattern: rule}}}, true
	case acl.Map:
		key, value, err := onlyPair(rule)
		if err != nil {
			return ruled{}, false
		}
		if strings.HasPrefix(key, "@") {
			r.at = atName(key)
		} else if r.target, ok = target(key); !ok {
			return ruled{}, false
		}
		for _, c := range listOf(value) {
			f, ok := readFunction(c)
			if !ok {
				return ruled{}, false
			}
			r.funs = append(r.funs, f)
		}
		return r, true
	}
	return ruled{}, false
}

func readFunction(c any) (f allowedFun, ok bool) {
	switch c := c.(type) {
	case string:
		return allowedFun{pattern: c}, true
	case acl.Map:
		fun, value, err := onlyPair(c)
		if err != nil {
			return f, false
		}
		f = allowedFun{pattern: fun, args: []wantedArgs{}}
		for _, v := range listOf(value) {
			a, ok := readArgs(v)
			if !ok {
				return f, false
			}
			f.args = append(f.args, a)
		}
		return f, true
	}
	return f, false
}

func readArgs(v any) (a wantedArgs, ok bool) {
	m, ok := v.(acl.Map)
	if !ok {
		return a, false
	}
	if v, has := m.Get("args"); has {
		list, _ := v.([]any)
		for _, want := range list {
			p, ok := readWanted(want)
			if !ok {
				return a, false
			}
			a.args = append(a.args, p)
		}
	}
	if v, has := m.Get("kwargs"); has {
		pairs, _ := v.(acl.Map)
		a.kwargs = make(map[string]*string, len(pairs))
		for _, pair := range pairs {
			p, ok := readWanted(pair.Value)
			name, isText := pair.Key.(string)
			if !ok || !isText {
				return a, false
			}
			a.kwargs[name] = p
		}
	}
	return a, true
}

func readWanted(v any) (pattern *string, ok bool) {
	if v == nil {
		return nil, true
	}
	s, ok := v.(string)
	return &s, ok
}

// within reports whether one of some functions is allowed wherever f is.
func (f allowedFun) within(c *comparison, funs []allowedFun) bool {
	return slices.ContainsFunc(funs, func(of allowedFun) bool {
		if !c.step() || !patternWithin(f.pattern, of.pattern) {
			return false
		}
		return of.args == nil || f.args != nil && !slices.ContainsFunc(f.args, func(a wantedArgs) bool {
			return !slices.ContainsFunc(of.args, func(of wantedArgs) bool { return c.step() && a.within(of) })
		})
	})
}

// within reports whether all arguments that match a also match of.
func (a wantedArgs) within(of wantedArgs) bool {
	if len(a.args) < len(of.args) {
		return false
	}
	for i, want := range of.args {
		if !wantedWithin(a.args[i], want) {
			return false
		}
	}
	for name, want := range of.kwargs {
		has, ok := a.kwargs[name]
		if !ok || !wantedWithin(has, want) {
			return false
		}
	}
	return true
}

func wantedWithin(p, of *string) bool {
	return of == nil || p != nil && patternWithin(*p, *of)
}
