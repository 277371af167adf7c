// Package sqlite keeps records in a file, for one gateway.
//
//	store := sqlite.Open(sqlite.Options{File: "/var/lib/saltern/records.db"})
//	defer store.Close()
//
// The file and those beside it (-wal, -shm and -lock) are readable by the user
// of the gateway only. SQLite's log is written at each commit and synced at each
// checkpoint: a crash of the process loses nothing, and one of the machine at
// most the last seconds.
//
// The package imports records and records/internal/sqlstore.
package sqlite
