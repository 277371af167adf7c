package rpc

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestFiles reads, writes and deletes files below file_roots of a real master, as
// far as its own wheel functions do.
func TestFiles(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			require.NoError(t, err)
			first, second, dev := filepath.Join(dir, "first"), filepath.Join(dir, "second"), filepath.Join(dir, "dev")
			for _, root := range []string{first, second, dev} {
				require.NoError(t, os.Mkdir(root, 0o755))
			}
			r := suite.Own(t, env.Options{Sandbox: sandbox.Options{
				Salt: salt, WorkerThreads: envtest.FewWorkers,
				MasterConfig: map[string]any{"file_roots": map[string]any{"base": []string{first, second}, "dev": []string{dev, filepath.Join(dir, "missing")}}},
			}})
			files(t, login(t, r, env.User), dir)

			p := login(t, r, env.ReadOnly) // has no @wheel in external_auth
			_, text := p.try(t, "fs", "get_file", `{"saltenv": "base", "path": "web/init.sls"}`)
			require.NotEmpty(t, text)
			session := envtest.Login(t, r, env.User)
			p = program{r, map[string]string{"Authorization": "Bearer " + envtest.MakeToken(t, r, session, "files", "Read-only").Token}}
			_, text = p.try(t, "fs", "get_file", `{"saltenv": "base", "path": "web/init.sls"}`)
			require.Contains(t, text, "not allowed")
			p = program{r, map[string]string{"Authorization": "Bearer " + envtest.MakeToken(t, r, session, "reads files", "User").Token}}
			require.Contains(t, string(p.call(t, "fs", "get_file", `{"saltenv": "base", "path": "web/init.sls"}`)), `"data":"changed"`)
			_, text = p.try(t, "fs", "save_file", `{"saltenv": "base", "path": "web/init.sls", "contents": "x"}`)
			require.Contains(t, text, "not allowed")
		})
	}
}

