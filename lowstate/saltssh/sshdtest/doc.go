// Package sshdtest starts a private OpenSSH server on loopback, for tests of
// salt-ssh: its own keys, its own configuration, only the user that runs the
// test may log in. It imports the standard library alone, and is imported by
// tests.
//
//	d := sshdtest.Start(t)
//	roster := d.Entry(map[string]any{"thin_dir": dir})
package sshdtest
