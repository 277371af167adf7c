package lowstate

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// What is found without decoding is what a decoder makes of it.
func FuzzPrintedHosts(f *testing.F) {
	for _, js := range []string{
		`{}`, ` { } `, "{\"web\": true}\n", `{"a": {"b": [1, "}]\"", {}]}, "b" : null , "\u00e4\"": "x\\"}`,
		`{"a": 1, "b": 2, "a": 3}`, `[1]`, `{"a"}`, `{"a": }`, `{"a": 1,}`, `{"a": 1} 2`, `{"a": ]}`, `{,}`, ``, `{"a": "`,
	} {
		f.Add(js)
	}
	f.Fuzz(func(t *testing.T, js string) {
		hosts, err := printedHosts(strings.NewReader(js))
		whole, wholeErr := msgpack.AppendFromJSON(nil, []byte(js))
		m := msgpack.Raw(whole)
		if wholeErr != nil || m.Kind() != msgpack.Map {
			if err == nil { // the values are looked at when they are needed
				for _, h := range hosts {
					require.LessOrEqual(t, h.off+h.size, int64(len(js)))
				}
			}
			return
		}
		require.NoError(t, err)
		i := 0
		require.NoError(t, m.Each(func(k, v msgpack.Raw) error {
			id, _ := k.Str()
			require.Equal(t, id, hosts[i].id)
			a := sshAnswer{out: strings.NewReader(js)}
			got, err := a.value(hosts[i])
			require.NoError(t, err)
			require.Equal(t, v, got)
			i++
			return nil
		}))
		require.Len(t, hosts, i)
	})
}

// endless is an object with one text that is as long as wanted.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return copy(p, `"}`), io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

// The output of salt-ssh is not held in memory.
func TestPrintedHostsAreNotHeld(t *testing.T) {
	const size = 16 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	hosts, err := printedHosts(io.MultiReader(strings.NewReader(`{"web": "`), &endless{size}))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, []printedHost{{"web", 8, size + 2}}, hosts)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))

	failing := io.MultiReader(strings.NewReader(`{"web": "`), io.NewSectionReader(nil, 0, 0), errReader{})
	_, err = printedHosts(failing)
	require.ErrorIs(t, err, errRead)
}

var errRead = errors.New("cannot be read")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errRead }
