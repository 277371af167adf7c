package sandboxtest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Python runs a script with the Python of a Salt. in is written to its standard
// input as JSON, and its standard output is read into out.
func Python(t testing.TB, salt, script string, in, out any) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	answer := run(t, PythonCommand(t, salt, "-c", script), text)
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
}

// PythonFile runs a file, such as one of testdata, with the Python of a Salt, and
// returns its standard output.
func PythonFile(t testing.TB, salt, file string, stdin []byte, args ...string) []byte {
	t.Helper()
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, PythonCommand(t, salt, append([]string{file}, args...)...), stdin)
}

// PythonCommand returns a command of the Python of a Salt that is not started yet.
// It runs in a folder of its own and without the tester's environment.
func PythonCommand(t testing.TB, salt string, args ...string) *exec.Cmd {
	t.Helper()
	python, err := filepath.Abs(filepath.Join(salt, "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	// Without -P Python would import modules that lie in the working directory.
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-P", "-W", "ignore"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"HOME=" + cmd.Dir, "PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8"}
	return cmd
}

func run(t testing.TB, cmd *exec.Cmd, stdin []byte) []byte {
	t.Helper()
	cmd.Stdin = bytes.NewReader(stdin)
	var answer, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &answer, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &problems)
	}
	return answer.Bytes()
}
