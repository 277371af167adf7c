// Package apitokentest holds the suite that every token store passes:
//
//	apitokentest.Run(t, func(t *testing.T) apitoken.Store { return memory.New() })
//
// The expected result of a call is defined by [apitoken.Store]. In addition to
// single cases the suite runs long random histories, in which each result must
// be that of the plain store of package memory, and uses one token in many
// goroutines at once; [Workload] is for tests that kill a process.
//
// It imports eauth/apitoken and eauth/apitoken/memory.
package apitokentest
