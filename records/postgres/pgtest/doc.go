// Package pgtest runs real PostgreSQL servers for tests, each in a folder of its
// own and without a port.
//
//	server := pgtest.Start(t)
//	store, err := postgres.Open(postgres.Options{URL: server.Database(t)})
//	server.Kill()  // as kill -9 does
//	server.Start() // with what it had written
//
// PostgreSQL refuses to run as root: for a test that does, it runs as nobody.
//
// It imports nothing else of Saltern.
package pgtest
