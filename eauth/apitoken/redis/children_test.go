package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/apitokentest"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
)

// Two gateways count the children of a token together.
func TestManyChildrenOfTwoGateways(t *testing.T) {
	t.Parallel()
	one, two := pair(t, redistest.Start(t, redistest.Options{}))
	apitokentest.ManyChildren(t, one, two)
}

// A token that was removed to make room, or swept, leaves no key and no entry.
func TestChildrenLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := open(t, redis.Options{UniversalOptions: server.Client()})
	o := server.Client()
	c := goredis.NewUniversalClient(&o)
	defer c.Close() //nolint:errcheck // it only asked
	keys := func(part string) []string {
		t.Helper()
		keys, err := c.Keys(t.Context(), "{saltern}:"+part+":*").Result()
		require.NoError(t, err)
		return keys
	}
	parent := aToken("ci")
	require.NoError(t, s.Create(t.Context(), parent))
	for n := range apitoken.MaxChildren + 50 {
		child := aToken(fmt.Sprint("child ", n))
		child.Record.Kind, child.Record.Parent = apitoken.KindAccess, parent.Record.ID
		child.Record.Expires = child.Record.Created.Add(time.Minute)
		require.NoError(t, s.Create(t.Context(), child))
	}
	require.Len(t, keys("token"), apitoken.MaxChildren+1)
	require.Len(t, keys("hash"), apitoken.MaxChildren+1)
	for _, index := range []string{"children:" + parent.Record.ID, "children-ends:" + parent.Record.ID, "ends:brief"} {
		n, err := c.ZCard(t.Context(), "{saltern}:"+index).Result()
		require.NoError(t, err)
		require.EqualValues(t, apitoken.MaxChildren, n, index)
	}
	n, err := s.Sweep(t.Context(), time.Now().Add(2*time.Minute), 0)
	require.NoError(t, err)
	require.Equal(t, apitoken.MaxChildren, n)
	require.Len(t, keys("token"), 1)
	for _, key := range keys("*") {
		require.False(t, strings.HasPrefix(key, "{saltern}:children"), key)
	}
}

// An entry without its token, as after an import, does not block others.
func TestAChildThatIsNotThere(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := open(t, redis.Options{UniversalOptions: server.Client()})
	o := server.Client()
	c := goredis.NewUniversalClient(&o)
	defer c.Close() //nolint:errcheck // it only wrote
	parent := aToken("ci")
	require.NoError(t, s.Create(t.Context(), parent))
	for range apitoken.MaxChildren {
		z := goredis.Z{Score: 1, Member: apitoken.NewID()}
		require.NoError(t, c.ZAdd(t.Context(), "{saltern}:children:"+parent.Record.ID, z).Err())
		require.NoError(t, c.ZAdd(t.Context(), "{saltern}:children-ends:"+parent.Record.ID, z).Err())
	}
	child := aToken("child")
	child.Record.Kind, child.Record.Parent, child.Record.Expires = apitoken.KindAccess, parent.Record.ID, parent.Record.Expires
	require.NoError(t, s.Create(t.Context(), child))
	n, err := c.ZCard(t.Context(), "{saltern}:children:"+parent.Record.ID).Result()
	require.NoError(t, err)
	require.EqualValues(t, apitoken.MaxChildren, n)
	ids, err := s.Revoke(t.Context(), parent.Record.ID, apitoken.Revocation{At: time.Now(), Why: "asked"})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{parent.Record.ID, child.Record.ID}, ids)
}
