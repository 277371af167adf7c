package sandboxtest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Python runs a script with the Python of a Salt, in a folder of its own and
// without the tester's environment. in is written to its standard input as JSON,
// and its standard output is read into out.
func Python(t testing.TB, salt, script string, in, out any) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	python, err := filepath.Abs(filepath.Join(salt, "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	// Without -P Python would import modules that lie in the working directory.
	cmd := exec.CommandContext(t.Context(), python, "-P", "-W", "ignore", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"HOME=" + cmd.Dir, "PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8"}
	cmd.Stdin = bytes.NewReader(text)
	var answer, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &answer, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &problems)
	}
	if err := json.Unmarshal(answer.Bytes(), out); err != nil {
		t.Fatalf("%v: %s", err, &answer)
	}
}
