package lookup

import (
	_ "embed"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

//go:embed testdata/ask.py
var askScript string

// saltCall is a call of one of Salt's own functions.
type saltCall struct {
	Fun      string `json:"fun"`
	Arg      string `json:"arg"`   // msgpack in base64
	Kwarg    string `json:"kwarg"` // likewise
	CacheDir string `json:"cachedir,omitempty"`
	HashType string `json:"hash_type,omitempty"`
	PKIDir   string `json:"pki_dir,omitempty"`
}

// saltAnswer is what it returned, or the exception that it raised.
type saltAnswer struct {
	Ret    string `json:"ret"`
	Raised string `json:"raised"`
}

// json returns the return as salt-api writes it, or "" for an exception.
func (a saltAnswer) json(t *testing.T) string {
	t.Helper()
	if a.Raised != "" {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(a.Ret)
	require.NoError(t, err)
	if msgpack.Valid(b) != nil {
		return "" // nested deeper than the gateway reads
	}
	ret, ok := msgpack.Raw(b).Lookup("return")
	require.True(t, ok)
	return asJSON(t, ret)
}

func asJSON(t testing.TB, v msgpack.Raw) string {
	t.Helper()
	b, err := msgpack.AppendJSON(nil, v)
	require.NoError(t, err)
	return string(b)
}

// eachSalt has every installed Salt answer the calls.
func eachSalt(t *testing.T, calls []saltCall, check func(t *testing.T, is3008 bool, answers []saltAnswer)) {
	t.Helper()
	for version, dir := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			var answers []saltAnswer
			sandboxtest.Python(t, dir, askScript, calls, &answers)
			require.Len(t, answers, len(calls))
			check(t, version >= "3008", answers)
		})
	}
}

// pack returns msgpack of JSON, in which {"$bytes": "..."} are bytes.
func pack(t testing.TB, js string) msgpack.Raw {
	t.Helper()
	b, err := msgpack.AppendFromJSON(nil, []byte(js))
	require.NoError(t, err, js)
	return b
}

func encoded(v msgpack.Raw) string { return base64.StdEncoding.EncodeToString(v) }
