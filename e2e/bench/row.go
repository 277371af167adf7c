package main

import (
	"context"
	"fmt"
	"time"
)

// subject is who is measured.
type subject int

const (
	saltern subject = iota
	saltAPI
	bareWire
	salternTCP // before the master of transport tcp
	wireTCP
)

func (s subject) String() string {
	return [...]string{"Saltern", "salt-api", "bare wire", "Saltern over tcp", "wire over tcp"}[s]
}

// wire is the subject that does the same with nothing in between.
func (s subject) wire() subject {
	if s == salternTCP {
		return wireTCP
	}
	return bareWire
}

// The ways to prove who one is.
const (
	byPAM    = "pam"
	byEauth  = "eauth" // a name and a password for another module of the master
	byToken  = "token"
	byAccess = "access" // an access token of Saltern's own
)

// row is one line of a table.
type row struct {
	who    subject
	auth   string // one of the ways
	do     call
	procs  group // of the gateway; none for the bare wire
	rounds []sample
	cpu    time.Duration // what procs used in all rounds
	errs   []error       // of all requests, those of the warm-up included
}

func (r *row) name() string { return fmt.Sprintf("%s, %s", r.who, r.auth) }

// round measures one round.
func (r *row) round(ctx context.Context, clients int) {
	before := r.procs.cpu()
	s := load(ctx, clients, box, r.do)
	r.cpu += r.procs.cpu() - before
	r.rounds = append(r.rounds, s)
	r.errs = append(r.errs, s.errs...)
}

// failure is the first error of the row, and how many there were.
func (r *row) failure() error {
	if len(r.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %d errors, the first: %w", r.name(), len(r.errs), r.errs[0])
}

// spent is how long the row's rounds have taken.
func (r *row) spent() (d time.Duration) {
	for _, s := range r.rounds {
		d += s.took
	}
	return d
}
