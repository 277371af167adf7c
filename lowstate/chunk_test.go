package lowstate

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
)

// What is kept of a chunk for the log keeps nothing else of its request.
func TestKept(t *testing.T) {
	t.Parallel()
	kept, ofBudget, ofSpool := keptOf(t)
	require.Eventually(t, func() bool {
		runtime.GC()
		return ofBudget.Value() == nil && ofSpool.Value() == nil
	}, 10*time.Second, time.Millisecond)
	fun, ok := kept[0].Text("fun")
	require.True(t, ok)
	require.Equal(t, "jobs.list_job", fun)
}

// keptOf returns what is kept of a chunk, and what must not be.
func keptOf(t *testing.T) ([]Chunk, weak.Pointer[budget.Budget], weak.Pointer[spool.Spool]) {
	t.Helper()
	b, s := budget.New(t.Context(), nil), (*spool.Store)(nil).New()
	chunk, err := Compose(Pair{"client", "runner"}, Pair{"fun", "jobs.list_job"}).readAll(t.Context(), b)
	require.NoError(t, err)
	chunk.spool = s
	return Kept([]Chunk{chunk}), weak.Make(b), weak.Make(s)
}
