// Bench compares Saltern, salt-api and the bare wire on one private master
// with one minion, and prints what each of them manages; and beside them Saltern
// and the bare wire on a second one, whose transport is tcp:
//
//	go run ./e2e/bench --salt .work/salt-3008.5
//
// The bare wire is what the master alone costs: the same commands, sent with
// a Salt token over a connection pool of this process, with nothing in
// between. What Saltern takes beyond it is Saltern's own.
//
// The three take turns in short rounds, so that a machine whose speed drifts
// is as slow for each of them, and ratios are those of rounds that ran side
// by side. One whose requests take longer than its share of the time, as
// salt-api's do, sits out the later rounds.
//
// A wrong answer of Saltern or of the bare wire makes the run fail. One of salt-api is
// counted and printed with its row, and a missed target is printed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/saltern-api/saltern/e2e/env"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var o options
	flag.StringVar(&o.salt, "salt", ".work/salt-3008.5", "virtual environment that holds Salt")
	flag.StringVar(&o.saltern, "saltern", "", "built program; one is built when this is empty")
	flag.IntVar(&o.times, "times", 1, "measure so many times as long as usual")
	flag.StringVar(&o.only, "only", "", "measure only what has this in its title")
	flag.Parse()
	if err := bench(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

type options struct {
	salt, saltern, only string
	times               int
}

const (
	// minion is the one minion.
	minion = "bench-0"

	// away is a minion that the master has accepted and that does not run. It
	// is the target of local_async: the minion that runs could not keep up,
	// and its returns would go on into the rounds of the next subject.
	away = "bench-away"
)

// acceptAway gives the master a key for the minion that is away. It needs
// nothing else.
func acceptAway(r *env.Env) error {
	keys := filepath.Join(r.Dir(), "pki", "minions")
	key, err := os.ReadFile(filepath.Join(keys, minion))
	if err == nil {
		err = os.WriteFile(filepath.Join(keys, away), key, 0o600)
	}
	if err != nil {
		return fmt.Errorf("accept the minion that is away: %w", err)
	}
	return nil
}

func bench(ctx context.Context, o options, out io.Writer) (err error) {
	began := time.Now()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return fmt.Errorf("temporary folder: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the temporary folder of the system
	if o.saltern == "" {
		o.saltern = filepath.Join(dir, "saltern")
		if err := build(ctx, o.saltern); err != nil {
			return err
		}
	}
	zeromq, err := newStand(ctx, o, "zeromq")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, zeromq.stop(ctx)) }()
	tcp, err := newStand(ctx, o, "tcp")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tcp.stop(ctx)) }()
	subs, err := newSubjects(ctx, zeromq.env, zeromq.wire, tcp)
	if err != nil {
		return err
	}
	rep, err := measure(ctx, o, subs, out)
	if err != nil {
		return err
	}
	if err := rep.print(out, o.salt); err != nil {
		return err
	}
	fmt.Fprintf(out, "\ntook %s\n", time.Since(began).Round(time.Second))
	return rep.failure()
}

// build makes the program as make build does: without the race detector.
func build(ctx context.Context, program string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "github.com/saltern-api/saltern/cmd/saltern")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build saltern: %w\n%s", err, text)
	}
	return nil
}
