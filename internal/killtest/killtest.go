package killtest

import (
	"bufio"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Child starts the program of the test once more, with variables added to its
// environment by which its TestMain knows that it is to run a workload, and
// returns it with its output. It is killed at the end of the test.
func Child(t testing.TB, variables ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), variables...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, out
}

// Read reads the output of a workload, calls kill after some number of lines from
// least to most, and returns all lines that were written by then. An incomplete
// line is ignored.
func Read(t testing.TB, out io.Reader, least, most int, kill func()) (done []string) {
	t.Helper()
	after := least + rand.IntN(most-least+1)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			require.GreaterOrEqual(t, len(done), after, "the workload ended before it was killed: %v", err)
			return done
		}
		done = append(done, strings.TrimSpace(line))
		if len(done) == after {
			kill()
		}
	}
}
