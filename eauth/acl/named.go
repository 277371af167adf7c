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
// groupsKnown reports whether subject.Groups are all groups of the caller. If not, a rule for any group may apply to the
// caller, and the verdict is Allowed.
func (r *Rules) Named(subject Subject, groupsKnown bool) Verdict {
	m := r.modules[subject.Eauth]
	if m == nil || m.fails {
		return Refused
	}
	if slices.ContainsFunc(m.users, func(u user) bool {
		return slices.Contains(listOptions(), u.name) || !groupsKnown && strings.HasSuffix(u.name, groupMark)
	}) {
		return Allowed
	}
	lists, o := r.named(m, subject)
	switch {
	case o != yes:
		return o.verdict()
	case len(lists) == 0, slices.ContainsFunc(lists, func(u user) bool { return u.fails }):
		return Refused
	default:
		return Allowed
	}
}

// everything are the usual patterns for any function. Other patterns that match as much are not recognized.
var everything = []string{".*", "^.*", ".*$", "^.*$", ".+", "^.+", ".+$", "^.+$"}

// Everything reports whether the caller's list allows everything that the master does for a caller: any function everywhere,
// as [Rules.Unrestricted] has it, all runners ("@runner") and all wheel functions ("@wheel").
func (r *Rules) Everything(subject Subject) bool {
	if !r.Unrestricted(subject) {
		return false
	}
	entries, _, o := r.list(subject)
	return o == yes && allOf(entries, "@runner") && allOf(entries, "@wheel")
}

// allOf reports whether some entries allow all runners, or all wheel functions.
func allOf(entries []entry, form string) bool {
	ofForm := func(s string) bool { return s == form || s == form+"s" }
	return slices.ContainsFunc(entries, func(e entry) bool {
		switch {
		case e.isText:
			return ofForm(e.text)
		case e.only == nil || !ofForm(e.only.target):
			return false
		default:
			return slices.ContainsFunc(orList(e.only.value), func(fun any) bool {
				s, isText := fun.(string)
				return isText && slices.Contains(everything, s)
			})
		}
	})
}

// Unrestricted reports whether the caller's list has an entry that allows any function everywhere, with any arguments:
// ".*", or the same for the target "*". It ignores runners and wheels. It does not mean that every call is allowed: an
// earlier entry may end the master's check.
func (r *Rules) Unrestricted(subject Subject) bool {
	entries, _, o := r.list(subject)
	return o == yes && slices.ContainsFunc(entries, func(e entry) bool {
		switch {
		case e.isText:
			return slices.Contains(everything, e.text)
		case e.only == nil || e.only.target != anyone || r.opts.ExpandedMatching:
			return false
		default:
			return slices.ContainsFunc(orList(e.only.value), func(fun any) bool {
				s, isText := fun.(string)
				return isText && slices.Contains(everything, s)
			})
		}
	})
}
