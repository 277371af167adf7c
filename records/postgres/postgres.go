package postgres

import (
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/huandu/go-sqlbuilder"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/internal/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options select a database and what is kept in it.
type Options struct {
	// URL is a connection string of libpq, as a URL or as key=value pairs. What
	// it leaves out is taken from the environment (PGHOST, PGPASSFILE and the
	// like).
	URL string
	sqlstore.Options
}

// The connections of one gateway, and how long one may take to be made.
const (
	connections    = 8
	idle           = 4
	connectTimeout = 5 * time.Second
)

// ErrURL means that a connection string cannot be read. It is not part of the
// error, since it may have a password.
var ErrURL = errors.New("not a connection string of PostgreSQL")

// Open returns a store, or an [ErrURL].
func Open(o Options) (records.Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, ErrURL
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "saltern"
	}
	turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 30))
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(idle)
	db.SetConnMaxIdleTime(time.Minute)
	return sqlstore.New(sqlstore.Engine{
		Write: db, Read: db,
		Flavor: sqlbuilder.PostgreSQL, Dialect: goose.DialectPostgres, Migrations: files,
		Migrating: []goose.ProviderOption{goose.WithSessionLocker(turns)},
		IsFull:    func(err error) bool { return code(err) == diskFull },
		IsRetryable: func(err error) bool {
			c := code(err)
			return c == serializationFailure || c == deadlockDetected
		},
	}, o.Options), nil
}

// Codes of errors, of appendix A of PostgreSQL's manual.
const (
	diskFull             = "53100"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

// code returns the code of an error of the server, or "".
func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}
