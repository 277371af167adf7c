package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// repository makes a checkout with what release.sh reads, and a program that
// prints its version.
func repository(t *testing.T) (run func(name string, args ...string) (string, error)) {
	t.Helper()
	dir := t.TempDir()
	script, err := os.ReadFile("release.sh")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"deploy/release.sh": string(script), "deploy/saltern.service": "", "deploy/nginx.conf": "", "deploy/alerts.yml": "", "deploy/pam.d/saltern": "",
		"docs/page.md": "", "LICENSE": "", "README.md": "", "CHANGELOG.md": "", "SECURITY.md": "", ".gitignore": "/dist*/\n",
		"go.mod":              "module example.com/program\n\ngo 1.26\n",
		"cmd/saltern/main.go": "package main\n\nvar version string\n\nfunc main() { println(version) }\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
	}
	run = func(name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "."}, {"-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "all"},
	} {
		out, err := run("git", args...)
		require.NoError(t, err, out)
	}
	return run
}

func TestReleaseWantsACleanTag(t *testing.T) {
	t.Parallel()
	run := repository(t)
	refused := func(why string) {
		t.Helper()
		out, err := run("deploy/release.sh", "dist", "none", runtime.GOARCH)
		require.Error(t, err)
		require.Contains(t, out, why)
		_, err = run("test", "-e", "dist")
		require.Error(t, err, "nothing may be left")
	}
	refused("no tag")
	_, err := run("git", "tag", "nightly")
	require.NoError(t, err)
	refused("the tag nightly is no version")
	_, err = run("git", "tag", "-d", "nightly")
	require.NoError(t, err)
	_, err = run("git", "tag", "v1.2.3")
	require.NoError(t, err)
	_, err = run("touch", "forgotten")
	require.NoError(t, err)
	refused("changes that are not in the commit")
}

func TestReleaseIsTheSameTwice(t *testing.T) {
	t.Parallel()
	run := repository(t)
	ok := func(name string, args ...string) string {
		t.Helper()
		out, err := run(name, args...)
		require.NoError(t, err, out)
		return out
	}
	ok("git", "tag", "v1.2.3")
	ok("deploy/release.sh", "dist", "none", runtime.GOARCH)
	ok("deploy/release.sh", "dist2", "none", runtime.GOARCH)
	require.Equal(t, ok("cat", "dist/SHA256SUMS"), ok("cat", "dist2/SHA256SUMS"))
	ok("sh", "-c", "cd dist && sha256sum --check --strict SHA256SUMS")

	name := "saltern_1.2.3_linux_" + runtime.GOARCH
	listed := ok("tar", "-tzf", "dist/"+name+".tar.gz")
	for _, file := range []string{"saltern", "LICENSE", "SECURITY.md", "docs/page.md", "deploy/saltern.service", "deploy/pam.d/saltern"} {
		require.Contains(t, listed, name+"/"+file+"\n")
	}
	ok("tar", "-xzf", "dist/"+name+".tar.gz")
	require.Equal(t, "v1.2.3\n", ok(name+"/saltern"))
}
