package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/huandu/go-sqlbuilder"
	"github.com/pressly/goose/v3"
	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/internal/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options select a file and what is kept in it.
type Options struct {
	File string

	// Master names the master whose records these are; see [records.Store].
	Master string

	// MaxValue is the most bytes of a value that are kept; 64 KiB where it is
	// zero. Larger ones are omitted.
	MaxValue int

	Log *slog.Logger // for changes of the schema
}

// readers is how many look-ups run at once; others wait.
const readers = 4

// busy is how long a transaction waits for that of another process.
const busy = 10 * time.Second

// Open returns a store in a file, which is made with its first use.
func Open(o Options) records.Store {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // only for a name that is not valid
	}
	// One connection writes: SQLite has one writer, and those who wait do so
	// here, where their contexts are honored.
	write := sql.OpenDB(connector(o.File, "_txlock=immediate", "_auto_vacuum=2", "_pragma=cache_size(-1000)"))
	write.SetMaxOpenConns(1)
	read := sql.OpenDB(connector(o.File, "_query_only=1", "_pragma=cache_size(-1000)"))
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	read.SetConnMaxIdleTime(time.Minute) // each has a cache
	return sqlstore.New(sqlstore.Engine{
		Write: write, Read: read, Prepare: true,
		Flavor: sqlbuilder.SQLite, Dialect: goose.DialectSQLite3, Migrations: files,
		Lock:        func(ctx context.Context) (func(), error) { return lock(ctx, o.File) },
		IsFull:      func(err error) bool { return errors.Is(err, syscall.ENOSPC) || code(err) == sqlite3.SQLITE_FULL },
		IsRetryable: func(err error) bool { return code(err) == sqlite3.SQLITE_BUSY },
		Compact:     compact,
	}, sqlstore.Options{Master: o.Master, MaxValue: o.MaxValue, Log: o.Log})
}

// connector returns what opens connections to a file.
func connector(file string, more ...string) driver.Connector {
	path := url.URL{Path: file}
	u := url.URL{Scheme: "file", Opaque: path.EscapedPath(), RawQuery: strings.Join(append([]string{
		"mode=rw", fmt.Sprintf("_busy_timeout=%d", busy.Milliseconds()),
		"_pragma=journal_mode(WAL)", "_pragma=synchronous(NORMAL)", "_pragma=journal_size_limit(67108864)", "_pragma=temp_store(2)",
	}, more...), "&")}
	c, err := sqlite.NewConnector(u.String())
	if err != nil {
		return broken{err}
	}
	return c
}

// broken is the connector of a file that cannot be opened at all.
type broken struct{ err error }

func (b broken) Connect(context.Context) (driver.Conn, error) { return nil, b.err }
func (b broken) Driver() driver.Driver                        { return &sqlite.Driver{} }

// code returns the primary code of an error of SQLite, or 0.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// lock makes the file if there is none, and holds the one beside it with which
// processes take turns at changing the schema. The file itself is never opened
// here: closing it would drop the locks that SQLite holds in this process.
func lock(ctx context.Context, file string) (unlock func(), err error) {
	f, err := os.OpenFile(file+"-lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := create(file); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// create makes a file that only its owner can read, or makes one so. SQLite
// gives the files beside it the same mode.
func create(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		return f.Close()
	case errors.Is(err, fs.ErrExist):
		return os.Chmod(file, 0o600)
	}
	return err
}

// compact gives pages that are free back to the file system, some at a time.
func compact(ctx context.Context, db *sql.DB) error {
	for {
		var before, after int64
		if err := db.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&before); err != nil || before == 0 {
			return err
		}
		if _, err := db.ExecContext(ctx, "PRAGMA incremental_vacuum(1000)"); err != nil {
			return err
		}
		if err := db.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&after); err != nil || after >= before {
			return err
		}
	}
}
