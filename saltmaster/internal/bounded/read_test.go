package bounded_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/internal/bounded"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 1, bounded.Trusted, bounded.Trusted + 1, 3 * bounded.Trusted} {
		sent := bytes.Repeat([]byte("salt"), int(size)/4+1)[:size]
		stream := bytes.NewReader(append(sent[:size:size], "more"...))
		got, err := bounded.Read(stream, size)
		require.NoError(t, err)
		require.True(t, bytes.Equal(sent, got))
		require.Equal(t, len("more"), stream.Len(), "it reads no further")

		if size > 0 {
			_, err = bounded.Read(bytes.NewReader(sent[:size-1]), size)
			require.ErrorIs(t, bounded.Unexpected(err), io.ErrUnexpectedEOF)
		}
	}
	require.NoError(t, bounded.Unexpected(nil))
	require.ErrorIs(t, bounded.Unexpected(io.ErrClosedPipe), io.ErrClosedPipe)
}

// A sender that names a great length and sends little gets little memory.
func TestAGreatLengthCostsNothing(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := bounded.Read(bytes.NewReader([]byte("little")), 1<<40)
	require.Error(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16*bounded.Trusted))
}
