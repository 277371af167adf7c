// Package recordstest is the test suite of [records.Store].
//
//	func TestStore(t *testing.T) {
//		recordstest.Run(t, func(t *testing.T) recordstest.Open { ... })
//	}
//
// A store that outlives its process also passes the part for that: a child
// process runs [Workload] until it is killed, and [RequireDone] looks for what it
// had written.
//
// It imports records.
package recordstest
