package saltssh_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recordScript stands in for salt-ssh: it writes its arguments to a file, and
// prints a result.
const recordScript = `#!/bin/sh
here=${0%/*}
echo run >>"$here/runs"
printf '%s\0' "$@" >"$here/argv"
env >"$here/env"
pwd >"$here/pwd"
stat -c '%a %n' . * >"$here/modes"
cp master client.conf Saltfile "$here"
cat >"$here/stdin"
printf '{"web": true}\n' >output
exit 7
`

// fake is a directory with a program in it.
type fake struct {
	t   *testing.T
	dir string
}

func newFake(t *testing.T, script string) fake {
	t.Helper()
	f := fake{t, t.TempDir()}
	require.NoError(t, os.WriteFile(f.path("salt-ssh"), []byte(script), 0o700))
	return f
}

func (f fake) path(name string) string { return filepath.Join(f.dir, name) }

func (f fake) read(name string) string {
	f.t.Helper()
	b, err := os.ReadFile(f.path(name))
	require.NoError(f.t, err)
	return string(b)
}

func (f fake) argv() []string {
	f.t.Helper()
	return strings.Split(strings.TrimSuffix(f.read("argv"), "\x00"), "\x00")
}

func (f fake) config(name string) map[string]any {
	f.t.Helper()
	var conf map[string]any
	require.NoError(f.t, json.Unmarshal([]byte(f.read(name)), &conf))
	return conf
}

func (f fake) options() saltssh.Options {
	return saltssh.Options{Folders: []string{f.dir}, MasterFile: "/nowhere/conf/master", TempDir: f.dir}
}

func (f fake) ran() bool {
	_, err := os.Stat(f.path("runs"))
	return err == nil
}

// add adds settings given as JSON.
func add(t *testing.T, s *saltssh.Settings, name, js string) error {
	t.Helper()
	v, err := msgpack.AppendFromJSON(nil, []byte(js))
	require.NoError(t, err)
	return s.Add(name, v)
}

func settings(t *testing.T, pairs map[string]string) (s saltssh.Settings) {
	t.Helper()
	for name, js := range pairs {
		require.NoError(t, add(t, &s, name, js), name)
	}
	return s
}

func ping() saltssh.Call {
	return saltssh.Call{Target: "web", Fun: "test.ping", JID: "20260101000000000001"}
}
