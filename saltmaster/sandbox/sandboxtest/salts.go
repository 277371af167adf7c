package sandboxtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// The environment says where the Salts are and how strict to be.
const (
	envDir      = "SALTERN_SALT"          // folder that holds salt-<version> for each one
	envVersions = "SALTERN_SALT_VERSIONS" // optional: exact versions, separated by spaces
	envRequire  = "SALTERN_REQUIRE_SALT"  // 1: a missing Salt fails the test
)

// Salts returns the folder of each Salt to test against, by version. Without
// any it skips the test, or fails it when SALTERN_REQUIRE_SALT is 1.
func Salts(t testing.TB) map[string]string {
	t.Helper()
	missing := t.Skipf
	if os.Getenv(envRequire) == "1" {
		missing = t.Fatalf
	}
	root := os.Getenv(envDir)
	if root == "" {
		missing("%s is not set, so there is no real Salt to test against (make salt installs it, make test sets the variable)", envDir)
	}
	versions := strings.Fields(os.Getenv(envVersions))
	if len(versions) == 0 {
		found, err := filepath.Glob(filepath.Join(root, "salt-*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range found {
			versions = append(versions, strings.TrimPrefix(filepath.Base(dir), "salt-"))
		}
	}
	salts := map[string]string{}
	for _, v := range versions {
		dir := filepath.Join(root, "salt-"+v)
		if err := sandbox.Installed(dir); err != nil {
			missing("%v", err)
		}
		salts[v] = dir
	}
	if len(salts) == 0 {
		missing("%s holds no Salt (make salt installs it)", root)
	}
	return salts
}

// Newest returns the folder of the newest Salt to test against, for tests whose
// subject does not depend on the version.
func Newest(t testing.TB) string {
	t.Helper()
	salts := Salts(t)
	var versions []string
	for v := range salts {
		versions = append(versions, v)
	}
	return salts[slices.Max(versions)] // 3006.x < 3008.x: the release has four digits
}
