package main

import (
	"context"
	"fmt"
	"time"
)

// scenario is one kind of request at one number of clients.
type scenario struct {
	title   string
	clients int
	rounds  int // of each row
	rows    []*row

	prepare func() error // before the first round, if not nil
}

// box is the length of a round: long enough for all but the slowest requests,
// and short enough for the machine to be the same for all rows.
const box = 600 * time.Millisecond

func (s *scenario) String() string {
	if s.clients == 1 {
		return s.title + ", 1 client"
	}
	return fmt.Sprintf("%s, %d clients", s.title, s.clients)
}

// The titles.
const (
	titleLocalAsync = "local_async"
	titleLocal      = "local test.ping"
	titleRunner     = "runner test.arg"
	titleLogin      = "pam login"
	titleLookup     = "runner jobs.lookup_jid"
	titleListJobs   = "runner jobs.list_jobs of 10,000 jobs"
)

// run lets the rows take turns. Who begins changes from round to round.
func (s *scenario) run(ctx context.Context, times int, subs *subjects) error {
	if s.prepare != nil {
		if err := s.prepare(); err != nil {
			return err
		}
	}
	for _, r := range s.rows {
		subs.quiet(ctx)
		s.warmUp(ctx, r)
	}
	rounds := s.rounds * times
	share := time.Duration(rounds) * box
	for round := range rounds {
		for i := range s.rows {
			r := s.rows[(i+round)%len(s.rows)]
			if r.spent() > share {
				continue
			}
			subs.quiet(ctx)
			r.round(ctx, s.clients)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// warmUp makes the connections that the row will use. That takes a request
// each, and not more than the gateways' own pools have room for.
func (s *scenario) warmUp(ctx context.Context, r *row) {
	const most = 8
	r.errs = append(r.errs, load(ctx, min(s.clients, most), 0, r.do).errs...)
}
