package postgres

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"strings"
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

	// Master names the master whose records these are; see [records.Store].
	Master string

	// MaxValue is the most bytes of a value that are kept; 64 KiB where it is
	// zero. Larger ones are omitted.
	MaxValue int

	Log *slog.Logger // for changes of the schema
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
	config, err := parse(o.URL)
	if err != nil {
		return nil, err
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
	}, sqlstore.Options{Master: o.Master, MaxValue: o.MaxValue, Log: o.Log}), nil
}

func parse(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, ErrURL
	}
	return config, nil
}

// InClearText reports whether records may travel to another host without TLS,
// which sslmode=require or verify-full in the URL rules out.
func InClearText(url string) (bool, error) {
	config, err := parse(url)
	if err != nil {
		return false, err
	}
	clear := isRemote(config.Host) && config.TLSConfig == nil
	for _, f := range config.Fallbacks {
		clear = clear || isRemote(f.Host) && f.TLSConfig == nil
	}
	return clear, nil
}

// isRemote reports whether a host is not a socket or a loopback address.
func isRemote(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return false
	}
	ip := net.ParseIP(host)
	return ip == nil || !ip.IsLoopback()
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
