package arguments_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/arguments"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func Example() {
	v, _ := msgpack.AppendFromJSON(nil, []byte(`["web1", {"db_password": "x"}]`))
	w := arguments.NewWriter(1000)
	_ = w.Value(v)
	text, whole := w.Bytes()
	fmt.Println(string(text), whole)
	// Output: ["web1",{"db_password":"HIDDEN"}] true
}

func FuzzWriter(f *testing.F) {
	for _, js := range []string{`[1, {"token": [1]}, "password=x"]`, `{"a": {"b": [null, 1.5, true]}}`} {
		v, err := msgpack.AppendFromJSON(nil, []byte(js))
		require.NoError(f, err)
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		w := arguments.NewWriter(200)
		err := w.Value(v)
		text, whole := w.Bytes()
		require.LessOrEqual(t, len(text), 200)
		if err == nil && whole {
			require.True(t, json.Valid(text), "%q", text)
		}
	})
}
