package recordkeeper

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/records"
)

// How often a database is tried, how long an attempt may take, and how often
// what is too old or too much is removed.
const (
	tryEvery   = 5 * time.Second
	tryTimeout = 5 * time.Second
	trimEvery  = 10 * time.Minute
)

// Options are those of a [Keeper].
type Options struct {
	Keep    time.Duration // how long jobs are kept; 0 is for ever
	MaxSize int64         // in bytes; the oldest are removed above it

	Registerer prometheus.Registerer
	Log        *slog.Logger
}

// Keeper watches a store and removes what is too old.
type Keeper struct {
	store records.Store
	opts  Options

	up    atomic.Bool
	bytes atomic.Int64
	jobs  atomic.Int64

	mu    sync.Mutex
	ping  error  // of the last attempt to reach the store
	write error  // of the last attempt to write
	why   string // what was logged last
}

// New returns a keeper of a store, and registers its metrics. The store is taken
// to be there until the first attempt.
func New(store records.Store, o Options) *Keeper {
	k := &Keeper{store: store, opts: o}
	k.up.Store(true)
	gauge := func(name, help string, value func() float64) {
		o.Registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("saltern_records_up", "Whether the database of records answered the last time, and took what was written.", func() float64 {
		if k.Up() {
			return 1
		}
		return 0
	})
	gauge("saltern_records_bytes", "About how much is recorded, as counted every ten minutes.", func() float64 { return float64(k.bytes.Load()) })
	gauge("saltern_records_jobs", "Jobs that are recorded, as counted every ten minutes.", func() float64 { return float64(k.jobs.Load()) })
	return k
}

// Up reports whether the store answered the last time, and took what was written.
func (k *Keeper) Up() bool { return k.up.Load() }

// answers reports whether the store answered the last time. A full one does, and
// what is too old in it is removed.
func (k *Keeper) answers() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ping == nil
}

// Run watches the store until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(tryEvery)
	defer tick.Stop()
	var trimmed time.Time
	for {
		k.try(ctx)
		if k.answers() && time.Since(trimmed) >= trimEvery {
			trimmed = time.Now()
			k.trim(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// try finds out whether the store answers.
func (k *Keeper) try(ctx context.Context) {
	trying, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	err := k.store.Ping(trying)
	if ctx.Err() == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.ping = err
		k.note(ctx)
	}
}

// Wrote has the outcome of an attempt to write count: a store whose disk is full
// can be read.
func (k *Keeper) Wrote(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil || k.write != nil {
		k.write = err
		k.note(context.Background())
	}
}

// note logs a change, not every attempt. The caller holds k.mu.
func (k *Keeper) note(ctx context.Context) {
	why, err := "", cmp.Or(k.ping, k.write)
	if err != nil {
		why = err.Error()
	}
	k.up.Store(err == nil)
	switch {
	case why == k.why:
		return
	case err != nil:
		k.opts.Log.LogAttrs(ctx, slog.LevelWarn, "the records cannot be reached; commands run without them", slog.String("error", why))
	default:
		k.opts.Log.LogAttrs(ctx, slog.LevelInfo, "the records can be reached again")
	}
	k.why = why
}

// trim removes what is too old or too much, and counts what is left.
func (k *Keeper) trim(ctx context.Context) {
	t := records.Trim{Bytes: k.opts.MaxSize}
	if k.opts.Keep > 0 {
		t.Before = time.Now().Add(-k.opts.Keep)
	}
	done, err := k.store.Trim(ctx, t)
	if done.Jobs > 0 {
		k.opts.Log.LogAttrs(ctx, slog.LevelInfo, "removed old records",
			slog.Int64("jobs", done.Jobs), slog.Int64("returns", done.Returns))
	}
	var size records.Size
	if err == nil {
		size, err = k.store.Size(ctx)
	}
	if err == nil {
		k.bytes.Store(size.Bytes)
		k.jobs.Store(size.Jobs)
		return
	}
	if !errors.Is(err, context.Canceled) {
		k.opts.Log.LogAttrs(ctx, slog.LevelWarn, "did not remove old records", slog.String("error", err.Error()))
	}
}
