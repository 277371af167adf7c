package lowstate

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster"
)

func TestPending(t *testing.T) {
	t.Parallel()
	p := pending{marks: make(marks), until: 5 * time.Second}
	require.Zero(t, p.last())
	for _, id := range []string{"a", "b", "c", "a"} {
		p.add(id)
	}
	p.marks.add("d", isTargeted|isAnswered)
	check := func(last time.Duration, ids ...string) {
		t.Helper()
		got := p.ids()
		slices.Sort(got)
		require.Equal(t, ids, got)
		require.Equal(t, len(ids), p.len())
		require.Equal(t, last, p.last())
		require.False(t, p.has("d"))
	}
	check(5*time.Second, "a", "b", "c")
	p.addUntil("b", 9*time.Second)
	check(9*time.Second, "a", "b", "c")
	p.addUntil("b", 7*time.Second)
	p.remove("a")
	p.remove("a")
	p.remove("d")
	p.remove("not there")
	check(7*time.Second, "b", "c")
	p.addUntil("c", time.Second)
	check(7*time.Second, "b", "c")
	p.remove("b")
	check(time.Second, "c")
	p.allUntil(3 * time.Second)
	check(3*time.Second, "c")
	require.True(t, p.marks.has("d", isAnswered))
}

// BenchmarkNewWait begins to wait for many minions.
func BenchmarkNewWait(b *testing.B) {
	ids := make([]string, 50_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("ms-%06d", i)
	}
	job := &localJob{Master: testMaster(), timeout: 5 * time.Second}
	b.ReportAllocs()
	for b.Loop() {
		newWait(job, nil, nil, saltmaster.Published{Minions: ids})
	}
}
