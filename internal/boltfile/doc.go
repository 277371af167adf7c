// Package boltfile opens the files that stores are kept in.
//
//	db, err := boltfile.Open("session store", path, boltfile.Wait, buckets...)
//
// It imports nothing of Saltern's.
package boltfile
