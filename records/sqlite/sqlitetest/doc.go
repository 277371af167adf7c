// Package sqlitetest opens stores in files of SQLite for tests.
//
//	store := sqlitetest.Open(t, sqlite.Options{})
//
// It imports packages records and sqlite.
package sqlitetest
