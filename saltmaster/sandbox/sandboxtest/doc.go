// Package sandboxtest lists the real Salts that tests are to run against, and runs scripts with
// their Python. It imports package sandbox, and is imported by tests.
//
//	for version, dir := range sandboxtest.Salts(t) {
//		t.Run(version, func(t *testing.T) { ... sandbox.Options{Salt: dir} ... })
//	}
//
// What Salt's own code makes of an input is what it prints:
//
//	sandboxtest.Python(t, dir, "import json, sys; ...", question, &answer)
package sandboxtest
