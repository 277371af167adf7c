package main

import (
	"context"
	"sync"
	"time"
)

// call is one request. An error says that it was not answered as it should be.
type call func(ctx context.Context) error

// requestTimeout is far longer than salt-api takes for its slowest answer.
const requestTimeout = 2 * time.Minute

// load lets clients send one request after the other until the time of the
// box is over, but at least one each, and waits for the last answers.
func load(ctx context.Context, clients int, box time.Duration, do call) sample {
	var s sample
	var mu sync.Mutex
	var running sync.WaitGroup
	began := time.Now()
	for range clients {
		running.Go(func() {
			each, err := client(ctx, began.Add(box), do)
			mu.Lock()
			defer mu.Unlock()
			s.each = append(s.each, each...)
			if err != nil {
				s.errs = append(s.errs, err)
			}
		})
	}
	running.Wait()
	s.took = time.Since(began)
	return s
}

// client stops at its first error: a refusal is quick, and thousands of them
// say no more than one.
func client(ctx context.Context, end time.Time, do call) (each []time.Duration, err error) {
	for {
		began := time.Now()
		if err := timed(ctx, do); err != nil {
			return each, err
		}
		now := time.Now()
		each = append(each, now.Sub(began))
		if !now.Before(end) {
			return each, nil
		}
	}
}

func timed(ctx context.Context, do call) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return do(ctx)
}
