package saltssh_test

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate/saltssh"
)

func TestArgv(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		call saltssh.Call
		want []string
	}{
		"glob":      {saltssh.Call{Target: "web*", Fun: "test.ping"}, []string{"--", "web*", "test.ping"}},
		"list":      {saltssh.Call{Target: "a,b", TargetType: "list", Fun: "test.ping"}, []string{"--list", "--", "a,b", "test.ping"}},
		"pcre":      {saltssh.Call{Target: `web\d+$`, TargetType: "pcre", Fun: "test.ping"}, []string{"--pcre", "--", `web\d+$`, "test.ping"}},
		"nodegroup": {saltssh.Call{Target: "n1", TargetType: "nodegroup", Fun: "test.ping"}, []string{"--nodegroup", "--", "n1", "test.ping"}},
		"range":     {saltssh.Call{Target: "%web:ALL", TargetType: "range", Fun: "test.ping"}, []string{"--range", "--", "%web:ALL", "test.ping"}},
		"arguments that look like options": {
			saltssh.Call{Target: "web", Fun: "cmd.run", Args: []string{"--raw", "-o ProxyCommand=x", "", "a b", "$(id)", "ä\n"}},
			[]string{"--", "web", "cmd.run", "--raw", "-o ProxyCommand=x", "", "a b", "$(id)", "ä\n"},
		},
		"raw": {
			saltssh.Call{Target: "web", Fun: "ls; id", Args: []string{"-l"}, RawShell: true},
			[]string{"--", "web", "ls; id", "-l"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, recordScript)
			out, err := saltssh.New(f.options()).Run(t.Context(), tc.call)
			require.NoError(t, err)
			defer out.Close()
			js, err := io.ReadAll(out.File)
			require.NoError(t, err)
			require.Equal(t, "{\"web\": true}\n", string(js))
			require.EqualValues(t, len(js), out.Size)
			require.Equal(t, 7, out.Code)
			require.Equal(t, tc.want, f.argv())
		})
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	f := newFake(t, recordScript)
	require.NoError(t, os.WriteFile(f.path("key"), nil, 0o600))
	require.NoError(t, os.WriteFile(f.path("hosts"), nil, 0o600))
	o := f.options()
	o.MasterFile = "/nowhere/co*nf/master"
	o.Includes = saltssh.Includes("/nowhere/conf/master", nil, []any{"/else/*.conf", "more.conf", "~/x"})
	o.Rosters = []string{"/nowhere", f.dir}
	c := ping()
	c.Timeout = 1500 * time.Millisecond
	c.RawShell = true
	c.Settings = settings(t, map[string]string{
		"ssh_passwd": `"s3cret pass' \"word"`, "ssh_port": `"2222"`, "ssh_priv": `"` + f.path("key") + `"`,
		"ssh_options": `["ConnectTimeout=3"]`, "ignore_host_keys": `"False"`, "roster_file": `"/hosts"`,
		"ssh_log_file": `"/etc/passwd"`, "ssh_pre_hook": `"touch /tmp/x"`, "saltfile": `"/x"`, "unknown": `1`,
	})
	_, err := saltssh.New(o).Run(t.Context(), c)
	require.NoError(t, err)

	conf := f.config("client.conf")
	folder := strings.TrimSpace(f.read("pwd"))
	require.Equal(t, map[string]any{
		"ssh_passwd": `s3cret pass' "word`, "ssh_port": 2222.0, "ssh_priv": f.path("key"),
		"ssh_options": []any{"ConnectTimeout=3"}, "ignore_host_keys": false, "roster_file": f.path("hosts"),
		"timeout": 2.0, "jid": c.JID, "raw_shell": true,
		"config_dir": "/nowhere/co*nf", "conf_file": "/nowhere/co*nf/master",
		"static": true, "output": "json", "output_file": folder + "/output", "log_level": "quiet",
	}, conf)
	require.Equal(t, map[string]any{
		"default_include": []any{"/nowhere/co[*]nf/master"},
		"include": []any{
			"/nowhere/conf/master.d/*.conf", "/else/*.conf", "/nowhere/conf/more.conf", "~/x", folder + "/client.conf",
		},
	}, f.config("master"))
	require.Empty(t, f.config("Saltfile"))

	require.NotContains(t, f.read("argv"), "s3cret")
	require.NotContains(t, f.read("env"), "s3cret")
	require.Equal(t, "700 .\n600 Saltfile\n600 client.conf\n600 master\n", f.read("modes"))
	require.NoDirExists(t, folder)
	require.Equal(t, "n\nn\nn\n", f.read("stdin")[:6])
}

