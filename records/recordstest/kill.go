package recordstest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

// Workload records jobs and returns until a call fails or the process is killed.
// It writes a line after each completed call: the numbers of the jobs that are
// whole then.
func Workload(ctx context.Context, s records.Store, done io.Writer) error {
	for n := 0; ; n += 3 {
		var b records.Batch
		line := []string{"put"}
		for i := n; i < n+3; i++ {
			d := time.Duration(i) * time.Second
			b.Jobs = append(b.Jobs, job(d, "a", "b"))
			b.Returns = append(b.Returns, ret(d, "a", true), ret(d, "b", i%2 == 0))
			line = append(line, fmt.Sprint(i))
		}
		if _, err := s.Put(ctx, b); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(done, strings.Join(line, " ")); err != nil {
			return err
		}
	}
}

// ReadUntilKilled reads the output of a workload, calls kill after some 50 to 250
// lines, and returns all lines that were written by then.
func ReadUntilKilled(t *testing.T, out io.Reader, kill func()) (done []string) {
	t.Helper()
	after := 50 + rand.IntN(200)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // an incomplete line is ignored
			require.GreaterOrEqual(t, len(done), after, "the workload ended before it was killed: %v", err)
			return done
		}
		done = append(done, strings.TrimSpace(line))
		if len(done) == after {
			kill()
		}
	}
}

// RequireDone requires that the effects of completed calls are still there, that
// those of a call that was not completed are there as a whole or not at all, and
// that the store works.
func RequireDone(t *testing.T, s records.Store, done []string) {
	t.Helper()
	whole := 0
	for _, line := range done {
		for _, n := range strings.Fields(line)[1:] {
			var i int
			_, err := fmt.Sscan(n, &i)
			require.NoError(t, err)
			want := records.Completed
			if i%2 != 0 {
				want = records.Failed
			}
			require.Equal(t, want, get(t, s, jid(time.Duration(i)*time.Second)).State, line)
			whole++
		}
	}
	all, err := list(t.Context(), s, records.Query{})
	require.NoError(t, err)
	require.Contains(t, []int{whole, whole + 3}, len(all))
	for _, j := range all {
		require.Equal(t, 2, j.Returned)
		require.Len(t, listReturns(t, s, j.JID, records.ReturnQuery{Values: true}), 2)
	}
	require.Equal(t, 1, put(t, s, jobs(job(-time.Hour, "web1"))).Jobs)
}
