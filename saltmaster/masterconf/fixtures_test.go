package masterconf

import (
	_ "embed"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/masterconf/internal/oracle"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

var update = flag.Bool("update", false, "write what the newest real Salt and this package answer into testdata")

//go:embed testdata/ask.py
var askScript string

// A fixture is an archive of configuration files under etc/, what Salt makes of them (want: only what differs from
// testdata/defaults.txtar, whose want is complete), and what this package reports (problems, warnings). $DIR stands for
// the folder that the archive is unpacked to, $USER for the user of this process.
type fixture struct {
	path               string
	comment            []byte
	files              []oracle.File
	want               map[string]string
	problems, warnings []string
}

func readFixture(t *testing.T, path string) fixture {
	t.Helper()
	f := fixture{path: path, want: map[string]string{}}
	comment, files := oracle.ReadArchive(t, path)
	f.comment = comment
	for _, file := range files {
		lines := strings.FieldsFunc(string(file.Data), func(r rune) bool { return r == '\n' })
		switch file.Name {
		case "want":
			for _, l := range lines {
				k, v, _ := strings.Cut(l, " = ")
				f.want[k] = strings.ReplaceAll(v, "$USER", currentUser())
			}
		case "problems":
			f.problems = lines
		case "warnings":
			f.warnings = lines
		default:
			f.files = append(f.files, file)
		}
	}
	return f
}

func fixtures(t *testing.T) []fixture {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	all := make([]fixture, len(paths))
	for i, p := range paths {
		all[i] = readFixture(t, p)
	}
	return all
}

// unpack writes the configuration into a folder and returns the name of etc/ in it.
func (f fixture) unpack(t *testing.T, dir string) string {
	t.Helper()
	for _, file := range f.files {
		name := filepath.Join(dir, file.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		data := strings.ReplaceAll(string(file.Data), "$DIR", dir)
		data = strings.ReplaceAll(data, "<LATIN1>", "\xe9")
		require.NoError(t, os.WriteFile(name, []byte(data), 0o600))
	}
	return filepath.Join(dir, "etc")
}

// short puts the placeholders back.
func short(dir, s string) string { return strings.ReplaceAll(s, dir, "$DIR") }

const defaultsFixture = "testdata/defaults.txtar"

// defaults returns Salt's answer for an empty file.
func defaults(t *testing.T) map[string]string {
	t.Helper()
	return readFixture(t, defaultsFixture).want
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	base := defaults(t)
	for _, f := range fixtures(t) {
		t.Run(filepath.Base(f.path), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c, warnings, err := Load(f.unpack(t, dir))
			var gotProblems, gotWarnings []string
			for _, p := range problems(t, err) {
				gotProblems = append(gotProblems, short(dir, p.Error()))
			}
			for _, w := range warnings {
				gotWarnings = append(gotWarnings, short(dir, w.String()))
			}
			if *update {
				f.problems, f.warnings = gotProblems, gotWarnings
				f.write(t)
				return
			}
			require.Equal(t, f.problems, gotProblems)
			require.Equal(t, f.warnings, gotWarnings)
			if f.want["end"] != "ok" {
				require.NotEmpty(t, gotProblems, "salt-api does not run with it")
				return
			}
			want := maps.Clone(base)
			maps.Copy(want, f.want)
			for k, v := range used(c) {
				if slices.Contains(f.keysOfProblems(), k) {
					continue // the value could not be used
				}
				require.Equal(t, want[k], short(dir, v), k)
			}
		})
	}
}

// keysOfProblems returns the options that have a problem.
func (f fixture) keysOfProblems() []string {
	var keys []string
	for _, p := range f.problems {
		parts := strings.SplitN(p, ": ", 3)
		key, _, _ := strings.Cut(parts[1], ".")
		keys = append(keys, parts[1], key)
		if key == "interface" {
			keys = append(keys, "master_uri")
		}
	}
	return keys
}

// TestSaltReadsTheSame checks what the fixtures say about Salt against the real ones.
func TestSaltReadsTheSame(t *testing.T) {
	all := fixtures(t)
	for _, salt := range oracle.Salts(t) {
		t.Run(salt.Version, func(t *testing.T) {
			var dirs, etcs []string
			for _, f := range all {
				dirs = append(dirs, t.TempDir())
				etcs = append(etcs, f.unpack(t, dirs[len(dirs)-1]))
			}
			var answers []map[string]string
			salt.Ask(t, askScript, etcs, &answers)
			require.Len(t, answers, len(all))
			base := answers[slices.IndexFunc(all, func(f fixture) bool { return f.path == defaultsFixture })]
			for i, f := range all {
				got := map[string]string{}
				for k, v := range answers[i] {
					if v != base[k] || k == "end" || f.path == defaultsFixture {
						got[k] = short(dirs[i], v)
					}
				}
				if *update {
					f.want = got
					f.write(t)
					continue
				}
				require.Equal(t, f.want, got, f.path)
			}
		})
	}
}

func (f fixture) write(t *testing.T) {
	t.Helper()
	files := slices.Clone(f.files)
	var want []string
	for _, k := range slices.Sorted(maps.Keys(f.want)) {
		v := f.want[k]
		if f.path == defaultsFixture && k == "user" {
			v = `"$USER"`
		}
		want = append(want, k+" = "+v)
	}
	for _, part := range []struct {
		name  string
		lines []string
	}{{"want", want}, {"problems", f.problems}, {"warnings", f.warnings}} {
		if len(part.lines) > 0 {
			files = append(files, oracle.File{Name: part.name, Data: []byte(strings.Join(part.lines, "\n") + "\n")})
		}
	}
	oracle.WriteArchive(t, f.path, f.comment, files)
}

// problems takes a joined error apart.
func problems(t *testing.T, err error) []*Problem {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // the join itself is what is looked at
	require.True(t, ok)
	var all []*Problem
	for _, e := range joined.Unwrap() {
		var p *Problem
		require.ErrorAs(t, e, &p)
		all = append(all, p)
	}
	return all
}

// used writes a Config as testdata/ask.py writes Salt's options.
func used(c *Config) map[string]string {
	out := map[string]any{
		"root_dir": c.RootDir, "cachedir": c.CacheDir, "sock_dir": c.SockDir, "token_dir": c.TokenDir,
		"pki_dir":           c.PKIDir,
		"extension_modules": c.ExtensionModules, "api_logfile": c.APILogfile, "api_pidfile": c.APIPidfile,
		"transport": c.Transport, "ipc_mode": c.IPCMode, "user": c.User, "hash_type": c.HashType,
		"eauth_tokens": c.EauthTokens, "eauth_tokens.cache_driver": c.EauthTokensCacheDriver, "cache": c.Cache,
		"master_job_cache": c.MasterJobCache, "ext_job_cache": c.ExtJobCache,
		"auth.pam.service": c.AuthPAMService, "auth.pam.python": c.AuthPAMPython,
		"ret_port": c.RetPort, "publish_port": c.PublishPort, "tcp_master_pub_port": c.TCPMasterPubPort,
		"tcp_master_pull_port": c.TCPMasterPullPort, "request_channel_tries": c.RequestChannelTries,
		"max_event_size": c.MaxEventSize,
		"token_expire":   seconds(c.TokenExpire), "timeout": seconds(c.Timeout),
		"gather_job_timeout": seconds(c.GatherJobTimeout), "publish_timeout": seconds(c.PublishTimeout),
		"request_channel_timeout": seconds(c.RequestChannelTimeout), "rest_timeout": seconds(c.RestTimeout),
		"keep_jobs_seconds": seconds(c.KeepJobs), "syndic_wait": seconds(c.SyndicWait),
		"ipv6": c.IPv6, "keep_acl_in_token": c.KeepACLInToken, "permissive_acl": c.PermissiveACL,
		"auth.enable_expanded_auth_matching": c.ExpandedAuthMatching, "job_cache": c.JobCache,
		"minion_data_cache": c.MinionDataCache, "order_masters": c.OrderMasters, "unique_jid": c.UniqueJID,
		"netapi_allow_raw_shell":     c.NetapiAllowRawShell,
		"token_expire_user_override": c.TokenExpireUserOverride, "nodegroups": c.Nodegroups,
		"clients": clients(c),
	}
	if _, address, err := c.RequestEndpoint(); err == nil {
		out["master_uri"] = "tcp://" + address
	}
	if c.ID != "" {
		out["id"] = c.ID
	}
	for _, key := range []string{"external_auth", "rest_cherrypy", "rest_wsgi"} {
		v, ok := c.Option(key)
		if !ok {
			v = &yaml11.Map{}
		}
		out[key] = v
	}
	text := map[string]string{}
	for k, v := range out {
		text[k] = oracle.Canon(v)
	}
	return text
}

func seconds(d time.Duration) float64 { return d.Seconds() }

// clients returns the enabled clients in the order of ask.py.
func clients(c *Config) []any {
	enabled := []any{}
	for _, name := range netapiClients {
		if slices.Contains(c.NetapiEnableClients, name) {
			enabled = append(enabled, name)
		}
	}
	return enabled
}
