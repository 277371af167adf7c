package acl

import "slices"

// expanded is the check with auth.enable_expanded_auth_matching. For mappings it does not work in Salt, which puts the
// words "minions", "missing" and "ssh_minions" where the ids of minions should be. So only functions allowed on all
// minions are allowed, unless the target matches no minion.
func expanded(entries []entry, a *aim) outcome {
	var first any // of the values of mappings, to which Salt appends the others
	seen := false
	o := firstYes(entries, func(e entry) outcome {
		switch {
		case e.isText:
			return e.fun.match(a.call.Fun)
		case !e.isMap:
			return fails
		case e.only == nil:
			return no
		case !seen:
			first, seen = e.only.value, true
			return no
		default:
			return appends(first, e.only.value)
		}
	})
	if o != no && o != maybe {
		return o
	}
	ids, known := a.minions()
	if known && len(ids) > 0 && !slices.ContainsFunc(ids, isWord) {
		return o
	}
	return maybe
}

func isWord(id string) bool { return id == "minions" || id == "missing" || id == "ssh_minions" }

// appends returns fails where Python cannot append the items of one value to the other.
func appends(to, from any) outcome {
	if _, ok := to.([]any); !ok {
		return fails
	}
	if _, ok := items(from); !ok {
		return fails
	}
	return no
}
