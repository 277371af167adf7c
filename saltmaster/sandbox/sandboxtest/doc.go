// Package sandboxtest lists the real Salts that tests are to run against. It imports package
// sandbox, and is imported by tests.
//
//	for version, dir := range sandboxtest.Salts(t) {
//		t.Run(version, func(t *testing.T) { ... sandbox.Options{Salt: dir} ... })
//	}
package sandboxtest
