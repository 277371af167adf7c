package acl

import (
	"errors"
	"fmt"
)

// List is one list of rules in the form of a user's list in external_auth, but without a user name. A call that cannot
// be decided is not allowed.
type List struct{ entries []entry }

// NewList compiles a list.
func NewList(rules []any) *List {
	entries, _ := compileList(rules)
	return &List{entries}
}

// Functions returns where a function may be called: everywhere, or on the minions of some targets, which are compound
// expressions. Of the call, only Fun and Args count. Unlike [Rules.Publish] it makes no exception for
// saltutil.find_job.
func (l *List) Functions(c Call) (everywhere bool, targets []string) {
	args, kwargs := c.split()
	for _, e := range l.entries {
		switch {
		case e.isText:
			everywhere = e.fun.match(c.Fun) == yes
		case e.only == nil:
		case !e.only.isText:
			return false, targets // the master's code ends in an exception
		default:
			switch o := e.only.allows(c.Fun, args, kwargs); {
			case o == fails, o == mayFail:
				return false, targets
			case o == yes && e.only.target == anyone:
				everywhere = true
			case o == yes:
				targets = append(targets, e.only.target)
			}
		}
		if everywhere {
			return true, nil
		}
	}
	return false, targets
}

// Runner reports whether a runner may be called, as [Rules.Runner] does.
func (l *List) Runner(fun string, args, kwargs any) bool {
	return onMaster(l.entries, "runner", fun, args, kwargs) == yes
}

// Wheel is Runner for a wheel function.
func (l *List) Wheel(fun string, args, kwargs any) bool {
	return onMaster(l.entries, "wheel", fun, args, kwargs) == yes
}

// CheckPattern returns an error for a pattern of functions or arguments that matches nothing here, with the reason.
func CheckPattern(src string) error {
	expr, t, err := translate(src)
	switch {
	case errors.Is(err, errInvalid):
		return fmt.Errorf("%q is not a regular expression of Python's", src)
	case err != nil, compile(expr, t).re == nil:
		return fmt.Errorf("%q is a regular expression that cannot be evaluated here", src)
	}
	return nil
}
