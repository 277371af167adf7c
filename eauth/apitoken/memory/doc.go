// Package memory keeps tokens in memory: they end with the process. It is for tests
// and trials, and scans all tokens where the other stores have an index.
//
//	store := memory.New()
//
// The package may import eauth/apitoken and its internal packages.
package memory
