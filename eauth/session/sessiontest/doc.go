// Package sessiontest holds the suite that every session store passes:
//
//	sessiontest.RunStore(t, func(t *testing.T) session.Store { return memory.New() })
package sessiontest
