// Package bolt keeps sessions in a file, so that they survive a restart or a crash.
// One process at a time has the file open.
//
//	store, err := bolt.Open("/var/lib/saltern/sessions.db")
//	if err != nil {
//		return err // it names the file
//	}
//	defer store.Close()
//
// The package may import eauth/session, internal/boltfile and bbolt.
package bolt
