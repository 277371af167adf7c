// Package postgres keeps records in a PostgreSQL database, which several
// gateways may share.
//
//	store, err := postgres.Open(postgres.Options{URL: "postgres://saltern@/records?host=/run/postgresql"})
//	defer store.Close()
//
// It connects with the first use, and the schema is made by whichever gateway is
// the first. The user needs the right to make tables in its schema, and no other.
//
// The package imports records and records/internal/sqlstore.
package postgres
