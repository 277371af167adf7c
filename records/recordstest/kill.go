package recordstest

import (
	"context"
	"fmt"
	"io"
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
