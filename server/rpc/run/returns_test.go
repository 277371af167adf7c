package run_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
)

// A return that is in a file is read, unless it is larger than any event.
func TestWhole(t *testing.T) {
	t.Parallel()
	text := msgpack.AppendString(nil, "up")
	for _, s := range []msgpack.Section{msgpack.InMemory(text), msgpack.NewSection(strings.NewReader(string(text)), 0, int64(len(text)))} {
		got, err := run.Whole(s, "manage.up")
		require.NoError(t, err)
		require.Equal(t, msgpack.Raw(text), got)
	}
	_, err := run.Whole(msgpack.NewSection(strings.NewReader(""), 0, 65<<20), "manage.up")
	require.Equal(t, &method.Error{Code: method.CodeFailed, Message: "manage.up: it returned 65 MiB, which is too much"}, err)
	_, err = run.Whole(msgpack.NewSection(strings.NewReader(""), 0, 1), "manage.up")
	require.ErrorIs(t, err, msgpack.ErrSource)
}
