// Package sessiontest holds the suite that every session store passes:
//
//	sessiontest.RunStore(t, func(t *testing.T) session.Store { return memory.New() })
//
// It imports eauth/session.
package sessiontest
