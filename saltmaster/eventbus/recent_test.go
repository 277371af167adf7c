package eventbus

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLastReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{})
		require.Zero(t, b.LastReturn("1"))
		b.wanting(nil, "salt/job/1/ret/web1")
		first := time.Now()
		time.Sleep(time.Second)
		b.wanting(nil, "salt/job/2/ret/web1")
		b.wanting(nil, "salt/job/1/new")
		require.Equal(t, first, b.LastReturn("1"))
		require.Equal(t, time.Now(), b.LastReturn("2"))
		b.wanting(nil, "salt/job/1/ret/web2")
		require.Equal(t, time.Now(), b.LastReturn("1"))
		for i := range len(b.recent.jobs) {
			b.wanting(nil, fmt.Sprintf("salt/job/x%d/ret/web1", i))
		}
		require.Zero(t, b.LastReturn("1"), "long ago")
	})
}
