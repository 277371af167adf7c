package jobs

import (
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
)

// minionSight is what a caller sees of minions: never more than the master would
// tell the same caller. The zero value sees nothing.
//
// All keys and their states are for callers that the rules of external_auth surely
// let run the wheel function key.list_all. Others see of the accepted minions those
// on which they may surely run test.ping or grains.items. Whether a minion is
// connected is for callers that may run test.ping on it, or the runner
// manage.present; its grains, for those that may run grains.items on it, or the
// runner cache.grains. A token's scopes have to allow the same function: those with
// minion-read, without which there is no /v1/minions, allow all of these but
// cache.grains.
type minionSight struct {
	rules    Rules
	subject  acl.Subject
	scopes   *role.Set // of a token; nil for none
	keys     bool
	presence bool // of all
	cache    bool // the grains of all
}

// The functions by which a caller finds out what is shown.
const (
	pingFun   = "test.ping"
	grainsFun = "grains.items"
	keysFun   = "key.list_all"
)

func reachFuns() []string { return []string{pingFun, grainsFun} }

func (a *API) minionSight(s sight) minionSight {
	subject, ok := lowstate.SubjectOf(s.id)
	if a.Rules == nil || !ok || s.id.User == "" {
		return minionSight{}
	}
	scoped := func(client, fun string) bool {
		return s.scopes == nil || s.scopes.Allows(role.Call{Client: client, Funs: []role.Function{{Name: fun}}}).Verdict == role.Allowed
	}
	runner := func(fun string) bool {
		return scoped("runner", fun) && a.Rules.Runner(subject, fun, nil, acl.Map{}) == acl.Allowed
	}
	return minionSight{
		rules: a.Rules, subject: subject, scopes: s.scopes,
		keys:     scoped("wheel", keysFun) && a.Rules.Wheel(subject, keysFun, nil, nil) == acl.Allowed,
		presence: runner("manage.present"), cache: runner("cache.grains"),
	}
}

// reaches returns those of some minions on which the caller may surely run one of
// some functions.
func (v minionSight) reaches(ids []string, funs ...string) map[string]bool {
	found := make(map[string]bool, len(ids))
	if v.rules == nil {
		return found
	}
	for _, fun := range funs {
		v.reach(ids, fun, found)
	}
	return found
}

// reach asks the rules about many minions at once, and about halves of them where
// not all are allowed: names with the same beginning are often allowed together.
func (v minionSight) reach(ids []string, fun string, found map[string]bool) {
	if len(ids) == 0 {
		return
	}
	target := make([]any, len(ids))
	for i, id := range ids {
		target[i] = id
	}
	call := role.Call{Client: "local", Funs: []role.Function{{Name: fun}}, Tgt: target, TgtType: "list"}
	switch {
	case v.scopes != nil && v.scopes.Allows(call).Verdict != role.Allowed: // one that is narrowed may have others
	case v.rules.Publish(v.subject, acl.Call{Fun: fun, Tgt: target, TgtType: "list"}) == acl.Allowed:
		for _, id := range ids {
			found[id] = true
		}
	case len(ids) > 1:
		v.reach(ids[:len(ids)/2], fun, found)
		v.reach(ids[len(ids)/2:], fun, found)
	}
}

// pings returns those of some minions of which the caller may know whether they are
// connected.
func (v minionSight) pings(ids []string) map[string]bool {
	if !v.presence {
		return v.reaches(ids, pingFun)
	}
	all := make(map[string]bool, len(ids))
	for _, id := range ids {
		all[id] = true
	}
	return all
}

// grainsOf returns those of some minions whose grains the caller may see.
func (v minionSight) grainsOf(ids []string) map[string]bool {
	if !v.cache {
		return v.reaches(ids, grainsFun)
	}
	all := make(map[string]bool, len(ids))
	for _, id := range ids {
		all[id] = true
	}
	return all
}

// grains reports whether the caller may see the grains of a minion.
func (v minionSight) grains(id string) bool {
	return v.cache || v.reaches([]string{id}, grainsFun)[id]
}
