package acl

// Verdict is the decision of the rules about a call.
type Verdict uint8

// The decisions. Unknown is to be refused: the rules cannot be evaluated here.
const (
	Refused Verdict = iota
	Allowed
	Unknown
)

func (v Verdict) String() string {
	switch v {
	case Allowed:
		return "allowed"
	case Refused:
		return "refused"
	default:
		return "unknown"
	}
}

// outcome is the result of one step of the master's check. It is finer than a Verdict because an exception ends the
// check: the steps after it no longer count.
type outcome uint8

const (
	no      outcome = iota // and the check goes on
	yes                    // and the check ends
	maybe                  // yes or no
	fails                  // an exception: the check ends with a refusal
	mayFail                // any of these
)

func (o outcome) verdict() Verdict {
	switch o {
	case yes:
		return Allowed
	case maybe, mayFail:
		return Unknown
	default:
		return Refused
	}
}

func certain(ok bool) outcome {
	if ok {
		return yes
	}
	return no
}

// and runs the step next only if o is yes.
func (o outcome) and(next func() outcome) outcome {
	switch o {
	case yes:
		return next()
	case maybe:
		switch n := next(); n {
		case yes:
			return maybe
		case fails:
			return mayFail
		default:
			return n
		}
	default:
		return o
	}
}

// firstYes runs the steps of a list one after the other until one returns yes.
func firstYes[T any](list []T, step func(T) outcome) outcome {
	sum := no
	for _, e := range list {
		switch o := step(e); {
		case o == yes, o == mayFail:
			return o
		case o == fails && sum == maybe:
			return mayFail
		case o == fails:
			return fails
		case o == maybe:
			sum = maybe
		}
	}
	return sum
}
