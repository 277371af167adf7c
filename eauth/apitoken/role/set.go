package role

import (
	"slices"

	"github.com/saltern-api/saltern/eauth/acl"
)

// Options of [Compile].
type Options struct {
	// Login is set for a caller with a login: it also has the rights that no token
	// grants.
	Login bool

	// Edits is set for a token that may change users and roles as far as its roles
	// allow it. It is for tokens of which no profile says that they never do.
	Edits bool

	// Nodegroups replaces words such as N@web by the words of the nodegroup.
	// Without it, targets with such words allow nothing.
	Nodegroups func(words []string) ([]string, error)
}

// Set holds what some roles allow together.
type Set struct {
	login bool
	edits bool
	has   map[Permission]bool

	anywhere bool     // any function on any minion
	targets  []string // where any function may run, each an operand
	lists    []list

	open    []string // roles with CmdRun and no targets at all
	options Options
}

// list holds the rules of one role.
type list struct {
	source  ACL
	rules   *acl.List
	targets map[string]string // from the targets of the rules to operands
}

// Compile returns the set of some roles: it allows what one of them allows. Parts
// of a role that are wrong, see [Role.Check], allow nothing.
func Compile(o Options, roles ...Role) *Set {
	s := &Set{login: o.Login, edits: o.Edits || o.Login, has: make(map[Permission]bool), options: o}
	for _, r := range roles {
		for _, p := range r.Permissions {
			if p.WellFormed() {
				s.has[p] = true
			}
		}
		if slices.Contains(r.Permissions, CmdRun) {
			s.addTargets(o, r)
		}
		if len(r.ACL) > 0 && len(r.ACL.check()) == 0 {
			s.lists = append(s.lists, o.list(r.ACL))
		}
	}
	return s
}

func (s *Set) addTargets(o Options, r Role) {
	if slices.Contains(r.Permissions, TargetAllMinionsRun) {
		s.anywhere = true
		return
	}
	if len(r.Targets) == 0 && r.Name != "" { // no access list names permissions that a user has by itself
		s.open = append(s.open, r.Name)
	}
	for _, t := range r.Targets {
		s.addTarget(o, t)
	}
}

func (s *Set) addTarget(o Options, target string) {
	operand, ok := o.target(target)
	switch {
	case operand == everywhere:
		s.anywhere = true
	case ok:
		s.targets = append(s.targets, operand)
	}
}

// Anywhere reports whether the roles allow any function on any minion.
func (s *Set) Anywhere() bool { return s.anywhere || s.has[Superuser] }

// Open returns the names of the roles with [CmdRun] and neither targets nor
// [TargetAllMinionsRun]: these may run on targets that are saved for them, see [Set.With].
func (s *Set) Open() []string { return slices.Clone(s.open) }

// With returns a set that also allows any function on some compound targets. Those that
// are wrong allow nothing.
func (s *Set) With(targets ...string) *Set {
	with := *s
	with.targets = slices.Clone(s.targets)
	for _, t := range targets {
		with.addTarget(s.options, t)
	}
	return &with
}

func (o Options) list(rules ACL) list {
	l := list{source: rules, rules: acl.NewList(rules), targets: make(map[string]string)}
	for _, rule := range rules {
		m, ok := rule.(acl.Map)
		if !ok {
			continue
		}
		target, _, err := onlyPair(m)
		if err != nil || target[0] == '@' {
			continue
		}
		if operand, ok := o.target(target); ok {
			l.targets[target] = operand
		}
	}
	return l
}

// May reports whether the roles include a permission.
func (s *Set) May(p Permission) bool {
	return p.WellFormed() && !s.Never(p) && (s.has[p] || s.has[Superuser])
}

// Never reports whether no role would give a permission to a caller of this kind.
func (s *Set) Never(p Permission) bool {
	d, _ := describe(p)
	return d.LoginOnly && !s.login || d.Edits && !s.edits
}
