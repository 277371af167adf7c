package saltssh_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate/saltssh"
)

// otherUser is one that each machine has.
const otherUser = "nobody"

// newFakeOf returns a program that the other user can run, and its options.
func newFakeOf(t *testing.T, script string) (fake, saltssh.Options) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("it takes root to run salt-ssh as another user")
	}
	f := newFake(t, script)
	for path, mode := range map[string]os.FileMode{filepath.Dir(f.dir): 0o755, f.dir: 0o777, f.path("salt-ssh"): 0o755} {
		require.NoError(t, os.Chmod(path, mode))
	}
	o := f.options()
	o.User = otherUser
	return f, o
}

// TestAccount runs salt-ssh as the master's user, who reads the settings and makes the
// output, and nobody else.
func TestAccount(t *testing.T) {
	t.Parallel()
	f, o := newFakeOf(t, `#!/bin/sh
here=${0%/*}
{ id -un; id -G; echo "$HOME" "$USER" "$LOGNAME"; stat -c '%U %a %n' . master client.conf Saltfile .saltern; cat client.conf; } >"$here/seen"
echo '{"web": true}' >output
`)
	c := ping()
	c.Settings = settings(t, map[string]string{"ssh_passwd": `"s3cret"`})
	out, err := saltssh.New(o).Run(t.Context(), c)
	require.NoError(t, err)
	defer out.Close()
	require.EqualValues(t, len("{\"web\": true}\n"), out.Size)
	seen := f.read("seen")
	require.Regexp(t, `^nobody\n[1-9][0-9 ]*\n\S+ nobody nobody\n`, seen)
	require.NotContains(t, seen, os.Getenv("HOME")+" ")
	require.Contains(t, seen, "nobody 700 .\nnobody 600 master\nnobody 600 client.conf\nnobody 600 Saltfile\nroot 600 .saltern\n")
	require.Contains(t, seen, "s3cret")
	require.Empty(t, f.folders(), "the folder is removed")
}

// The user may leave anything in place of the output, which root could read.
func TestOutputOfAnotherUser(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]string{
		"a link":         `ln -s "$here/secret" output`,
		"a hard link":    `ln "$here/secret" output || cp -l "$here/secret" output || exit 1`,
		"a pipe":         `mkfifo output`,
		"a directory":    `mkdir output`,
		"another folder": `mv "$PWD" "$here/moved" && ln -s "$here" "${PWD}" && ln -s secret "$here/output"`,
		"nothing":        `true`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, o := newFakeOf(t, "#!/bin/sh\nhere=${0%/*}\n"+leave+"\n")
			require.NoError(t, os.WriteFile(f.path("secret"), []byte(`{"web": "secret"}`), 0o600))
			out, err := saltssh.New(o).Run(t.Context(), ping())
			require.Error(t, err)
			require.Nil(t, out.File)
			secret, err := os.Stat(f.path("secret"))
			require.NoError(t, err)
			stat, ok := secret.Sys().(*syscall.Stat_t)
			require.True(t, ok)
			require.Zero(t, stat.Uid)
		})
	}
}

func TestUnknownAccount(t *testing.T) {
	t.Parallel()
	f, o := newFakeOf(t, recordScript)
	o.User = "no-such-user-here"
	_, err := saltssh.New(o).Run(t.Context(), ping())
	require.ErrorContains(t, err, "the user of salt-ssh")
	require.False(t, f.ran())
}
