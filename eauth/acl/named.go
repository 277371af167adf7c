package acl

import (
	"slices"
	"strings"
)

// listOptions are the options with which a module makes the lists of users itself: django's and rest's. Other options
// that begin with ^, such as those of file, grant nothing.
func listOptions() []string { return []string{"^model", "^url"} }

// Named reports whether external_auth has rules for a caller, without which the master allows nothing. A list that the
// eauth module makes itself ("^model") may contain any user: the verdict is Allowed.
//
// groupsKnown reports whether who.Groups are all groups of the caller. If not, a rule for any group may apply to the
// caller, and the verdict is Allowed.
func (r *Rules) Named(who Who, groupsKnown bool) Verdict {
	m := r.modules[who.Eauth]
	if m == nil || m.fails {
		return Refused
	}
	if slices.ContainsFunc(m.users, func(u user) bool {
		return slices.Contains(listOptions(), u.name) || !groupsKnown && strings.HasSuffix(u.name, groupMark)
	}) {
		return Allowed
	}
	lists, o := r.named(m, who)
	switch {
	case o != yes:
		return o.verdict()
	case len(lists) == 0, slices.ContainsFunc(lists, func(u user) bool { return u.fails }):
		return Refused
	default:
		return Allowed
	}
}
