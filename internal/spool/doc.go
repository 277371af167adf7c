// Package spool keeps what is written to it until it is read: a few MiB in
// memory, and beyond that in a file without a name. All spools of a [Store]
// share its limits.
//
//	s := store.New()
//	defer s.Close()
//	mark := s.Size()
//	_, err := s.Write(part)
//	_, err = s.Since(mark).WriteTo(w)
//
// It imports internal/fair.
package spool
