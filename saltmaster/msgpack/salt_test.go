package msgpack_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// The environment variable SALTERN_SALT names the folder of the virtual
// environments that hold the real Salts; with it,
//
//	go test -run Salt -update
//
// records testdata/vectors-*.json anew.
var update = flag.Bool("update", false, "record testdata/vectors-*.json from the Salts in $SALTERN_SALT")

// saltLines are the lines of releases that are recorded, of each the newest.
var saltLines = []string{"3006", "3007", "3008"}

// vectors is what testdata/vectors.py prints.
type vectors struct {
	Salt   string `json:"salt"`
	ToJSON []struct {
		Name    string     `json:"name"`
		Msgpack []byte     `json:"msgpack"`
		JSON    *string    `json:"json"`
		Error   *saltError `json:"error"`
	} `json:"to_json"`
	FromJSON []struct {
		JSON    []byte     `json:"json"`
		Msgpack []byte     `json:"msgpack"`
		Error   *saltError `json:"error"`
	} `json:"from_json"`
}

// saltError is the Python exception with which Salt refused a value.
type saltError struct {
	Type string `json:"type"`
	Msg  string `json:"msg"` // of a JSONDecodeError
	Pos  int64  `json:"pos"`
}

func recorded(version string) string {
	line, _, _ := strings.Cut(version, ".")
	return filepath.Join("testdata", "vectors-"+line+".json")
}

// askSalt runs vectors.py with that many random values.
func askSalt(t *testing.T, salt string, random int) []byte {
	t.Helper()
	return sandboxtest.PythonFile(t, salt, filepath.Join("testdata", "vectors.py"), nil, strconv.Itoa(random))
}

func TestRealSalt(t *testing.T) {
	t.Parallel()
	for version, salt := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			if *update {
				require.NoError(t, os.WriteFile(recorded(version), askSalt(t, salt, 10), 0o644))
			}
			checkVectors(t, version, askSalt(t, salt, 200))
		})
	}
}

func TestRecordedSalt(t *testing.T) {
	t.Parallel()
	for _, line := range saltLines {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			out, err := os.ReadFile(recorded(line))
			require.NoError(t, err)
			checkVectors(t, line, out)
		})
	}
}

func checkVectors(t *testing.T, version string, out []byte) {
	t.Helper()
	var v vectors
	require.NoError(t, json.Unmarshal(out, &v))
	require.True(t, strings.HasPrefix(v.Salt, version), v.Salt)
	require.Greater(t, len(v.ToJSON), 100)
	require.Greater(t, len(v.FromJSON), 100)

	for _, c := range v.ToJSON {
		got, err := msgpack.AppendJSON(nil, c.Msgpack)
		if c.JSON == nil {
			// Salt fails. Whether and how we do better is for
			// TestAppendJSONBetterThanSalt to say.
			require.NotNil(t, c.Error, c.Name)
			require.Equal(t, err == nil, json.Valid(got), c.Name)
			continue
		}
		require.NoError(t, err, c.Name)
		require.Equal(t, *c.JSON, string(got), c.Name)
	}
	for _, c := range v.FromJSON {
		got, err := msgpack.AppendFromJSON(nil, c.JSON)
		if c.Error == nil {
			require.NoError(t, err, "%q", c.JSON)
			require.Equal(t, c.Msgpack, got, "%q", c.JSON)
			continue
		}
		var syntax *msgpack.SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", c.JSON)
		require.Empty(t, got)
		if syntax.Msg == "Lone surrogate" {
			continue // Python reads on, and fails later
		}
		if c.Error.Type == "JSONDecodeError" && isASCII(c.JSON) { // Pos counts characters
			require.Equal(t, c.Error.Msg, syntax.Msg, "%q", c.JSON)
			require.Equal(t, c.Error.Pos, syntax.Offset, "%q", c.JSON)
		}
	}
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
