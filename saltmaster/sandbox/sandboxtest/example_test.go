package sandboxtest_test

import (
	"testing"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

func Example() {
	var t *testing.T // the test's own
	for version, dir := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			_, _ = sandbox.Start(t.Context(), sandbox.Options{Salt: dir})
		})
	}
}
