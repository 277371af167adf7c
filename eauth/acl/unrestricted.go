package acl

import "slices"

// everything are the patterns that an operator writes for any function. Others may match as much: they are not taken
// for it.
var everything = []string{".*", "^.*", ".*$", "^.*$", ".+", "^.+", ".+$", "^.+$"}

// Unrestricted reports whether the caller's list has an entry that lets any function run everywhere, with any arguments:
// ".*", or the same for the target "*". It says nothing of runners and wheels. Whether a call is allowed is another
// question: an entry before it may end the master's check.
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
