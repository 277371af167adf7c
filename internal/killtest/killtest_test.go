package killtest_test

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/killtest"
)

const variable = "SALTERN_TEST_KILLED"

func TestMain(m *testing.M) {
	if os.Getenv(variable) != "" {
		for n := 0; ; n++ {
			if _, err := fmt.Fprintln(os.Stdout, n); err != nil {
				os.Exit(1)
			}
		}
	}
	os.Exit(m.Run())
}

func TestChild(t *testing.T) {
	t.Parallel()
	cmd, out := killtest.Child(t, variable+"=1")
	done := killtest.Read(t, out, 10, 20, func() { require.NoError(t, cmd.Process.Kill()) })
	require.Error(t, cmd.Wait())
	require.GreaterOrEqual(t, len(done), 10)
	for n, line := range done {
		require.Equal(t, strconv.Itoa(n), line)
	}
}

func ExampleRead() {
	in, out := io.Pipe()
	go func() {
		for n := 0; ; n++ {
			if _, err := fmt.Fprintln(out, "record", n); err != nil {
				return
			}
		}
	}()
	var t testing.T // of the test
	done := killtest.Read(&t, in, 3, 3, func() { _ = in.Close() })
	fmt.Println(len(done), done[2])
	// Output: 3 record 2
}
