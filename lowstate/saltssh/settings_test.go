package saltssh_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func TestSettingsThatAreTaken(t *testing.T) {
	t.Parallel()
	f := newFake(t, recordScript)
	p := saltssh.New(f.options())
	for _, tc := range []struct {
		name, js string
		want     any
	}{
		{"ssh_user", `"saltdev"`, "saltdev"},
		{"ssh_user", `"machine$"`, "machine$"},
		{"ssh_user", `1000`, "1000"},
		{"ssh_port", `22`, 22.0},
		{"ssh_port", `" 2222 "`, 2222.0},
		{"ssh_sudo", `true`, true},
		{"ssh_sudo", `"yes"`, true},
		{"ssh_sudo", `0`, false},
		{"ssh_sudo_user", `"www-data"`, "www-data"},
		{"ssh_remote_port_forwards", `"8000:127.0.0.1:80,[::1]:9:localhost:9"`, "8000:127.0.0.1:80,[::1]:9:localhost:9"},
		{"ssh_options", `"Port=22"`, []any{"Port=22"}},
		{"ssh_options", `["StrictHostKeyChecking=no", "ciphers=aes256-ctr,aes128-ctr"]`,
			[]any{"StrictHostKeyChecking=no", "ciphers=aes256-ctr,aes128-ctr"}},
		{"ssh_scan_ports", `"22,23"`, "22,23"},
		{"roster", `"cache,flat"`, "cache,flat"},
		{"extra_filerefs", `"salt://a,salt://b?saltenv=dev"`, "salt://a,salt://b?saltenv=dev"},
		{"thin_extra_mods", `"six,yaml.cyaml"`, "six,yaml.cyaml"},
		{"ssh_user", `null`, nil},
		{"host", `"x"`, nil},
		{"ssh_key_deploy", `true`, nil},
		{"ssh_askpass", `true`, nil},
		{"verbose", `true`, nil},
		{"output_file", `"/etc/passwd"`, nil},
	} {
		c := ping()
		require.NoError(t, add(t, &c.Settings, tc.name, tc.js), "%s %s", tc.name, tc.js)
		_, err := p.Run(t.Context(), c)
		require.NoError(t, err)
		if tc.name == "output_file" {
			require.NotEqual(t, "/etc/passwd", f.config("client.conf")[tc.name])
			continue
		}
		require.Equal(t, tc.want, f.config("client.conf")[tc.name], "%s %s", tc.name, tc.js)
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, js, want string }{
		{"ssh_user", `"-l"`, "not allowed"},
		{"ssh_user", `"root -o x"`, "not allowed"},
		{"ssh_user", `"a\u0000"`, "not allowed"},
		{"ssh_user", `""`, "not allowed"},
		{"ssh_user", `["a"]`, "must be a string"},
		{"ssh_user", `{"a": 1}`, "must be a string"},
		{"ssh_user", `1.5`, "must be a string"},
		{"ssh_port", `0`, "from 1 to 65535"},
		{"ssh_port", `65536`, "from 1 to 65535"},
		{"ssh_port", `22.5`, "must be an integer"},
		{"ssh_port", `true`, "must be an integer"},
		{"ssh_port", `"22 -o x"`, "must be an integer"},
		{"ssh_sudo", `"maybe"`, "true or false"},
		{"ssh_priv", `"key"`, "not allowed"},
		{"ssh_priv", `"-i/key"`, "not allowed"},
		{"ssh_priv", `"/key -o x"`, "not allowed"},
		{"ssh_priv", `"/a/bin/sh"`, "not allowed"},
		{"ssh_passwd", `"a\nb"`, "not allowed"},
		{"ssh_passwd", `"sdb://vault/other"`, "not allowed"},
		{"ssh_remote_port_forwards", `"sdb://vault/other"`, "not allowed"},
		{"ssh_passwd", `"` + strings.Repeat("x", 1025) + `"`, "longer than"},
		{"ssh_options", `["Port"]`, "Name=value"},
		{"ssh_options", `["Port=22 -o LocalCommand=x"]`, "Name=value"},
		{"ssh_options", `["LocalCommand=id"]`, "may not set LocalCommand"},
		{"ssh_options", `["permitlocalcommand=yes"]`, "may not set"},
		{"ssh_options", `["HostName=10.0.0.1"]`, "may not set"},
		{"ssh_options", `["ProxyJump=h"]`, "may not set"},
		{"ssh_options", `["KnownHostsCommand=id"]`, "may not set"},
		{"ssh_options", `["PKCS11Provider=x.so"]`, "may not set"},
		{"ssh_options", `["Include=x"]`, "may not set"},
		{"ssh_options", `[["a"]]`, "must be a string"},
		{"ssh_options", `[` + strings.Repeat(`"Port=22",`, 64) + `"Port=22"]`, "more than 64"},
		{"ssh_remote_port_forwards", `"-oX"`, "not allowed"},
		{"ssh_remote_port_forwards", `"8:a:8,-oX"`, "not allowed"},
		{"thin_extra_mods", `"';touch x;'"`, "not allowed"},
		{"roster", `"../x"`, "not allowed"},
		{"roster_file", `"-x"`, "not allowed"},
		{"rosters", `["/tmp"]`, "master's configuration"},
		{"ssh_update_roster", `true`, "roster"},
	} {
		var s saltssh.Settings
		err := add(t, &s, tc.name, tc.js)
		require.ErrorContains(t, err, tc.want, "%s %s", tc.name, tc.js)
		require.NotContains(t, err.Error(), "vault", "values are not quoted")
	}
}

