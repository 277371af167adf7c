package oracle_test

import (
	"testing"

	"github.com/saltern-api/saltern/saltmaster/masterconf/internal/oracle"
)

func Example() {
	var t *testing.T // the test's own
	for _, salt := range oracle.Salts(t) {
		var answer int
		salt.Ask(t, "import json, sys; print(len(json.load(sys.stdin)))", []string{"a", "b"}, &answer)
	}
}
