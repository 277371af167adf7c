package eventbus

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLastReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{})
		last := func(jid string) time.Time {
			_, at := b.LastReturns(jid)
			return at
		}
		require.Zero(t, last("1"))
		b.wanting(nil, "salt/job/1/ret/web1")
		first := time.Now()
		time.Sleep(time.Second)
		b.wanting(nil, "salt/job/2/ret/web1")
		b.wanting(nil, "salt/job/1/new")
		require.Equal(t, first, last("1"))
		require.Equal(t, time.Now(), last("2"))
		b.wanting(nil, "salt/job/1/ret/web2")
		require.Equal(t, time.Now(), last("1"))
		minions, _ := b.LastReturns("1")
		require.Equal(t, []string{"web1", "web2"}, minions)
		b.wanting(nil, "salt/run/3/ret")
		minions, at := b.LastReturns("3")
		require.Empty(t, minions)
		require.Equal(t, time.Now(), at)
		for i := range len(b.recent.jobs) {
			b.wanting(nil, fmt.Sprintf("salt/job/x%d/ret/web1", i))
		}
		require.Zero(t, last("1"), "long ago")
	})
}
