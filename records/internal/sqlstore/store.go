package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/huandu/go-sqlbuilder"
	"github.com/pressly/goose/v3"

	"github.com/saltern-api/saltern/records"
)

// Engine is a database and what is particular about it.
type Engine struct {
	// Write has the connections for transactions, and Read those for look-ups.
	// They may be the same. The store closes both.
	Write, Read *sql.DB

	Flavor     sqlbuilder.Flavor
	Migrations fs.FS // of goose, with the files at its root
	Dialect    goose.Dialect
	Migrating  []goose.ProviderOption

	// Lock makes sure that one process at a time changes the schema, where the
	// options of goose do not.
	Lock func(context.Context) (unlock func(), err error)

	// Prepare is set if the driver does not keep statements by itself.
	Prepare bool

	// IsFull and IsRetryable classify errors of the driver: the disk is full;
	// another transaction was in the way and this one was undone.
	IsFull, IsRetryable func(error) bool

	// Compact gives room back that a trim has freed. It may be nil.
	Compact func(context.Context, *sql.DB) error
}

// Options are those of every SQL store.
type Options struct {
	// Master names the master whose records these are. Stores with other names
	// may use the same database, and see nothing of each other.
	Master string

	// MaxValue is the most bytes of a value that are kept; 64 KiB where it is
	// zero. Larger ones are omitted.
	MaxValue int

	Log *slog.Logger
}

// DefaultMaxValue is the default of [Options].MaxValue.
const DefaultMaxValue = 64 << 10

// Store is a [records.Store]. It connects when it is used first; what failed then
// is tried again at the next use.
type Store struct {
	engine Engine
	opts   Options

	mu     sync.Mutex // held while the schema is migrated
	isOpen bool
	failed time.Time // when the last attempt failed
	why    error

	statements *statements

	valueRoom atomic.Int64 // how many values may be added until all are counted again
}

var _ records.Store = (*Store)(nil)

// retryAfter is how long a failed attempt to open a database answers for others.
const retryAfter = time.Second

// New returns a store.
func New(e Engine, o Options) *Store {
	if o.MaxValue <= 0 {
		o.MaxValue = DefaultMaxValue
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Store{engine: e, opts: o, statements: newStatements(e)}
}

// Close implements [records.Keeper].
func (s *Store) Close() error {
	err := errors.Join(s.statements.close(), s.engine.Write.Close())
	if s.engine.Read != s.engine.Write {
		err = errors.Join(err, s.engine.Read.Close())
	}
	return err
}

// Ping implements [records.Keeper].
func (s *Store) Ping(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	var one int
	err := s.engine.Read.QueryRowContext(ctx, "SELECT 1 FROM jobs LIMIT 1").Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return s.failure(ctx, err)
}

// ready brings the schema to the version of this program, once.
func (s *Store) ready(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOpen {
		return nil
	}
	if s.why != nil && time.Since(s.failed) < retryAfter {
		return s.why
	}
	if err := s.failure(ctx, s.migrate(ctx)); err != nil {
		if ctx.Err() == nil {
			s.why, s.failed = err, time.Now()
		}
		return err
	}
	s.isOpen, s.why = true, nil
	return nil
}

func (s *Store) migrate(ctx context.Context) error {
	if s.engine.Lock != nil {
		unlock, err := s.engine.Lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	options := append([]goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()), goose.WithTableName("records_schema"),
	}, s.engine.Migrating...)
	p, err := goose.NewProvider(s.engine.Dialect, s.engine.Write, s.engine.Migrations, options...)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	is, want, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the schema: %w", err)
	case is > want:
		return fmt.Errorf("the schema has version %d, of a newer Saltern; this one knows %d", is, want)
	case is == want:
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema from version %d to %d: %w", is, want, err)
	}
	s.opts.Log.LogAttrs(ctx, slog.LevelInfo, "the schema of the records was changed",
		slog.Int64("from", is), slog.Int64("to", want))
	return nil
}

// failure returns the error of a database as one of package records. Errors of
// the context stay as they are.
func (s *Store) failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, records.ErrUnavailable), errors.Is(err, records.ErrNotFound), errors.Is(err, records.ErrConflict), errors.Is(err, errCrowded):
		return err
	case s.engine.IsFull(err):
		return fmt.Errorf("%w: %w", records.ErrFull, err)
	}
	return fmt.Errorf("%w: %w", records.ErrUnavailable, err)
}

// query runs a query, and scan for each of its rows.
func (s *Store) query(ctx context.Context, q sqlbuilder.Builder, scan func(*sql.Rows) error) error {
	text, args := q.BuildWithFlavor(s.engine.Flavor)
	rows, err := s.engine.Read.QueryContext(ctx, text, args...)
	return scanAll(rows, err, scan)
}