func TestHasProxyCommand(t *testing.T) {
	t.Parallel()
	for js, want := range map[string]bool{
		`"ProxyCommand=id"`:                     true,
		`"a pRoXyCoMmAnD"`:                      true,
		`[{"a": {"b": ["x", "PROXYCOMMAND"]}}]`: true,
		`{"ProxyCommand": 1}`:                   true,
		`"Proxy Command"`:                       false,
		`["Proxy", "Command"]`:                  false,
		`17`:                                    false,
	} {
		v, err := msgpack.AppendFromJSON(nil, []byte(js))
		require.NoError(t, err)
		require.Equal(t, want, saltssh.HasProxyCommand(v), js)
	}
}

func TestCallsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFake(t, recordScript)
	p := saltssh.New(f.options())
	long := strings.Repeat("x", 1<<17)
	for name, c := range map[string]saltssh.Call{
		"no target":             {Fun: "test.ping"},
		"an option for target":  {Target: "-oX", Fun: "test.ping"},
		"a space in it":         {Target: "a b", Fun: "test.ping"},
		"a NUL in it":           {Target: "a\x00b", Fun: "test.ping"},
		"a quote in it":         {Target: "a'b", Fun: "test.ping"},
		"a path":                {Target: "a/bin/sh", Fun: "test.ping"},
		"an option for host":    {Target: "root@-oX", Fun: "test.ping"},
		"too long":              {Target: long, Fun: "test.ping"},
		"a user in a pcre":      {Target: "(a|b)@host", TargetType: "pcre", Fun: "test.ping"},
		"another type":          {Target: "os:Linux", TargetType: "grain", Fun: "test.ping"},
		"no function":           {Target: "web"},
		"two words":             {Target: "web", Fun: "test.echo x"},
		"an option":             {Target: "web", Fun: "-x"},
		"a NUL in an argument":  {Target: "web", Fun: "test.echo", Args: []string{"\x00"}},
		"a long argument":       {Target: "web", Fun: "test.echo", Args: []string{long}},
		"many arguments":        {Target: "web", Fun: "test.echo", Args: strings.Split(strings.Repeat(long[:1<<16]+" ", 17), " ")},
		"a raw option":          {Target: "web", Fun: "-oX", RawShell: true},
		"a raw option, later":   {Target: "web", Fun: " -oX", RawShell: true},
		"nothing raw":           {Target: "web", Fun: "", RawShell: true},
		"a NUL in a raw one":    {Target: "web", Fun: "l\x00", RawShell: true},
		"a line end for target": {Target: "web\n", Fun: "test.ping"},
	} {
		_, err := p.Run(t.Context(), c)
		require.Error(t, err, name)
	}
	require.False(t, f.ran())
}

func FuzzSettings(f *testing.F) {
	f.Add("ssh_user", []byte(`"root"`))
	f.Add("ssh_options", []byte(`["Port=22", "LocalCommand=id"]`))
	f.Add("ssh_priv", []byte(`"/key -oX"`))
	f.Add("ssh_remote_port_forwards", []byte(`"8000:localhost:80"`))
	f.Fuzz(func(t *testing.T, name string, js []byte) {
		v, err := msgpack.AppendFromJSON(nil, js)
		if err != nil {
			t.Skip("not JSON")
		}
		var s saltssh.Settings
		if s.Add(name, v) != nil || name == "ssh_passwd" || name == "ssh_priv_passwd" {
			return
		}
		for _, text := range saltssh.Texts(s) {
			require.NotEmpty(t, text, name)
			require.NotEqual(t, '-', text[0], name)
			require.False(t, strings.ContainsAny(text, " \t\r\n\x00'\"\\;&|<>`(){}#"), "%s %q", name, text)
		}
	})
}

func FuzzTarget(f *testing.F) {
	f.Add("web*", "glob")
	f.Add("root@-oProxyCommand=id", "glob")
	f.Add("(a|b)$", "pcre")
	f.Add("a,b", "list")
	f.Fuzz(func(t *testing.T, tgt, kind string) {
		c := saltssh.Call{Target: tgt, TargetType: kind, Fun: "test.ping"}
		if c.Check() != nil {
			return
		}
		require.NotEqual(t, '-', tgt[0])
		require.NotContains(t, tgt, "@-")
		require.NotContains(t, tgt, ",-")
		require.NotContains(t, tgt, "/")
		require.False(t, strings.ContainsAny(tgt, " \t\r\n\x00'\"`;&<>#"), tgt)
		if !c.KeepToRoster() || c.TargetType == "list" { // salt-ssh looks for a list in the roster alone
			return
		}
		require.NotContains(t, c.Target, "@")
		require.True(t, strings.ContainsAny(c.Target, `*?[]()^\\|$+{}`), "%s may be the name of a host", c.Target)
	})
}
