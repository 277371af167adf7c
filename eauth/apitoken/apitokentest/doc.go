// Package apitokentest holds the suite that every token store passes:
//
//	apitokentest.Run(t, func(t *testing.T) apitoken.Store { return memory.New() })
//
// What it expects of a call is what [apitoken.Store] says. Beyond the single
// parts it carries out long random histories, in which each answer has to be
// that of the plain store of package memory; lets many goroutines at one
// token; and has [Workload] for tests that kill a process.
package apitokentest
