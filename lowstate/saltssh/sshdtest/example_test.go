package sshdtest_test

import (
	"testing"

	"github.com/saltern-api/saltern/lowstate/saltssh/sshdtest"
)

func Example() {
	var t *testing.T // the test's own
	server := sshdtest.Start(t)
	roster := map[string]any{"web1": server.Entry(map[string]any{"thin_dir": "/var/tmp/thin"})}
	_ = roster // is what the roster file holds
}