func TestEnvironment(t *testing.T) {
	t.Setenv("SALT_MASTER_CONFIG", "/elsewhere")
	t.Setenv("SECRET_OF_THE_GATEWAY", "x")
	f := newFake(t, recordScript)
	_, err := saltssh.New(f.options()).Run(t.Context(), ping())
	require.NoError(t, err)
	known := map[string]bool{
		"SALT_CONFIG_DIR": true, "LANG": true, "PATH": true, "HOME": true, "USER": true, "LOGNAME": true, "TZ": true,
		"PWD": true, "OLDPWD": true, "_": true, "SHLVL": true, // of the shell that runs the script
	}
	for line := range strings.Lines(f.read("env")) {
		name, _, _ := strings.Cut(line, "=")
		require.True(t, known[name], line)
	}
	require.Contains(t, f.read("env"), "SALT_CONFIG_DIR="+f.dir+"/salt-ssh-")
}

func TestFind(t *testing.T) {
	t.Parallel()
	f := fake{t, t.TempDir()}
	p := saltssh.New(saltssh.Options{Program: "salt-ssh-of-this-test", Folders: []string{f.dir}})
	_, err := p.Find()
	require.ErrorIs(t, err, saltssh.ErrNotFound)
	_, err = p.Run(t.Context(), ping())
	require.ErrorIs(t, err, saltssh.ErrNotFound)

	require.NoError(t, os.WriteFile(f.path("salt-ssh-of-this-test"), []byte("#!/bin/sh\n"), 0o700))
	path, err := p.Find()
	require.NoError(t, err, "it may be installed later")
	require.Equal(t, f.path("salt-ssh-of-this-test"), path)

	_, err = saltssh.New(saltssh.Options{Program: f.path("none"), Folders: []string{f.dir}}).Find()
	require.ErrorIs(t, err, saltssh.ErrNotFound)
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	f := newFake(t, "#!/bin/sh\nexit 3\n")
	_, err := saltssh.New(f.options()).Run(t.Context(), ping())
	var failed *saltssh.FailedError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "exit status 3", failed.Status)

	require.NoError(t, os.WriteFile(f.path("salt-ssh"), []byte("not a program"), 0o700))
	_, err = saltssh.New(f.options()).Run(t.Context(), ping())
	require.ErrorContains(t, err, "start salt-ssh")
}

func TestLargeAnswer(t *testing.T) {
	t.Parallel()
	f := newFake(t, "#!/bin/sh\nhead -c 1000 /dev/zero >output; yes | head -c 1000000\n")
	o := f.options()
	o.MaxOutput = 1000
	out, err := saltssh.New(o).Run(t.Context(), ping())
	require.NoError(t, err)
	require.EqualValues(t, 1000, out.Size)
	out.Close()

	o.MaxOutput = 999
	_, err = saltssh.New(o).Run(t.Context(), ping())
	require.ErrorIs(t, err, saltssh.ErrTooLarge)
}

func TestFilesThatMustExist(t *testing.T) {
	t.Parallel()
	f := newFake(t, recordScript)
	o := f.options()
	o.Rosters = []string{f.dir}
	p := saltssh.New(o)
	for name, tc := range map[string]struct {
		setting, value string
		want           error
	}{
		"no key":                  {"ssh_priv", f.path("none"), saltssh.ErrNoKey},
		"a folder for a key":      {"ssh_priv", f.dir, saltssh.ErrNoKey},
		"no roster":               {"roster_file", "none", saltssh.ErrNoRoster},
		"a roster elsewhere":      {"roster_file", "/etc/passwd", saltssh.ErrNoRoster},
		"a roster by going round": {"roster_file", "a/../../../../../../../../../../etc/passwd", saltssh.ErrNoRoster},
		"a roster's folder":       {"roster_file", "/", saltssh.ErrNoRoster},
	} {
		c := ping()
		c.Settings = settings(t, map[string]string{tc.setting: `"` + tc.value + `"`})
		_, err := p.Run(t.Context(), c)
		require.ErrorIs(t, err, tc.want, name)
	}
	require.False(t, f.ran())
	require.NoFileExists(t, f.path("none"), "salt-ssh would make a key there")

	c := ping()
	c.Settings = settings(t, map[string]string{"ssh_priv": `"agent-forwarding"`})
	_, err := p.Run(t.Context(), c)
	require.NoError(t, err)
}

func TestHosts(t *testing.T) {
	t.Parallel()
	f := newFake(t, `#!/bin/sh
echo run >>"${0%/*}/runs"
[ "$*" = --hosts ] && printf '{"/conf/roster": {"web2": "10.0.0.2", "web1": "10.0.0.1"}}\n' >output
`)
	p := saltssh.New(f.options())
	for range 3 {
		ids, err := p.Hosts()
		require.NoError(t, err)
		require.Equal(t, []string{"web1", "web2"}, ids)
	}
	require.LessOrEqual(t, len(f.read("runs")), 2*len("run\n"), "the answer is kept for a moment")

	o := f.options()
	o.Roster = "cache"
	_, err := saltssh.New(o).Hosts()
	require.ErrorIs(t, err, saltssh.ErrOtherRoster)

	broken := newFake(t, "#!/bin/sh\necho nonsense >output\n")
	_, err = saltssh.New(broken.options()).Hosts()
	require.ErrorContains(t, err, "list the hosts")
}
