package acl

// Roster resolves targets as salt-api does before it runs salt-ssh: a call's target means the accepted minions that
// match it, and the hosts of the roster. The targets of rules are compound ones, which a flat roster does not know: they
// mean accepted minions alone. A rule for "web*" therefore covers a host of the roster only where a minion of the same
// id is accepted.
//
// Without accepted, or when the hosts cannot be listed, nothing can be told.
func Roster(accepted Targets, hosts func() ([]string, error)) Targets {
	return roster{accepted, Accepted(hosts)}
}

type roster struct{ accepted, hosts Targets }

func (r roster) Match(tgt any, tgtType string) ([]string, bool) {
	if r.accepted == nil {
		return nil, false
	}
	ids, ok := r.accepted.Match(tgt, tgtType)
	if !ok || tgtType == compound {
		return ids, ok
	}
	hosts, ok := r.hosts.Match(tgt, tgtType)
	return append(ids, hosts...), ok
}
