package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The URL of PostgreSQL is read from a file or the environment, and nothing of
// it gets into an error or a warning.
func TestRecords(t *testing.T) {
	const secret = "hunter2"
	url := func(text string, mode os.FileMode) string {
		file := filepath.Join(t.TempDir(), "url")
		require.NoError(t, os.WriteFile(file, []byte(text+"\n"), mode))
		return file
	}
	for name, c := range map[string]struct{ set, env, want, problem, warning string }{
		"no file":       {set: "records: {store: postgres}", problem: "needs url_file"},
		"absent file":   {set: "records: {store: postgres, url_file: /does/not/exist}", problem: "records.url_file"},
		"open to all":   {set: "records: {store: postgres, url_file: " + url("postgres://u:hunter2@h/r", 0o644) + "}", problem: "its mode"},
		"not a URL":     {set: "records: {store: postgres, url_file: " + url("postgres://u:hunter2@:x/r", 0o600) + "}", problem: "not a connection string"},
		"bad variable":  {set: "records: {store: postgres}", env: "host='hunter2", problem: RecordsURLEnv},
		"variable":      {set: "records: {store: postgres}", env: "postgres://u:hunter2@127.0.0.1/r", want: "postgres://u:hunter2@127.0.0.1/r"},
		"file":          {set: "records: {store: postgres, url_file: " + url("host=/run/x dbname=r", 0o640) + "}", want: "host=/run/x dbname=r"},
		"clear text":    {set: "records: {store: postgres}", env: "postgres://u:hunter2@db/r", want: "postgres://u:hunter2@db/r", warning: "clear text"},
		"verified":      {set: "records: {store: postgres}", env: "postgres://u:hunter2@db/r?sslmode=verify-full", want: "postgres://u:hunter2@db/r?sslmode=verify-full"},
		"not that kind": {set: "records: {url_file: /x}", warning: "url_file has no effect"},
		"no SQLite":     {set: "records: {store: off, file: /x}", warning: "file has no effect"},
		"default":       {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(RecordsURLEnv, c.env)
			got, dir, err := load(t, "", c.set)
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				require.NotContains(t, err.Error(), secret)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got.Records.URL)
			require.Equal(t, c.set == "records: {store: off, file: /x}", got.RecordsFile() == "/x")
			if c.set == "" {
				require.Equal(t, filepath.Join(dir, "state", "records.db"), got.RecordsFile())
			}
			found := c.warning == ""
			for _, w := range got.Warnings() {
				require.NotContains(t, w, secret)
				found = found || strings.Contains(w, c.warning)
			}
			require.True(t, found, "%q", got.Warnings())
		})
	}
}
