package acl

import "slices"

// everything are the usual patterns for any function. Other patterns that match as much are not recognized.
var everything = []string{".*", "^.*", ".*$", "^.*$", ".+", "^.+", ".+$", "^.+$"}

// Unrestricted reports whether the caller's list has an entry that allows any function everywhere, with any arguments:
// ".*", or the same for the target "*". It ignores runners and wheels. It does not mean that every call is allowed: an
// earlier entry may end the master's check.
func (r *Rules) Unrestricted(who Who) bool {
	entries, _, o := r.list(who)
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
