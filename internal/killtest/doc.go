// Package killtest kills programs and servers in the middle of their work, for
// tests of what survives that.
//
//	cmd, out := killtest.Child(t, "SALTERN_TEST_FILE="+file) // this test program, as another process
//	done := killtest.Read(t, out, 50, 250, func() { _ = cmd.Process.Kill() })
//	require.Error(t, cmd.Wait())
//
// A workload writes a line after each completed call. What the lines say must be
// there afterwards.
//
// It imports nothing of this module.
package killtest