func files(t *testing.T, p program, dir string) {
	t.Helper()
	put := func(name, text string) {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	onDisk := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			return "(none)"
		}
		require.NoError(t, err)
		return string(text)
	}
	put("second/top.sls", "base: {}\n")
	put("second/web/init.sls", "of the second root\n")
	put("first/logo.png", "\x89PNG\r\n\x1a\n\x00\x00\xff")
	put("second/logo.png", "a text that minions do not get\n")
	put("secret.txt", "outside\n")
	require.NoError(t, os.Symlink("../secret.txt", filepath.Join(dir, "first", "link.txt")))
	require.NoError(t, os.Symlink("..", filepath.Join(dir, "first", "up")))
	require.NoError(t, os.Symlink("../first", filepath.Join(dir, "dev", "sideways")))

	require.JSONEq(t, `["base","dev"]`, string(p.call(t, "fs", "get_envs", `{}`)))
	paths := func(env string) (all []string) {
		for _, row := range decoded[[]struct{ Path, Saltenv, UUID string }](t, p.call(t, "fs", "get_env", fmt.Sprintf(`{"saltenv": %q}`, env))) {
			all = append(all, row.Path)
		}
		return all
	}
	require.Equal(t, []string{"link.txt", "logo.png", "top.sls", "web/init.sls"}, paths("base"), "linked folders are not followed")
	_, text := p.try(t, "fs", "get_env", `{"saltenv": "no"}`)
	require.Equal(t, "there is no such environment", text)

	data := func(env, path string) string {
		return decoded[struct{ Data string }](t, p.call(t, "fs", "get_file", fmt.Sprintf(`{"saltenv": %q, "path": %q}`, env, path))).Data
	}
	require.Equal(t, "of the second root\n", data("base", "web/init.sls"))

	// What programs send: is it there, then save or update. The text arrives as it is,
	// whatever it looks like.
	for i, contents := range []string{"123", "null", "a=b", `{"a": 1}`, "- x: [ünïcode ☃\r\n"} {
		path := fmt.Sprintf("saved/%d.sls", i)
		name := fmt.Sprintf(`"saltenv": "base", "path": %q`, path)
		method := "save_file"
		if i == 0 {
			require.Equal(t, "false", string(p.call(t, "fs", "file_exists", "{"+name+"}")))
			_, text := p.try(t, "fs", "update_file", fmt.Sprintf(`{%s, "contents": "x"}`, name))
			require.Equal(t, "there is no such file", text)
			p.call(t, "fs", "save_file", fmt.Sprintf(`{%s, "contents": "x"}`, name))
			require.Equal(t, "true", string(p.call(t, "fs", "file_exists", "{"+name+"}")))
			method = "update_file"
		}
		p.call(t, "fs", method, fmt.Sprintf(`{%s, "contents": %s}`, name, quoted(t, contents)))
		require.Equal(t, contents, onDisk("first/"+path))
		require.Equal(t, contents, data("base", path))
	}
	large := strings.Repeat("0123456789abcde\n", 1<<16)
	p.call(t, "fs", "save_file", fmt.Sprintf(`{"saltenv": "dev", "path": "large.txt", "contents": %s}`, quoted(t, large)))
	require.Equal(t, large, onDisk("dev/large.txt"))
	require.Equal(t, large, data("dev", "large.txt"))
	_, text = p.try(t, "fs", "save_file", fmt.Sprintf(`{"saltenv": "dev", "path": "large.txt", "contents": %s}`, quoted(t, large+"x")))
	require.Contains(t, text, "more than 1048576 bytes")

	// A file in a later root is changed there.
	p.call(t, "fs", "save_file", `{"saltenv": "base", "path": "web/init.sls", "contents": "changed"}`)
	require.Equal(t, "changed", onDisk("second/web/init.sls"))
	require.Equal(t, "(none)", onDisk("first/web/init.sls"))

	// A binary is seen, and not read in the place of a text of another root.
	require.Equal(t, "true", string(p.call(t, "fs", "file_exists", `{"saltenv": "base", "path": "logo.png"}`)))
	_, text = p.try(t, "fs", "get_file", `{"saltenv": "base", "path": "logo.png"}`)
	require.Contains(t, text, "not a text")

	// Links that lead out of the roots are neither read, nor written, nor deleted.
	for _, path := range []string{"link.txt", "up/dev/large.txt", "sideways/logo.png"} {
		name := fmt.Sprintf(`"saltenv": "base", "path": %q`, path)
		if strings.HasPrefix(path, "sideways") {
			name = fmt.Sprintf(`"saltenv": "dev", "path": %q`, path)
		}
		require.Equal(t, "false", string(p.call(t, "fs", "file_exists", "{"+name+"}")), path)
		for method, more := range map[string]string{"get_file": "", "delete_file": "", "save_file": `, "contents": "x"`, "update_file": `, "contents": "x"`} {
			_, text := p.try(t, "fs", method, "{"+name+more+"}")
			require.NotEmpty(t, text, "%s %s", method, path)
		}
	}
	require.Equal(t, "outside\n", onDisk("secret.txt"))
	require.Equal(t, large, onDisk("dev/large.txt"))
	for _, path := range []string{"../secret.txt", "web/../../secret.txt", filepath.Join(dir, "secret.txt"), filepath.Join(dir, "second/top.sls")} {
		_, text := p.try(t, "fs", "get_file", fmt.Sprintf(`{"saltenv": "base", "path": %q}`, path))
		require.Contains(t, text, "path: ", path)
	}

	// What is deleted is the file that minions get; names that Salt's command line
	// would read as something else are no exception.
	p.call(t, "fs", "save_file", `{"saltenv": "base", "path": "top.sls", "contents": "same"}`)
	for _, path := range []string{"a=b.sls", "a b: c #d ☃.sls", "{x}", "-rf"} {
		name := fmt.Sprintf(`{"saltenv": "base", "path": %q`, path)
		uuid := decoded[string](t, p.call(t, "fs", "save_file", name+`, "contents": "x"}`))
		require.Equal(t, "x", onDisk("first/"+path), path)
		p.call(t, "fs", "delete_file", fmt.Sprintf(`{"file_uuid": %q}`, uuid))
		require.Equal(t, "(none)", onDisk("first/"+path))
	}
	require.Equal(t, "same", onDisk("second/top.sls"))
	p.call(t, "fs", "delete_file", `{"saltenv": "base", "path": "logo.png"}`)
	require.Equal(t, "(none)", onDisk("first/logo.png"))
	require.Equal(t, "a text that minions do not get\n", data("base", "logo.png"))
	_, text = p.try(t, "fs", "delete_file", `{"saltenv": "base", "path": "web"}`)
	require.Equal(t, "there is no such file", text, "a folder")
	require.Equal(t, "changed", onDisk("second/web/init.sls"))
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	b, err := json.Marshal(text)
	require.NoError(t, err)
	return string(b)
}
