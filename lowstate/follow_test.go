package lowstate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// A job that was sent is followed as long as a minion works on it, and silent minions
// end it.
func TestFollow(t *testing.T) {
	t.Parallel()
	o := mastertest.Options{JobCache: true, Minions: []mastertest.Minion{{ID: "web1", Delay: time.Second}, {ID: "web2", Silent: true}, {ID: "web3"}}}
	for _, release := range mastertest.Lines() {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			o := o
			o.Release = release
			b := patientGatewayBefore(t, o, 10*time.Second, func(m *Master) { m.Timeout, m.GatherJobTimeout = 100*time.Millisecond, 5*time.Second })
			require.Equal(t, 100*time.Millisecond, b.gateway.FollowAfter())
			const jid = "20260101000000000001"
			_, err := b.call(`"client": "local_async", "tgt": "*", "fun": "test.ping", "jid": "` + jid + `"`)
			require.NoError(t, err)
			id, ok, err := b.gateway.auth.NewRequestAuth().AuthenticateNow(t.Context(), eauth.Credentials{Eauth: "sharedsecret", Username: "bench", Password: "secret"})
			require.NoError(t, err)
			require.True(t, ok)
			require.NoError(t, b.gateway.Follow(t.Context(), Authority{Identity: &id}, jid, []string{"web1", "web2", "web3"}))
			require.Greater(t, b.Count("publish"), 1, "find_job was sent")
			fun, _ := b.Last("publish").Lookup("fun")
			name, _ := fun.Str()
			require.Equal(t, "saltutil.find_job", name)
			require.Zero(t, b.bus.Stats().Subscribers)

			require.ErrorIs(t, b.gateway.Follow(t.Context(), Authority{}, jid, []string{"web1"}), ErrUnauthenticated)
			require.NoError(t, b.gateway.Follow(t.Context(), Authority{}, jid, nil))
		})
	}
}
