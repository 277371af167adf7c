package fleet

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// No more grains are read for a client that has gone, and each only once.
func TestGrainsOfGone(t *testing.T) {
	t.Parallel()
	every := func(msgpack.Raw) bool { return true }
	for name, c := range map[string]struct {
		wanted func(msgpack.Raw) bool
		by     string
	}{"filter": {every, ""}, "sort": {nil, "os"}, "both": {every, "os"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for last, want := range map[string]int{"b": 2, "d": 3} { // the client has gone after it
				ctx, leave := context.WithCancel(t.Context())
				read := 0
				_, err := look(ctx, []string{"a", "b", "c"}, func(id string) (msgpack.Raw, bool) {
					if read++; id == last {
						leave()
					}
					return msgpack.AppendMap(nil, 0), true
				}, c.wanted, c.by, false)
				require.Equal(t, want, read)
				require.Equal(t, ctx.Err(), err)
				leave()
			}
		})
	}
}
