package tokenclients

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed exchange_as_vdk.py
var exchangeAsVDK string

// VDK has the Versatile Data Kit exchange an API token at a path of the site,
// and returns the access token, or with the error what it complained of.
// SALTERN_VDK names a Python that has the package.
func (s Site) VDK(t *testing.T, path, token string) (string, error) {
	t.Helper()
	python := os.Getenv("SALTERN_VDK")
	if python == "" {
		python = filepath.Join(top(t), ".work", "vdk-venv", "bin", "python")
	}
	if _, err := os.Stat(python); err != nil {
		lacking(t, "there is no Python with vdk-control-api-auth here; make test installs it")
	}
	cmd := s.command(t, python, "-c", exchangeAsVDK, s.URL+path)
	cmd.Stdin = strings.NewReader(token)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
