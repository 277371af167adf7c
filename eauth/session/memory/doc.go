// Package memory keeps sessions in memory: they end with the process.
//
//	s := session.New(session.Options{Store: memory.New(), ...})
//
// The package may import eauth/session.
package memory
