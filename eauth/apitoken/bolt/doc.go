// Package bolt keeps tokens in a file, so that they survive a restart or a crash.
// One process at a time has the file open; several gateways share the store of
// package redis instead.
//
//	store, err := bolt.Open("/var/lib/saltern/tokens.db")
//	if err != nil {
//		return err // it names the file
//	}
//	defer store.Close()
//
// Failures are counted in memory, so that guesses cause no writes to the disk.
//
// The package may import eauth/apitoken, its internal packages, internal/boltfile
// and bbolt.
package bolt
