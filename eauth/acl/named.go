package acl

import (
	"slices"
	"strings"
)

// optionMark is in front of the name of a module's own option, such as django's "^model".
const optionMark = "^"

// Named tells whether external_auth has rules for a caller, without which the master allows nothing. A list that the
// eauth module makes itself ("^model") may have anybody in it: Allowed.
//
// groupsKnown tells that who.Groups are all groups of the caller. Without that, a rule for any group may be for the
// caller, and the answer is Allowed.
func (r *Rules) Named(who Who, groupsKnown bool) Verdict {
	m := r.modules[who.Eauth]
	if m == nil || m.fails {
		return Refused
	}
	if slices.ContainsFunc(m.users, func(u user) bool {
		return strings.HasPrefix(u.name, optionMark) || !groupsKnown && strings.HasSuffix(u.name, groupMark)
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
