package eventbus

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// TestRecordedStreams reads what real masters wrote.
func TestRecordedStreams(t *testing.T) {
	t.Parallel()
	for release, framing := range map[string]Framing{"3006": FramingPrefixed, "3007": FramingBare, "3008": FramingBare} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "wire", release, "wire.json"))
			require.NoError(t, err)
			var recording struct{ Cases []struct{ Bus string } }
			require.NoError(t, json.Unmarshal(b, &recording))
			var recorded []byte
			for _, c := range recording.Cases {
				bus, err := hex.DecodeString(c.Bus)
				require.NoError(t, err)
				recorded = append(recorded, bus...)
			}
			whole := readAll(bytes.NewReader(recorded), 1<<20, true)
			require.ErrorIs(t, whole.err, io.EOF)
			require.Equal(t, whole, readAll(iotest.OneByteReader(bytes.NewReader(recorded)), 1<<20, true))
			require.Greater(t, len(whole.tags), 50)
			returns := 0
			for i, tag := range whole.tags {
				require.NotEmpty(t, tag)
				require.NoError(t, msgpack.Valid(whole.bodies[i][len(tag)+len(separator):]), tag)
				if strings.Contains(tag, "/ret") {
					require.Len(t, jobOf(tag), 20, tag)
					returns++
				}
			}
			require.Greater(t, returns, 15)

			s := newStream(bytes.NewReader(recorded), 1<<20)
			_, err = s.open()
			require.NoError(t, err)
			require.Equal(t, framing, s.framing)
		})
	}
}
