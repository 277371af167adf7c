package role

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/acl"
)

// everywhere is the target of all minions.
const everywhere = "*"

// checkTarget returns what is wrong with a target of a role, which is a compound
// one. It is stricter than [checkAsked] is for a caller's target, since nothing else
// finds a mistake here.
func checkTarget(target string) error {
	_, err := readCompound(target, checkAllowed)
	return err
}

func checkAllowed(t term) error {
	switch t.engine {
	case "":
		return checkGlob(t.pattern)
	case "L", "N":
		return nil
	case "E":
		return acl.CheckPattern(t.pattern)
	case "G", "P", "I", "J":
		if !strings.Contains(t.pattern, t.delimiter) {
			return fmt.Errorf("behind %s@ stands a path and a value, with %q between them", t.engine, t.delimiter)
		}
		return nil
	case "S":
		return checkNetwork(t.pattern)
	default: // ranges, and the resources of Salt 3008
		return fmt.Errorf("%s@ is not supported", t.engine)
	}
}

func checkGlob(glob string) error {
	switch {
	case strings.HasPrefix(glob, "@"):
		return errors.New("no minion has an @ in front")
	case len(glob) == 2 && glob[1] == '@':
		return fmt.Errorf("nothing stands behind %s", glob)
	case strings.Contains(glob, ","):
		return errors.New("a glob with a comma: write L@ in front of a list, or \"or\" between globs")
	}
	return nil
}

// checkNetwork accepts only what Python's ipaddress accepts.
func checkNetwork(s string) error {
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	if p, err := netip.ParsePrefix(s); err == nil && p == p.Masked() {
		return nil
	}
	return errors.New("behind S@ stands an address, or a network without bits of a host")
}

// target returns a target of a role as one operand. ok is false where it cannot be
// used; then it allows nothing.
func (o Options) target(target string) (operand string, ok bool) {
	words, err := readCompound(target, checkAllowed)
	if err != nil {
		return "", false
	}
	if hasNodegroup(words) {
		if o.Nodegroups == nil {
			return "", false
		}
		if words, err = o.Nodegroups(words); err != nil {
			return "", false
		}
		words, err = readCompound(strings.Join(words, " "), checkAllowed)
		if err != nil || hasNodegroup(words) {
			return "", false
		}
	}
	return grouped(words), true
}

func hasNodegroup(words []string) bool {
	for _, w := range words {
		if readTerm(w).engine == "N" {
			return true
		}
	}
	return false
}

// narrow returns the target of the minions that are requested and that match, for
// each of limits, one of its targets.
//
// It begins with the glob of all minions, which changes nothing for minions. But
// minions of Salt 3008 also match a target against the resources that they manage,
// and there globs, pillars and networks match nothing: "not db*" would match all
// resources, also those of db1, and for states db1 itself with them. With a glob
// that has to match too, no narrowed target matches a resource.
func narrow(requested []string, limits [][]string) string {
	parts := []string{everywhere}
	if len(requested) != 1 || requested[0] != everywhere {
		parts = append(parts, grouped(requested))
	}
	for _, targets := range limits {
		if p := union(targets); !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " and ")
}

// union returns the target of the minions that match one of several targets.
func union(targets []string) string {
	if len(targets) == 1 {
		return targets[0]
	}
	return "( " + strings.Join(targets, " or ") + " )"
}
