package main

import (
	"fmt"
	"io"
)

// What is to be reached on Salt 3008.
const (
	targetOfWire   = 0.95 // at least
	targetPAM      = 0.85 // of the wire, with a password that is checked each time
	targetOfAPI    = 12   // at least
	targetIdleSize = 30   // MB, less than
)

func (r *report) printTargets(out io.Writer) {
	fmt.Fprint(out, "\ntargets\n")
	line := func(reached bool, format string, args ...any) {
		said := "missed"
		if reached {
			said = "reached"
		}
		fmt.Fprintf(out, "%-8s %s\n", said, fmt.Sprintf(format, args...))
	}
	for _, s := range r.scenarios {
		if s.title == titleLocalAsync {
			s.printTargets(line)
		}
	}
	idle := megabytes(r.before.saltern.now)
	line(idle < targetIdleSize, "idle memory: %.1f MB (less than %d), of which %.1f MB are its own",
		idle, targetIdleSize, megabytes(r.before.saltern.own))
}

// printTargets compares with the bare wire for each kind of credentials that
// salt-api takes. With a token no gateway can be so much faster than salt-api,
// since the bare wire is not.
func (s *scenario) printTargets(line func(reached bool, format string, args ...any)) {
	for _, auth := range []string{byPAM, byEauth, byToken} {
		least := targetOfWire
		if auth == byPAM {
			least = targetPAM
		}
		row := s.find(saltern, auth)
		x, _ := s.over(row, bareWire)
		line(x >= least, "%s, %s: %.2f of the bare wire (at least %.2f)", s, auth, x, least)
		x, _ = s.over(row, saltAPI)
		wire, _ := s.over(s.find(bareWire, auth), saltAPI)
		most := ""
		if auth == byToken {
			most = fmt.Sprintf("; the bare wire itself is %.1f times", wire)
		}
		line(x >= targetOfAPI, "%s, %s: %.1f times salt-api (at least %d%s)", s, auth, x, targetOfAPI, most)
	}
}
