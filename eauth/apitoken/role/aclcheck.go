package role

import (
	"errors"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/eauth/acl"
)

// ACL are rules in the form of a user's list in external_auth, made of text,
// []any, nil and [acl.Map]:
//
//	["test.*", {"web*": ["state.apply", {"cmd.run": {"args": ["uptime"]}}]}, "@jobs", {"@wheel": ["key.list.*"]}]
type ACL []any

const maxRules = 1000 // in a list

// check returns what is wrong. The master ignores most of it silently; here the
// author of the rules gets an error.
func (a ACL) check() []error {
	if len(a) > maxRules {
		return []error{fmt.Errorf("more than %d rules", maxRules)}
	}
	var errs []error
	for i, rule := range a {
		for _, err := range checkRule(rule) {
			errs = append(errs, fmt.Errorf("rule %d: %w", i+1, err))
		}
	}
	return errs
}

func checkRule(rule any) []error {
	switch rule := rule.(type) {
	case string:
		if strings.HasPrefix(rule, "@") {
			return orNone(checkAt(rule))
		}
		return orNone(checkPattern(rule))
	case acl.Map:
		target, value, err := onlyPair(rule)
		if err != nil {
			return []error{fmt.Errorf("%w: a target, and what is allowed there", err)}
		}
		errs := orNone(checkKey(target))
		for _, c := range listOf(value) {
			errs = append(errs, checkCondition(c)...)
		}
		return errs
	default:
		return []error{errors.New("neither a function nor a mapping of a target")}
	}
}

func checkKey(target string) error {
	if strings.HasPrefix(target, "@") {
		return checkAt(target)
	}
	if err := checkTarget(target); err != nil {
		return fmt.Errorf("target %q: %w", target, err)
	}
	return nil
}

func checkAt(name string) error {
	if len(name) < 2 || strings.ContainsAny(name[1:], " @.*") {
		return fmt.Errorf(`%q: behind @ stands "runner", "wheel" or the name of a module of theirs`, name)
	}
	return nil
}

// checkCondition checks a function, or {function: [{args: [...], kwargs: {...}}]}.
func checkCondition(c any) []error {
	switch c := c.(type) {
	case string:
		return orNone(checkPattern(c))
	case acl.Map:
		fun, value, err := onlyPair(c)
		if err != nil {
			return []error{fmt.Errorf("%w: a function, and the arguments allowed", err)}
		}
		errs := orNone(checkPattern(fun))
		for _, arguments := range listOf(value) {
			errs = append(errs, checkArguments(arguments)...)
		}
		return errs
	default:
		return []error{errors.New("a function must be text, or a mapping of one to its arguments")}
	}
}

func checkArguments(v any) []error {
	m, ok := v.(acl.Map)
	if !ok {
		return []error{errors.New("arguments must be a mapping with args, kwargs or both")}
	}
	var errs []error
	for _, p := range m {
		switch p.Key {
		case "args":
			list, ok := p.Value.([]any)
			if !ok {
				errs = append(errs, errors.New("args must be a list"))
			}
			for _, want := range list {
				errs = append(errs, checkWanted(want)...)
			}
		case "kwargs":
			wanted, ok := p.Value.(acl.Map)
			if !ok {
				errs = append(errs, errors.New("kwargs must be a mapping"))
			}
			for _, w := range wanted {
				if _, isText := w.Key.(string); !isText {
					errs = append(errs, errors.New("a name in kwargs is not text"))
				}
				errs = append(errs, checkWanted(w.Value)...)
			}
		default:
			errs = append(errs, errors.New("arguments have args and kwargs, and nothing else"))
		}
	}
	return errs
}

// checkWanted checks the condition for an argument: a pattern, or null for any.
func checkWanted(v any) []error {
	if v == nil {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		return []error{errors.New("an argument must be a pattern, or null for any: quote numbers and booleans")}
	}
	return orNone(checkPattern(s))
}

func checkPattern(s string) error {
	if s == "" {
		return errors.New("an empty pattern, which would match everything")
	}
	return acl.CheckPattern(s)
}

func onlyPair(m acl.Map) (key string, value any, err error) {
	if len(m) != 1 {
		return "", nil, errors.New("a mapping must have one key")
	}
	key, ok := m[0].Key.(string)
	if !ok {
		return "", nil, errors.New("the key of a mapping must be text")
	}
	return key, m[0].Value, nil
}

// listOf returns a list unchanged, and any other value as a list of one, as Salt
// reads it.
func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func orNone(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}
