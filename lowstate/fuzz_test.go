package lowstate

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// FuzzParse parses any body. The result is either a valid answer or an *Error
// with a text; what would be sent to the master is well-formed, and a chunk's
// client is always the value of its own key "client".
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/chunks/*.txtar")
	require.NoError(f, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(f, err)
		for _, section := range txtar.Parse(b).Files {
			if section.Name == "request" {
				f.Add(section.Data)
			}
		}
	}
	g := New(Options{Clients: Clients(testMaster()), Enabled: enabled})
	f.Fuzz(func(t *testing.T, body []byte) {
		chunks, err := Parse(nil, body, 0)
		if err != nil {
			requireAnswer(t, err)
			return
		}
		require.True(t, utf8.Valid(body))
		for i := range chunks {
			r := g.newRun(Call{Chunks: chunks[i : i+1]})
			err := r.admit(0)
			if err == nil {
				err = r.prepareAll(t.Context())
			}
			if err != nil {
				requireAnswer(t, err)
				continue
			}
			creds := r.tasks[0].creds
			require.Equal(t, r.tasks[0].rec.Client, clientOf(t, body, i))
			require.True(t, creds.Token == "" || eauth.WellFormedToken(creds.Token, ""))
			requireWellFormed(t, r.tasks[0].job)
		}
	})
}

// FuzzParseLarge compares a body parsed as a large one with the same body
// parsed as a small one.
func FuzzParseLarge(f *testing.F) {
	long := `"` + strings.Repeat("long ", readValue) + `"`
	for _, body := range []string{
		`{}`, `[]`, `[{}]`, `[{}, 1]`, `[[{"a": 1}]]`, `[{"a": 1, "b": 2, "a": {"c": [3]}}, {"d": null}]`, `1`, `"a"`, `null`,
		`{"a": 1, "A": 2}`, `[{"a": ` + long + `, "a": 1}]`, `[{"a": 1, "a": ` + long + `}]`, `[{"fun": ` + long + `}]`,
		`[{"a": 1}, {"arg": [` + long + `, {"a": 1, "a": 2}]}]`, `[{"a": 1}`, `[{"a" 1}]`, `{"a": {"b": 1}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want, wantErr := Parse(nil, body[:min(len(body), readAtOnce)], 3)
		got, err := parseLarge(nil, body[:min(len(body), readAtOnce)], 3)
		require.Equal(t, wantErr, err)
		require.Len(t, got, len(want))
		for i := range want {
			whole, err := got[i].readAll(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, want[i].fields, whole.fields)
		}
	})
}

func requireAnswer(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.NotEqual(t, Internal, e.Kind, "%v", err)
	require.NotEmpty(t, e.Text)
	require.True(t, utf8.ValidString(e.Text))
	require.Less(t, len(e.Text), 4096+2*maxKeyText)
}

// maxKeyText is the maximum size of an error's text with two keys of a fuzzed
// chunk.
const maxKeyText = 1 << 20

// clientOf reads the client with another JSON library.
func clientOf(t *testing.T, body []byte, i int) string {
	t.Helper()
	var list []map[string]any
	var one map[string]any
	if json.Unmarshal(body, &list) != nil {
		if json.Unmarshal(body, &one) != nil {
			t.Skip("NaN and Infinity are Python's JSON alone")
		}
		list = []map[string]any{one}
	}
	name, _ := list[i]["client"].(string)
	return name
}

func requireWellFormed(t *testing.T, job Job) {
	t.Helper()
	cmd := job.Command()
	require.NoError(t, msgpack.Valid(cmd.Arg))
	if cmd.Tgt == nil {
		requirePair(t, cmd.Arg, cmd.Kwarg)
		return
	}
	require.NoError(t, msgpack.Valid(cmd.Tgt))
	if cmd.Funs != nil {
		require.NoError(t, msgpack.Valid(cmd.Funs))
		require.Equal(t, cmd.Funs.Len(), cmd.Arg.Len())
		_, ok := aclValue(cmd.Arg)
		require.True(t, ok)
	}
}

func requirePair(t *testing.T, arg, kwarg msgpack.Raw) {
	t.Helper()
	require.NoError(t, msgpack.Valid(arg))
	require.Equal(t, msgpack.Array, arg.Kind())
	require.NoError(t, msgpack.Valid(kwarg))
	require.Equal(t, msgpack.Map, kwarg.Kind())
}
