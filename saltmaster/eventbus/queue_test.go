package eventbus

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A queue has what a slice would have, whatever is added and taken.
func TestQueue(t *testing.T) {
	t.Parallel()
	for name, most := range map[string]int{"few": 3, "a part": partItems, "many": 10 * partItems} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var q queue
			var want []item
			next := 0
			check := func() {
				require.Equal(t, len(want), q.len())
				require.True(t, slices.EqualFunc(want, slices.Collect(q.all()), func(a, b item) bool { return a.event.Tag == b.event.Tag }))
				last, ok := q.last()
				require.Equal(t, len(want) > 0, ok)
				if ok {
					require.Equal(t, want[len(want)-1].event.Tag, last.event.Tag)
				}
			}
			for range 50 {
				for range rand.IntN(most) + 1 {
					i := item{event: Event{Tag: strconv.Itoa(next)}}
					next++
					q.push(i)
					want = append(want, i)
				}
				check()
				for range rand.IntN(len(want) + 1) {
					require.Equal(t, want[0].event.Tag, q.pop().event.Tag)
					want = want[1:]
				}
				check()
			}
			for len(want) > 0 {
				require.Equal(t, want[0].event.Tag, q.pop().event.Tag)
				want = want[1:]
			}
			require.Empty(t, q.parts, "a burst's memory does not stay")
		})
	}
}
