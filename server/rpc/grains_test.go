package rpc

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// No more grains are read for a client that has gone.
func TestGrainsOfGone(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(ctx context.Context, ids []string, grains func(string) (msgpack.Raw, bool)) error{
		"filter": func(ctx context.Context, ids []string, grains func(string) (msgpack.Raw, bool)) error {
			_, err := keepGrains(ctx, ids, grains, func(msgpack.Raw) bool { return true })
			return err
		},
		"sort": func(ctx context.Context, ids []string, grains func(string) (msgpack.Raw, bool)) error {
			return sortByGrain(ctx, ids, grains, "os", false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for last, want := range map[string]int{"b": 2, "d": 3} { // the client has gone after it
				ctx, leave := context.WithCancel(t.Context())
				read := 0
				err := look(ctx, []string{"a", "b", "c"}, func(id string) (msgpack.Raw, bool) {
					if read++; id == last {
						leave()
					}
					return msgpack.AppendMap(nil, 0), true
				})
				require.Equal(t, want, read)
				require.Equal(t, ctx.Err(), err)
				leave()
			}
		})
	}
}
