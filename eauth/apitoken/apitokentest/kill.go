package apitokentest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Workload issues tokens and revokes each, some while others are issued, until
// a call fails or the process is killed. It writes a line after each completed
// call: the operation, the token's id and name.
func Workload(ctx context.Context, s apitoken.Store, done io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	issued := make(chan apitoken.Issue, 256)
	revoker := make(chan struct{})
	go func() {
		defer close(revoker)
		for i := range issued {
			_, err := s.Revoke(ctx, i.Record.ID, apitoken.Revocation{At: start, Why: "requested"})
			if err == nil {
				_, err = fmt.Fprintf(done, "revoked %s %s\n", i.Record.ID, i.Record.Name)
			}
			if err != nil {
				cancel(err)
				return
			}
		}
	}()
	for n := 0; ctx.Err() == nil; n++ {
		i := issue(apitoken.KindAPI, fmt.Sprint("token-", n))
		err := s.Create(ctx, i)
		if err == nil {
			_, err = fmt.Fprintf(done, "issued %s %s\n", i.Record.ID, i.Record.Name)
		}
		if err != nil {
			cancel(err)
			break
		}
		select {
		case issued <- i:
		case <-ctx.Done():
		}
	}
	close(issued)
	<-revoker
	return context.Cause(ctx)
}

// RequireDone requires that the effects of completed calls are still there, and
// that the store works.
func RequireDone(t *testing.T, s apitoken.Store, done []string) {
	t.Helper()
	revoked := make(map[string]bool)
	for _, line := range done {
		what, rest, _ := strings.Cut(line, " ")
		id, _, _ := strings.Cut(rest, " ")
		revoked[id] = revoked[id] || what == "revoked"
	}
	for _, line := range done {
		parts := strings.Fields(line)
		require.Len(t, parts, 3)
		r, err := s.Lookup(t.Context(), hash(parts[2]))
		require.NoError(t, err, line)
		require.Equal(t, parts[1], r.ID)
		if revoked[r.ID] {
			require.Equal(t, apitoken.Revoked, r.State(start), line)
		}
	}
	all, err := listAll(t.Context(), s, apitoken.Query{})
	require.NoError(t, err)
	for _, r := range all {
		require.False(t, revoked[r.ID], "what was revoked is not listed")
	}
	i := issue(apitoken.KindAPI, "afterwards")
	create(t, s, i)
	requireStates(t, s, apitoken.Live, i)
	_, err = s.Sweep(t.Context(), start.Add(1000*time.Hour), 0)
	require.NoError(t, err)
	requireGone(t, s, i)
}
