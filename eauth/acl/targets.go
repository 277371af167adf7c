package acl

import (
	"slices"
	"strings"
)

// Targets resolves targets to minions.
type Targets interface {
	// Match returns the ids that a target matches. ok is false when they cannot be determined. tgt is text or a list of
	// text.
	Match(tgt any, tgtType string) (ids []string, ok bool)
}

// The target types that are resolved here.
const (
	globTarget = "glob"
	listTarget = "list"
	pcreTarget = "pcre"
	compound   = "compound"
)

type accepted struct{ ids func() ([]string, error) }

var _ Targets = accepted{}

// Accepted resolves targets of the types glob, list, pcre, and compound ones made of these, as the master resolves them
// over the ids of the minions whose keys it accepts. It calls ids for each target. If that fails, or a target depends
// on more than ids, the result is unknown.
func Accepted(ids func() ([]string, error)) Targets { return accepted{ids} }

func (a accepted) Match(tgt any, tgtType string) ([]string, bool) {
	want, ok := a.matcher(tgt, tgtType)
	if !ok {
		return nil, false
	}
	all, err := a.ids()
	if err != nil {
		return nil, false
	}
	var ids []string
	for _, id := range all {
		switch want(id) {
		case yes:
			ids = append(ids, id)
		case no:
		default:
			return nil, false
		}
	}
	return ids, true
}

// matcher reports whether a target matches one minion.
type matcher func(id string) outcome

func (a accepted) matcher(tgt any, tgtType string) (matcher, bool) {
	expr, isText := tgt.(string)
	switch {
	case tgtType == listTarget:
		return listMatcher(tgt)
	case tgtType == compound && isText:
		if !plain(expr) {
			return nil, false
		}
		return compoundMatcher(strings.Fields(expr))
	case tgtType == compound:
		words, ok := texts(tgt)
		if !ok || slices.ContainsFunc(words, func(w string) bool { return !plain(w) }) {
			return nil, false
		}
		return compoundMatcher(words)
	case tgtType == globTarget && isText:
		return globMatcher(expr)
	case tgtType == pcreTarget && isText:
		return pcreMatcher(expr)
	default:
		return nil, false
	}
}

// plain reports whether Go splits an expression into the same words as Python.
func plain(expr string) bool {
	return isASCII(expr) && strings.IndexFunc(expr, func(r rune) bool { return r < ' ' }) < 0
}

// texts returns the elements of a list. ok is false for any value but a list of text.
func texts(v any) ([]string, bool) {
	list, ok := v.([]any)
	words := make([]string, 0, len(list))
	for _, x := range list {
		s, isText := x.(string)
		ok = ok && isText
		words = append(words, s)
	}
	return words, ok
}

// globMatcher refuses a comma, which separates globs from Salt 3008 on.
func globMatcher(expr string) (matcher, bool) {
	if strings.Contains(expr, ",") {
		return nil, false
	}
	return glob(expr).match, true
}

// pcreMatcher also returns false for an expression that Python does not accept: such a target must not count as one
// that matches no minion.
func pcreMatcher(expr string) (matcher, bool) {
	p := regex(expr)
	return p.match, p.re != nil
}

func listMatcher(tgt any) (matcher, bool) {
	ids, ok := texts(tgt)
	if s, isText := tgt.(string); isText {
		ids, ok = strings.Split(s, ","), true
	}
	return func(id string) outcome { return certain(slices.Contains(ids, id)) }, ok
}

// Roster resolves targets as salt-api does before it runs salt-ssh: a call's target means the accepted minions that
// match it, and the hosts of the roster. The targets of rules are compound ones, which a flat roster does not support:
// they mean accepted minions alone. A rule for "web*" therefore covers a host of the roster only where a minion of the
// same id is accepted.
//
// Without accepted, or when the hosts cannot be listed, the result is unknown.
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
