package settings_test

import (
	"bytes"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
)

const full = `
listen:
  - {address: "0.0.0.0:8443"}
  - address: 127.0.0.1:8444
    tls: true
  - {address: "[::1]:8445", tls: false}
  - {address: ":8446", tls: {crt: /etc/c.pem, key: /etc/k.pem, chain: /etc/i.pem}}
state_dir: /srv/saltern
max_request_body_size: 20MiB
shutdown_timeout: 1m
trusted_proxies: [127.0.0.1, "::1", 10.1.2.3/8]
public_url: HTTPS://Salt.Example.com:443/Api
cors_origin: "https://ui.example.com"
events_acl:
  - {users: ops*, groups: [wheel], eauth: pam, tags: [salt/job/*, "salt/run/*"]}
callbacks:
  - {name: ci, url: "https://ci.example.com/x?y=z", secret_file: /etc/ci, results: true, users: ops*, groups: [wheel], eauth: pam, timeout: 5s, ca: /etc/ca.pem}
results: verified
lookups: master
answers: {memory: 8MiB, disk: 1GiB}
events: {buffer: 10, buffer_size: 1MiB, linger: 1s, streams_per_user: 30, streams_per_session: 20, views_per_user: 2}
ssh: {program: /usr/bin/salt-ssh, processes: 2, options: [ssh_port, off_roster]}
admin: {listen: "10.0.0.1:9000", allow_remote: true}
limits:
  connections: 10
  connections_per_address: 7
  header_timeout: 1s
  body_timeout: 2s
  write_timeout: 3s
  idle_timeout: 4s
  max_chunks: 5
master: {request_timeout: 5s, connections: 3}
pam: {conf_dir: /tmp/pam.d, slots: 4, unproven_slots: 2, allow_root: true}
auth: {attempts: 5, window: 30s, deciding: [pam], reuse: 2s, reuse_modules: [file]}
rpc: {enabled: false}
records:
  {store: postgres, file: /srv/records.db, url_file: /etc/saltern/records.url, master: east, keep: 30d, max_size: 5GiB, max_value: 1MiB, max_wait: 10m}
log: {level: debug}
`

func TestParseEveryKey(t *testing.T) {
	t.Parallel()
	got, err := settings.Parse("saltern.yaml", []byte(full))
	require.NoError(t, err)
	require.Equal(t, &settings.Settings{
		Listen: []settings.Listen{
			{Line: 3, Address: "0.0.0.0:8443"},
			{Line: 4, Address: "127.0.0.1:8444", TLS: settings.TLS{Mode: settings.TLSOn}},
			{Line: 6, Address: "[::1]:8445", TLS: settings.TLS{Mode: settings.TLSOff}},
			{Line: 7, Address: ":8446", TLS: settings.TLS{
				Mode: settings.TLSOn, Cert: "/etc/c.pem", Key: "/etc/k.pem", Chain: "/etc/i.pem",
			}},
		},
		StateDir:           "/srv/saltern",
		MaxRequestBodySize: 20 << 20,
		ShutdownTimeout:    time.Minute,
		TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("::1/128"),
			netip.MustParsePrefix("10.0.0.0/8"),
		},
		PublicURL: "https://salt.example.com/Api", CORSOrigin: []string{"https://ui.example.com"},
		EventsACL: []settings.EventsRule{{
			Users: []string{"ops*"}, Groups: []string{"wheel"}, Eauth: []string{"pam"},
			Tags: []string{"salt/job/*", "salt/run/*"},
		}},
		Callbacks: []settings.Callback{{
			Name: "ci", URL: "https://ci.example.com/x?y=z", SecretFile: "/etc/ci", Results: true,
			Users: []string{"ops*"}, Groups: []string{"wheel"}, Eauth: []string{"pam"}, Timeout: 5 * time.Second, CA: "/etc/ca.pem",
		}},
		Results: settings.ResultsVerified,
		Lookups: settings.LookupsMaster,
		Answers: settings.Answers{Memory: 8 << 20, Disk: 1 << 30},
		Events: settings.Events{
			Buffer: 10, BufferSize: 1 << 20, Linger: time.Second,
			StreamsPerUser: 30, StreamsPerSession: 20, ViewsPerUser: 2,
		},
		SSH:   settings.SSH{Program: "/usr/bin/salt-ssh", Processes: 2, Options: []string{"ssh_port", "off_roster"}},
		Admin: settings.Admin{Listen: "10.0.0.1:9000", AllowRemote: true},
		Limits: settings.Limits{
			Connections: 10, ConnectionsPerAddress: 7, HeaderTimeout: time.Second, BodyTimeout: 2 * time.Second,
			WriteTimeout: 3 * time.Second, IdleTimeout: 4 * time.Second, MaxChunks: 5,
		},
		Master: settings.Master{RequestTimeout: 5 * time.Second, Connections: 3},
		PAM:    settings.PAM{ConfDir: "/tmp/pam.d", Slots: 4, UnprovenSlots: 2, AllowRoot: true},
		Auth: settings.Auth{
			Attempts: 5, Window: 30 * time.Second, Deciding: []string{"pam"}, Reuse: 2 * time.Second, ReuseModules: []string{"file"},
		},
		Tokens: settings.Default().Tokens,
		RPC:    settings.RPC{Off: true},
		Records: settings.Records{
			Store: settings.RecordsPostgres, File: "/srv/records.db", URLFile: "/etc/saltern/records.url", Master: "east",
			Keep: 30 * 24 * time.Hour, MaxSize: 5 << 30, MaxValue: 1 << 20, MaxWait: 10 * time.Minute,
		},
		Audit: settings.Default().Audit,
		Log:   settings.Log{Level: slog.LevelDebug},
	}, got)
}

func TestParseNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "limits:\nlisten:\n", "{}"} {
		got, err := settings.Parse("saltern.yaml", []byte(text))
		require.NoError(t, err, "%q", text)
		require.Equal(t, settings.Default(), got, "%q", text)
	}
}

// One address has a quarter of the connections, for any number of them.
func TestConnectionsPerAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"":                          250,
		"limits: {connections: 40}": 10,
		"limits: {connections: 2}":  1,
		"limits: {connections_per_address: 1000}":                1000,
		"limits: {connections: 8, connections_per_address: 300}": 300,
	} {
		got, err := settings.Parse("saltern.yaml", []byte(text))
		require.NoError(t, err)
		require.Equal(t, want, got.Limits.ConnectionsPerAddress, text)
	}
}

func TestParseAdminOff(t *testing.T) {
	t.Parallel()
	got, err := settings.Parse("saltern.yaml", []byte("admin: {listen: off}"))
	require.NoError(t, err)
	require.Empty(t, got.Admin.Listen)
}

func TestParseReuseOff(t *testing.T) {
	t.Parallel()
	got, err := settings.Parse("saltern.yaml", []byte("auth: {reuse: off, reuse_modules: []}"))
	require.NoError(t, err)
	require.Zero(t, got.Auth.Reuse)
	require.Empty(t, got.Auth.ReuseModules)
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := settings.Default()
	require.EqualValues(t, 100<<20, s.BodyLimit(0))
	require.EqualValues(t, 7, s.BodyLimit(7))
	s.MaxRequestBodySize = 9
	require.EqualValues(t, 9, s.BodyLimit(7))
}

// Each file in testdata/invalid has a file with the exact text of its problems.
func TestParseInvalid(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/invalid/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".txt")
			require.NoError(t, err)

			_, err = settings.Parse("saltern.yaml", data)
			var problems settings.Problems
			require.ErrorAs(t, err, &problems)
			require.Equal(t, strings.TrimSpace(string(want)), err.Error())
		})
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "saltern.yaml")

	_, err := settings.Load(path)
	require.ErrorIs(t, err, fs.ErrNotExist)

	require.NoError(t, os.WriteFile(path, []byte("limits: {max_chunks: 3}"), 0o600))
	s, err := settings.Load(path)
	require.NoError(t, err)
	require.Equal(t, 3, s.Limits.MaxChunks)

	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("#\n"), 1<<20), 0o600))
	_, err = settings.Load(path)
	require.EqualError(t, err, path+": is larger than 1048576 bytes")
}

// Accepted settings are usable, and refused ones have problems with a text.
func FuzzSettings(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(fullTokens))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := settings.Parse("saltern.yaml", data)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Positive(t, s.BodyLimit(0))
		require.Positive(t, s.ShutdownTimeout)
		require.Positive(t, s.Limits.Connections)
		require.Positive(t, s.Limits.MaxChunks)
		require.NotEmpty(t, s.StateDir)
		for _, l := range s.Listen {
			require.NotEmpty(t, l.Address)
		}
	})
}
