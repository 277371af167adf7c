package envtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// program is the built saltern: the one that SALTERN_PROGRAM names, which make
// test builds once for all packages, or one built for this package.
type program struct {
	once sync.Once
	path string
	dir  string // to remove
	err  error
}

// build makes the program with the race detector in it: a race ends it with
// another exit code than 0, which whoever stops it reports.
func (p *program) build(t *testing.T) string {
	t.Helper()
	p.once.Do(func() {
		if p.path = os.Getenv("SALTERN_PROGRAM"); p.path != "" {
			return
		}
		if p.dir, p.err = os.MkdirTemp("", "saltern-e2e"); p.err != nil {
			return
		}
		p.path = filepath.Join(p.dir, "saltern")
		out, err := exec.Command("go", "build", "-race", "-o", p.path, "github.com/saltern-api/saltern/cmd/saltern").CombinedOutput()
		if err != nil {
			p.err = errors.Join(err, errors.New(string(out)))
		}
	})
	require.NoError(t, p.err)
	return p.path
}

func (p *program) remove() error {
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}
