package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// report is what was measured.
type report struct {
	scenarios     []*scenario
	before, after memories
}

// memories are those of the two gateways.
type memories struct{ saltern, saltAPI memory }

func (s *subjects) memory() memories {
	return memories{saltern: s.oursProcs.memory(), saltAPI: s.apiProcs.memory()}
}

// print prints what stands below the tables.
func (r *report) print(out io.Writer, salt string) error {
	version, err := sandbox.Version(salt)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%-27s %10s %10s %10s %10s %10s\n", "memory (RSS)", "idle", "its own", "after load", "its own", "peak")
	line := func(who subject, before, after memory) {
		fmt.Fprintf(out, "%-27s", who)
		for _, bytes := range []int64{before.now, before.own, after.now, after.own, after.peak} {
			fmt.Fprintf(out, " %7.1f MB", megabytes(bytes))
		}
		fmt.Fprintln(out)
	}
	line(saltern, r.before.saltern, r.after.saltern)
	line(saltAPI, r.before.saltAPI, r.after.saltAPI)

	fmt.Fprint(out, notes)
	if strings.HasPrefix(version, "3008") {
		r.printTargets(out)
	}
	return nil
}

const notes = `
req/s is the median of the rounds. "x wire" and "x salt-api" are medians of the ratios of rounds side by side, to the
row with the same credentials (the bare wire has one row for both). "own CPU" is the processor time that the gateway's
own processes use for a request; it is the least noisy figure. "pam" is a password in each request, checked each
time; "eauth" is one for the module sharedsecret, which Saltern has the master check once in five seconds; "token" is a
Salt token of the same user as pam's; "access" is an access token that one of Saltern's API tokens was
exchanged for, over TLS: it is looked up in the store for each request.
"its own" memory is without the pages of files, such as the program's own, which the system can drop at any time.
"over tcp" is the same before a second master, whose transport is tcp; its bare wire is compared with that of zeromq.
local_async goes to a minion that is away; local and runner wait for their results.
pam login is POST /login at salt-api, mk_token on the bare wire, and at Saltern a password check with the cheapest
command after it. The passwords are pam_matrix's, which takes no time; pam_unix takes as long as its hash, anywhere.
`

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

func (s *scenario) print(out io.Writer) {
	fmt.Fprintf(out, "\n%-27s %9s %11s %11s %8s %11s %10s %9s %7s\n",
		s, "req/s", "p50", "p99", "x wire", "x salt-api", "own CPU", "requests", "errors")
	for _, r := range s.rows {
		all := latencies(r.rounds)
		fmt.Fprintf(out, "%-27s %9.1f %11s %11s %8s %11s %10s %9d %7d\n", r.name(),
			median(rates(r.rounds)), milliseconds(quantile(all, .5)), milliseconds(quantile(all, .99)),
			s.times(r, r.who.wire()), s.times(r, saltAPI), r.ownCPU(len(all)), len(all), len(r.errs))
	}
	for _, r := range s.rows {
		if err := r.failure(); err != nil {
			fmt.Fprintln(out, err)
		}
	}
}

// ownCPU is what the gateway's own processes used for each request.
func (r *row) ownCPU(requests int) string {
	if r.procs == 0 || requests == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f ms", r.cpu.Seconds()*1000/float64(requests))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// find returns the row of a subject; with these credentials, if it has one.
func (s *scenario) find(who subject, auth string) *row {
	i := slices.IndexFunc(s.rows, func(r *row) bool { return r.who == who && (r.auth == auth || who == bareWire || who == wireTCP) })
	if i < 0 {
		return nil
	}
	return s.rows[i]
}

// over is how much faster r is than a subject that does the same.
func (s *scenario) over(r *row, who subject) (float64, bool) {
	other := s.find(who, r.auth)
	if other == nil || other == r {
		return 0, false
	}
	return ratio(r.rounds, other.rounds)
}

func (s *scenario) times(r *row, who subject) string {
	x, ok := s.over(r, who)
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.2f", x)
}

// failure joins one error of each row that has any. Those of salt-api are not among
// them: what it answers now and then with 500 is a defect of its own, which is printed
// with its figures and measured no further.
func (r *report) failure() error {
	var all []error
	for _, s := range r.scenarios {
		for _, row := range s.rows {
			if err := row.failure(); err != nil && row.who != saltAPI {
				all = append(all, fmt.Errorf("%s: %w", s, err))
			}
		}
	}
	return errors.Join(all...)
}
