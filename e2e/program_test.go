package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// saltern is the built program, which all tests share.
var saltern program

type program struct {
	once sync.Once
	dir  string
	err  error
}

// build makes the program with the race detector in it: a race ends it with
// another exit code than 0, which whoever stops it reports.
func (p *program) build(t *testing.T) string {
	t.Helper()
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "saltern-e2e"); p.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-race", "-o", p.path(), "../cmd/saltern").CombinedOutput()
		if err != nil {
			p.err = errors.Join(err, errors.New(string(out)))
		}
	})
	require.NoError(t, p.err)
	return p.path()
}

func (p *program) path() string { return filepath.Join(p.dir, "saltern") }

func (p *program) remove() error {
	if p.dir == "" {
		return nil
	}
	return os.RemoveAll(p.dir)
}
