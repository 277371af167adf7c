package eventstream

import (
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/internal/pyglob"
)

// Rule lets some users see the events with some tags.
type Rule struct {
	// Users and Groups are globs. The rule is for users with one of these names or in one of these groups; when
	// both are empty it is for everybody.
	Users, Groups []string
	// Eauth are names of Salt's eauth modules; when there are any, the rule is only for users that logged in by one of them.
	Eauth []string
	// Tags are globs of what may be seen.
	Tags []string
}

// Subject is a reader, as far as rules go.
type Subject struct {
	User, Eauth string
	Groups      []string
}

// ACL decides which reader sees which events. With a nil ACL every reader sees all of them. With an ACL, a user sees the tags of all
// rules that are for them, and without such a rule nothing.
type ACL struct{ rules []rule }

type rule struct {
	users, groups, tags []pyglob.Glob
	eauth               []string
}

// NewACL compiles rules. Globs are as of Python's fnmatch.
func NewACL(rules []Rule) (*ACL, error) {
	a := &ACL{}
	for i, r := range rules {
		c := rule{eauth: r.Eauth}
		for _, list := range []struct {
			name  string
			to    *[]pyglob.Glob
			globs []string
		}{{"users", &c.users, r.Users}, {"groups", &c.groups, r.Groups}, {"tags", &c.tags, r.Tags}} {
			globs, err := compileGlobs(list.globs)
			if err != nil {
				return nil, fmt.Errorf("rule %d: %s: %w", i+1, list.name, err)
			}
			*list.to = globs
		}
		if len(c.tags) == 0 {
			return nil, fmt.Errorf("rule %d: tags: %w", i+1, &GlobError{"a rule without any lets nobody see anything"})
		}
		a.rules = append(a.rules, c)
	}
	return a, nil
}

// Allowed returns the filter of what a reader may see.
func (a *ACL) Allowed(subject Subject) Filter {
	if a == nil {
		return Filter{}
	}
	var tags []pyglob.Glob
	for i := range a.rules {
		if a.rules[i].isFor(subject) {
			tags = append(tags, a.rules[i].tags...)
		}
	}
	return Filter{sets: [][]pyglob.Glob{tags}}
}

func (r *rule) isFor(subject Subject) bool {
	if len(r.eauth) > 0 && !slices.Contains(r.eauth, subject.Eauth) {
		return false
	}
	return len(r.users) == 0 && len(r.groups) == 0 ||
		matchAny(r.users, subject.User) ||
		slices.ContainsFunc(subject.Groups, func(g string) bool { return matchAny(r.groups, g) })
}
