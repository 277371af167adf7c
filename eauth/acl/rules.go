package acl

import (
	"slices"
	"strings"
)

// Module is the external_auth configuration of one eauth module, such as pam.
type Module struct {
	Name string

	// Rules are the lists of users and groups, in the order of the file. The keys are users, groups with a trailing %,
	// "*", and for some modules options of their own ("^model"). It is empty where the file has no mapping.
	Rules Map
}

// Options are the master's settings.
type Options struct {
	PermissiveACL    bool // permissive_acl
	ExpandedMatching bool // auth.enable_expanded_auth_matching
	KeepACLInToken   bool // keep_acl_in_token

	// Targets resolves targets to the ids of accepted minions. Without it, no rule for a target but "*" is decided.
	Targets Targets

	// StarCompared reports whether a rule for "*" means the accepted minions, as in Salt 3006, and not everything that
	// a target may match, as in 3008. Nil means the latter. It makes a difference where targets match more than
	// accepted minions: for salt-ssh.
	StarCompared func() bool
}

// Subject is a caller, as described by the caller's Salt token.
type Subject struct {
	Eauth  string
	User   string
	Groups []string

	// AuthList is the token's auth_list, and HasAuthList reports whether the token has one: the value may be nil. It is
	// what the eauth module itself allows; see keep_acl_in_token.
	AuthList    any
	HasAuthList bool
}

// Rules is external_auth, compiled.
type Rules struct {
	opts    Options
	modules map[string]*module
}

type module struct {
	rules Map
	users []user

	// fails is true if the master's code ends in an exception for every user of the module.
	fails bool
}

// user is one rule with its list compiled.
type user struct {
	name    string
	fails   bool // no list can be made of the value
	entries []entry
}

// New compiles rules. A later module of the same name is ignored.
func New(modules []Module, o Options) *Rules {
	r := &Rules{opts: o, modules: make(map[string]*module, len(modules))}
	for _, m := range modules {
		if _, ok := r.modules[m.Name]; !ok {
			r.modules[m.Name] = compileModule(m)
		}
	}
	return r
}

func compileModule(m Module) *module {
	c := &module{rules: m.Rules, fails: m.Rules == nil}
	for _, p := range m.Rules {
		name, ok := p.Key.(string)
		if !ok {
			c.fails = true // Salt looks for a % at the end of every name
			continue
		}
		entries, ok := compileList(p.Value)
		c.users = append(c.users, user{name: name, fails: !ok, entries: entries})
	}
	return c
}

// compileList compiles the items of Python's iteration over a value.
func compileList(v any) (entries []entry, ok bool) {
	list, ok := items(v)
	for _, e := range list {
		entries = append(entries, compileEntry(e))
	}
	return entries, ok
}

// list returns the entries that apply to a caller, and whether they could be determined: yes, fails or maybe. isNone
// reports that the master has None in place of a list.
func (r *Rules) list(subject Subject) (entries []entry, isNone bool, o outcome) {
	m := r.modules[subject.Eauth]
	switch {
	case m == nil: // such a token is not even authenticated
		return nil, true, fails
	case r.opts.KeepACLInToken && subject.HasAuthList:
		entries, ok := compileList(subject.AuthList)
		return entries, !ok, yes
	case m.fails:
		return nil, true, fails
	}
	lists, o := r.named(m, subject)
	if o != yes {
		return nil, false, o
	}
	for _, u := range lists {
		if u.fails {
			return nil, true, fails
		}
		entries = append(entries, u.entries...)
	}
	return entries, false, yes
}

// named returns the rules of a module that apply to a caller, and whether they could be determined: yes or maybe.
func (r *Rules) named(m *module, subject Subject) (lists []user, o outcome) {
	matched, star := false, false
	for _, u := range m.users {
		switch {
		case u.name == anyone && !r.opts.PermissiveACL:
			star = true
		case strings.HasSuffix(u.name, groupMark):
			if slices.Contains(subject.Groups, u.group()) {
				lists = append(lists, u)
			}
		default:
			switch names(subject.User, u.name) {
			case yes:
				matched = true
				lists = append(lists, u)
			case maybe:
				return nil, maybe
			}
		}
	}
	if star && !matched {
		i := slices.IndexFunc(m.users, func(u user) bool { return u.name == anyone })
		lists = append(lists, m.users[i])
	}
	return lists, yes
}

// group returns the group of a rule with a trailing %.
func (u user) group() string { return strings.TrimRight(u.name, groupMark) }

const (
	anyone    = "*"
	groupMark = "%" // trails the name of a group
)

// special are the characters that turn a user's name into a pattern.
const special = `*?[]\.+^$|(){}`

// names reports whether a rule's name matches a user. Salt takes the user for the pattern, as a glob and as a regular
// expression, and the rule's name for the text.
func names(user, rule string) outcome {
	if !strings.ContainsAny(user, special) {
		return certain(user == rule)
	}
	o := glob(user).match(rule)
	if o == yes {
		return yes
	}
	if e := regex(`\A` + user + `\Z`).match(rule); e != no {
		return e
	}
	return o
}
