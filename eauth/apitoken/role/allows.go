package role

import (
	"slices"

	"github.com/saltern-api/saltern/eauth/acl"
)

// Verdict is whether a call is allowed.
type Verdict uint8

// The verdicts.
const (
	Refused Verdict = iota
	Allowed
	Narrowed // allowed with the target in the Decision
)

func (v Verdict) String() string {
	switch v {
	case Allowed:
		return "allowed"
	case Narrowed:
		return "narrowed"
	default:
		return "refused"
	}
}

// Decision is a verdict with its target or its reason.
type Decision struct {
	Verdict Verdict

	// Tgt and TgtType replace those of the call where the verdict is [Narrowed].
	Tgt, TgtType string

	// Why is the reason of a refusal, for the caller and the log. It contains no
	// text of the caller's.
	Why string
}

var (
	allowed    = Decision{Verdict: Allowed}
	notAllowed = refused("no scope of the token allows this")
)

func refused(why string) Decision { return Decision{Verdict: Refused, Why: why} }

// Allows reports whether the roles allow a call, and on which minions. All
// functions of a list have to be allowed; they run on the minions where each
// of them is.
func (s *Set) Allows(c Call) Decision {
	kind := c.kind()
	switch {
	case kind == unknown || len(c.Funs) == 0:
		return notAllowed
	case s.has[Superuser]:
		return allowed
	}
	switch kind {
	case minions:
		return s.onMinions(c)
	case hosts:
		return s.onHosts(c)
	case runners:
		return s.onMaster(c, kind, CmdRunnerRun, (*acl.List).Runner)
	default:
		return s.onMaster(c, kind, CmdWheelRun, (*acl.List).Wheel)
	}
}

func (s *Set) onMaster(c Call, k kind, all Permission, ask func(*acl.List, string, any, any) bool) Decision {
	if s.has[all] {
		return allowed
	}
	for _, f := range c.Funs {
		ok := s.has[stands[k][f.Name]] || slices.ContainsFunc(s.lists, func(l list) bool {
			return ask(l.rules, f.Name, f.Args, f.Kwargs)
		})
		if !ok {
			return notAllowed
		}
	}
	return allowed
}

func (s *Set) onMinions(c Call) Decision {
	limits, ok := s.limits(c, s.anywhere, s.targets)
	switch {
	case !ok:
		return notAllowed
	case c.JID && (!s.anywhere || !s.has[ReturnerRead]):
		return refused("who chooses the id of a job has to see what others returned, and to run anything on any minion")
	case len(limits) == 0:
		return allowed
	}
	words, err := c.compound()
	if err != nil {
		return refused(err.Error())
	}
	return Decision{Verdict: Narrowed, Tgt: narrow(words, limits), TgtType: "compound"}
}

// onHosts does not narrow, since salt-ssh has no compound targets. It allows a call
// where all its hosts are within the allowed targets.
func (s *Set) onHosts(c Call) Decision {
	limits, ok := s.limits(c, s.has[CmdSSHRun], nil)
	switch {
	case !ok:
		return notAllowed
	case len(limits) == 0:
		return allowed
	case c.Hosts == nil:
		return refused("which hosts the target matches cannot be told")
	}
	ids, ok := c.Hosts()
	if !ok || len(ids) == 0 {
		return refused("which hosts the target matches cannot be told")
	}
	roster := acl.Accepted(func() ([]string, error) { return ids, nil })
	for _, targets := range limits {
		within, ok := roster.Match(union(targets), "compound")
		if !ok || len(within) != len(ids) {
			return refused("the target has hosts that the token may not reach")
		}
	}
	return allowed
}

// limits returns, for each function that is not allowed everywhere, the targets
// where it is. anyFun is set where any function may run everywhere, and anyFunOn
// are the targets where any function may run. ok is false where some function may
// run nowhere.
func (s *Set) limits(c Call, anyFun bool, anyFunOn []string) (limits [][]string, ok bool) {
	if anyFun {
		return nil, true
	}
	onlyAny := c.Extras || c.RawShell
	for _, f := range c.Funs {
		targets := slices.Clone(anyFunOn)
		if !onlyAny {
			here, more := s.where(c.kind(), f)
			if here {
				continue
			}
			targets = append(targets, more...)
		}
		if len(targets) == 0 {
			return nil, false
		}
		slices.Sort(targets)
		limits = append(limits, slices.Compact(targets))
	}
	return limits, true
}

// where returns the targets where a function is allowed by name or by rules.
func (s *Set) where(k kind, f Function) (anywhere bool, targets []string) {
	if s.has[stands[k][f.Name]] {
		return true, nil
	}
	call := f.rulesCall()
	for _, l := range s.lists {
		everywhere, keys := l.rules.Functions(call)
		if everywhere {
			return true, nil
		}
		for _, key := range keys {
			if operand, ok := l.targets[key]; ok {
				targets = append(targets, operand)
			}
		}
	}
	return false, targets
}
