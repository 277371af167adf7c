package rpc_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
)

// Paths that could lead out of the roots are refused before the master sees them.
func TestWrongPaths(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	for _, path := range []string{
		"../etc/passwd", "a/../../etc/passwd", "a/..", "..", ".", "./a", "a/.", "a//b", "a/", "/etc/passwd", "//etc/passwd", "~root/.ssh/id", "~",
		`..\etc\passwd`, `a\b`, "a\x00b", "a\nb", "\x7f", "salt://a", "file:///etc/passwd", strings.Repeat("a", 1025), " \u0000", "",
	} {
		for method, more := range map[string]string{
			"get_file": "", "file_exists": "", "delete_file": "", "save_file": `,"contents":"a"`, "update_file": `,"contents":"a"`,
		} {
			got := e.post(t, callText("fs", method, fmt.Sprintf(`{"saltenv":"base","path":%s%s}`, quoted(path), more)), admin)
			require.Equal(t, 4001, got.code(), "%s %q", method, path)
		}
	}
	for _, env := range []string{"..", "a/b", "/", "", "a\x00", strings.Repeat("a", 256)} {
		got := e.post(t, callText("fs", "get_file", fmt.Sprintf(`{"saltenv":%s,"path":"a"}`, quoted(env))), admin)
		require.Equal(t, 4001, got.code(), "%q", env)
	}
	require.Empty(t, e.master.calls)
}

// A file is removed only if the path that the master has found is that of the file
// below one of the roots.
func TestDeleteElsewhere(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	const remove = `{"saltenv":"base","path":"top.sls"}`
	for _, full := range []string{
		"/etc/top.sls", "/srv/more/../top.sls", "/srv/more//top.sls", "/srv/moretop.sls", "/srv/more/other.sls", "top.sls", "/srv/more/web/../top.sls",
	} {
		e.master.finds = fmt.Sprintf(`[{%q:"txt"}]`, full)
		require.Equal(t, 5001, e.post(t, callText("fs", "delete_file", remove), admin).code(), full)
		require.Equal(t, 5001, e.post(t, callText("fs", "update_file", `{"saltenv":"base","path":"top.sls","contents":"a"}`), admin).code(), full)
		last, _ := e.master.last(t).Chunks[0].Text("fun")
		require.Equal(t, "file_roots.list_env", last)
	}
	e.master.finds = ""
	e.master.removes = "false" // it was removed meanwhile
	require.Equal(t, 4040, e.post(t, callText("fs", "delete_file", remove), admin).code())
	e.master.removes = `"Exception occurred in runner salt.cmd: CommandExecutionError: Could not remove it"`
	require.Equal(t, 5001, e.post(t, callText("fs", "delete_file", remove), admin).code())
	e.master.removes = ""
	require.Zero(t, e.post(t, callText("fs", "delete_file", remove), admin).code())
	last := e.lines.last(t)
	require.Equal(t, audit.OK, last.Outcome)
	require.Equal(t, `file "top.sls" of "base"`, last.Subject)
	require.JSONEq(t, `{"path":"/srv/more/top.sls"}`, kwargOf(t, e.master.last(t).Chunks[0]))
}

// A file is named by its uuid as well, and written where minions get it from.
func TestFileByUUID(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	var rows []struct{ UUID, Path string }
	require.NoError(t, json.Unmarshal(e.post(t, callText("fs", "get_env", `{"saltenv":"base","include_fs_metadata":false}`), admin).Ret, &rows))
	require.Len(t, rows, 3)
	for _, row := range rows {
		require.Equal(t, "true", string(e.post(t, callText("fs", "file_exists", `{"file_uuid":"`+row.UUID+`"}`), admin).Ret), row.Path)
	}
	require.Equal(t, `"`+rows[1].UUID+`"`, string(e.post(t, callText("fs", "update_file", `{"file_uuid":"`+rows[1].UUID+`","contents":"null"}`), admin).Ret))
	require.JSONEq(t, `{"data":"null","path":"top.sls","saltenv":"base","index":1}`, kwargOf(t, e.master.last(t).Chunks[0]))
	const none = `{"file_uuid":"60c14cfc-09ca-4b5a-bc76-000000000001"}`
	require.Equal(t, "false", string(e.post(t, callText("fs", "file_exists", none), admin).Ret))
	require.Equal(t, 4040, e.post(t, callText("fs", "get_file", none), admin).code())
}

// Where the master's file_roots have a folder twice, nothing is written behind it. A file
// that the master has written elsewhere is an error, and in the audit log.
func TestWrittenElsewhere(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	e.master.twice = true
	refused := e.post(t, callText("fs", "update_file", `{"saltenv":"base","path":"top.sls","contents":"a"}`), admin)
	require.Equal(t, 5001, refused.code())
	require.Equal(t, "the master's file_roots have /srv/salt twice: what is in the folders behind it cannot be written", refused.Error.Message)
	for _, c := range e.master.calls {
		fun, _ := c.Chunks[0].Text("fun")
		require.NotEqual(t, "file_roots.write", fun)
	}
	e.master.finds = `[{"/srv/more/top.sls":"txt"}]` // an empty folder is not found twice
	got := e.post(t, callText("fs", "update_file", `{"saltenv":"base","path":"top.sls","contents":"a"}`), admin)
	require.Equal(t, 5001, got.code())
	require.Equal(t, "the master has written /srv/salt/top.sls in place of /srv/more/top.sls: its file_roots have a folder twice", got.Error.Message)
	require.Equal(t, `file "top.sls" of "base"`, e.lines.last(t).Subject)
	e.master.finds = ""
	require.Zero(t, e.post(t, callText("fs", "update_file", `{"saltenv":"base","path":"web/init.sls","contents":"a"}`), admin).code())
}

func callText(resource, method, kwarg string) string {
	return fmt.Sprintf(`{"resource":%q,"method":%q,"kwarg":%s}`, resource, method, kwarg)
}

// kwargOf returns the keyword arguments of a chunk as JSON.
func kwargOf(t *testing.T, c lowstate.Chunk) string {
	t.Helper()
	v, ok := c.Get("kwarg")
	require.True(t, ok)
	text, err := msgpack.AppendJSON(nil, v)
	require.NoError(t, err)
	return string(text)
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}
