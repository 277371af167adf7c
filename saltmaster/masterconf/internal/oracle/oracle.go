package oracle

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed canon.py
var canonScript string

// Salt is one installed Salt.
type Salt struct {
	Version string
	python  string
}

// Salts returns the installed Salts, or skips the test when there is none.
func Salts(t *testing.T) []Salt {
	t.Helper()
	dir := os.Getenv("SALTERN_SALT")
	if dir == "" {
		t.Skip("SALTERN_SALT is not set: the comparison with a real Salt is left out")
	}
	pythons, err := filepath.Glob(filepath.Join(dir, "salt-*", "bin", "python"))
	require.NoError(t, err)
	require.NotEmpty(t, pythons, "no salt-<version> under SALTERN_SALT=%s", dir)
	salts := make([]Salt, 0, len(pythons))
	for _, p := range pythons {
		name := filepath.Base(filepath.Dir(filepath.Dir(p)))
		salts = append(salts, Salt{Version: strings.TrimPrefix(name, "salt-"), python: p})
	}
	return salts
}

// Ask runs a Python script with the question on its standard input and reads the answer from its standard output, both
// as JSON. The script may use the function canon, which writes a value as Canon does.
func (s Salt) Ask(t *testing.T, script string, question, answer any) {
	t.Helper()
	in, err := json.Marshal(question)
	require.NoError(t, err)
	home := t.TempDir()
	// Without -P Python would import modules that lie in the working directory.
	cmd := exec.CommandContext(t.Context(), s.python, "-P", "-c", canonScript+script)
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8"}
	cmd.Stdin = bytes.NewReader(in)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Run(), "%s", &errs)
	require.NoError(t, json.Unmarshal(out.Bytes(), answer), "%s", &out)
}
