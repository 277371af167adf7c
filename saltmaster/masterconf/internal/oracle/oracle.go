package oracle

import (
	_ "embed"
	"maps"
	"slices"
	"testing"

	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

//go:embed canon.py
var canonScript string

// Salt is one installed Salt.
type Salt struct {
	Version string
	dir     string
}

// Salts returns the Salts to test against, the oldest first, see [sandboxtest.Salts].
func Salts(t *testing.T) []Salt {
	t.Helper()
	dirs := sandboxtest.Salts(t)
	salts := make([]Salt, 0, len(dirs))
	for _, version := range slices.Sorted(maps.Keys(dirs)) {
		salts = append(salts, Salt{Version: version, dir: dirs[version]})
	}
	return salts
}

// Ask runs a Python script with the question on its standard input and reads the answer from its standard output, both
// as JSON. The script may use the function canon, which writes a value as Canon does.
func (s Salt) Ask(t *testing.T, script string, question, answer any) {
	t.Helper()
	sandboxtest.Python(t, s.dir, canonScript+script, question, answer)
}
