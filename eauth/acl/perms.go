package acl

import (
	"slices"
	"strings"
)

// Perms returns what /login shows under perms, as JSON: the lists of the user, of "*" and of the user's groups
// together, text first and sorted, then the rest sorted by Python's repr, without duplicates. Only exact names count,
// as in salt-api, though the master matches more. It is {} where there are none.
func (r *Rules) Perms(subject Subject) []byte {
	perms := r.perms(subject)
	if !truthy(perms) {
		return []byte("{}")
	}
	return appendJSON(nil, perms)
}

// perms returns nil where salt-api fails.
func (r *Rules) perms(subject Subject) any {
	m := r.modules[subject.Eauth]
	if m == nil {
		return nil
	}
	_, hasModel := m.rules.Get("^model")
	if subject.Eauth == "django" && hasModel || subject.Eauth == "rest" && subject.HasAuthList {
		return subject.AuthList
	}
	sum, ok := m.sum(subject)
	if !ok {
		return nil
	}
	return sorted(sum)
}

func (m *module) sum(subject Subject) (sum []any, ok bool) {
	if v, ok := m.rules.Get(subject.User); ok {
		list, ok := v.([]any)
		if !ok {
			return nil, false // nothing can be appended to it
		}
		sum = slices.Clone(list)
	}
	if v, ok := m.rules.Get(anyone); ok {
		list, ok := items(v)
		if !ok {
			return nil, false
		}
		sum = append(sum, list...)
	}
	if len(subject.Groups) == 0 {
		return sum, true
	}
	seen := make(map[string]bool)
	for _, p := range m.rules {
		name, ok := p.Key.(string)
		if !ok {
			return nil, false
		}
		group := strings.TrimRight(name, groupMark)
		if !strings.HasSuffix(name, groupMark) || seen[group] || !slices.Contains(subject.Groups, group) {
			continue
		}
		seen[group] = true
		v, _ := m.rules.Get(group + groupMark)
		list, ok := items(v)
		if !ok {
			return nil, false
		}
		sum = append(sum, list...)
	}
	return sum, true
}

// sorted returns permissions in order, without duplicates.
func sorted(perms []any) []any {
	var texts []string
	var others []any
	for _, p := range perms {
		switch s, ok := p.(string); {
		case ok && !slices.Contains(texts, s):
			texts = append(texts, s)
		case !ok && !slices.ContainsFunc(others, func(o any) bool { return equal(o, p) }):
			others = append(others, p)
		}
	}
	slices.Sort(texts)
	slices.SortStableFunc(others, func(a, b any) int { return strings.Compare(repr(a), repr(b)) })
	all := make([]any, 0, len(texts)+len(others))
	for _, s := range texts {
		all = append(all, s)
	}
	return append(all, others...)
}
