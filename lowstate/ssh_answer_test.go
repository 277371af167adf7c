package lowstate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func sshEntry(t *testing.T, answer, host string) map[string]any {
	t.Helper()
	var hosts map[string]map[string]any
	require.NoError(t, json.Unmarshal([]byte(answer), &hosts), answer)
	require.Contains(t, hosts, host)
	return hosts[host]
}

// cacheReturn writes a return to its place in the master's local_cache.
func cacheReturn(t *testing.T, dir, jid, host, js string) {
	t.Helper()
	ret, err := msgpack.AppendFromJSON(nil, []byte(js))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(jid))
	digest := hex.EncodeToString(sum[:])
	path := filepath.Join(dir, digest[:2], digest[2:], host)
	require.NoError(t, os.MkdirAll(path, 0o700))
	b := append(msgpack.AppendString(msgpack.AppendMap(nil, 1), "return"), ret...)
	require.NoError(t, os.WriteFile(filepath.Join(path, "return.p"), b, 0o600))
}

// TestSSHAnswer has recordings of the job cache and the event bus of real
// masters.
func TestSSHAnswer(t *testing.T) {
	t.Parallel()
	const jid = "20260101000000000009"
	const good = `{"jid": "20261122190927756695", "return": "", "retcode": 3, "id": "web", "fun": "cmd.run", "fun_args": ["exit 3"]}`
	const failed = `{"stdout": "", "stderr": "'nope.nope' is not available.", "retcode": 255, "parsed": null, "_error": "The command resulted in a non-zero exit code"}`
	for name, tc := range map[string]struct {
		printed, cached, event string
		code                   int
		want                   string
	}{
		"3008": {
			printed: `""`, cached: good,
			event: `{"jid": "` + jid + `", "return": "", "retcode": 3, "id": "web", "fun": "cmd.run", "fun_args": ["exit 3"], "success": false, "_stamp": "S"}`,
			want:  `{"jid": "` + jid + `", "return": "", "retcode": 3, "id": "web", "fun": "cmd.run", "fun_args": ["exit 3"], "success": false, "_stamp": "S"}`,
		},
		"3006": {
			printed: `""`, cached: good,
			event: `{"jid": "` + jid + `", "return": "", "retcode": 3, "id": "web", "fun": "cmd.run", "fun_args": ["exit 3"], "_stamp": "S"}`,
			want:  `{"jid": "` + jid + `", "return": "", "retcode": 3, "id": "web", "fun": "cmd.run", "fun_args": ["exit 3"], "_stamp": "S"}`,
		},
		"a failure in salt-ssh": {
			printed: failed, cached: failed,
			event: `{"stdout": "", "stderr": "'nope.nope' is not available.", "retcode": 255, "parsed": null, "_error": "The command resulted in a non-zero exit code", "id": "web", "fun": "nope.nope", "fun_args": [], "success": false, "return": "'nope.nope' is not available.", "jid": "` + jid + `", "_stamp": "S"}`,
			want:  `{"stdout": "", "stderr": "'nope.nope' is not available.", "retcode": 255, "parsed": null, "_error": "The command resulted in a non-zero exit code", "jid": "` + jid + `", "id": "web", "fun": "nope.nope", "fun_args": [], "success": false, "return": "'nope.nope' is not available.", "_stamp": "S"}`,
		},
		"a host that cannot be reached": {
			printed: `"ssh: connect"`, cached: `{"stdout": "", "stderr": "ssh: connect", "retcode": 255}`,
			event: `{"return": "ssh: connect", "id": "web", "fun": "test.ping", "jid": "` + jid + `", "_stamp": "S"}`,
			want:  `{"stdout": "", "stderr": "ssh: connect", "retcode": 255, "jid": "` + jid + `", "id": "web", "fun": "test.ping", "_stamp": "S"}`,
		},
		"a host that cannot be reached, 3008": {
			printed: `"ssh: connect"`, cached: `{"stdout": "", "stderr": "ssh: connect", "retcode": 255}`,
			event: `{"return": "ssh: connect", "id": "web", "fun": "test.ping", "success": false, "jid": "` + jid + `", "_stamp": "S"}`,
			want:  `{"stdout": "", "stderr": "ssh: connect", "retcode": 255, "jid": "` + jid + `", "return": "ssh: connect", "id": "web", "fun": "test.ping", "success": false, "_stamp": "S"}`,
		},
		"a host that says nothing": {
			printed: `"Target 'web' did not return any data"`, cached: `"Target 'web' did not return any data"`, code: 1,
			want: `"Target 'web' did not return any data"`,
		},
		"no event": {
			printed: `"Linux"`, cached: `{"return": "Linux"}`,
			want: `{"return": "Linux", "jid": "` + jid + `", "id": "web", "fun": "test.ping", "fun_args": [], "_stamp": "2026-01-02T03:04:05.000006"}`,
		},
		"no job cache": {
			printed: `true`, event: `{"jid": "` + jid + `", "return": true, "retcode": 0, "id": "web", "fun": "test.ping", "fun_args": [], "success": true, "_stamp": "S"}`,
			want: `{"jid": "` + jid + `", "return": true, "retcode": 0, "id": "web", "fun": "test.ping", "fun_args": [], "success": true, "_stamp": "S"}`,
		},
		"no job cache and a large return": {
			printed: `"all of it"`, event: `{"jid": "` + jid + `", "return": "VALUE_TRIMMED", "retcode": 0, "id": "web", "fun": "test.ping", "fun_args": [], "success": true, "_stamp": "S"}`,
			want: `{"return": "all of it", "retcode": 0, "success": true, "jid": "` + jid + `", "id": "web", "fun": "test.ping", "fun_args": [], "_stamp": "S"}`,
		},
		"neither": {
			printed: `true`,
			want:    `{"return": true, "retcode": 0, "success": true, "jid": "` + jid + `", "id": "web", "fun": "test.ping", "fun_args": [], "_stamp": "2026-01-02T03:04:05.000006"}`,
		},
		"neither, and a failure": {
			printed: failed, code: 20,
			want: strings.TrimSuffix(failed, "}") + `, "jid": "` + jid + `", "id": "web", "fun": "test.ping", "fun_args": [], "_stamp": "2026-01-02T03:04:05.000006"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			job := &sshJob{
				Master: &Master{Cache: jobcache.Cache{Dir: dir, HashType: "sha256"}},
				call:   saltssh.Call{Fun: "test.ping", JID: jid}, arg: conditioned(nil, nil),
			}
			a := sshAnswer{job: job, code: tc.code, at: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)}
			out := strings.NewReader(`{"web": ` + tc.printed + `}`)
			require.NoError(t, a.read(out, out.Size()))
			if tc.cached != "" {
				cacheReturn(t, dir, jid, "web", tc.cached)
			}
			if tc.event != "" {
				event, err := msgpack.AppendFromJSON(nil, []byte(tc.event))
				require.NoError(t, err)
				a.events = map[string]msgpack.Raw{"web": event}
			}
			got, err := a.write((*spool.Store)(nil).New())
			require.NoError(t, err)
			require.Equal(t, `{"web": `+tc.want+`}`, string(got.JSON()))
		})
	}
}

func TestSSHNoTargets(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	s.answers("{}\n", "0")
	answer, rec, err := s.call("alice", `"tgt": "none*", "fun": "test.ping"`)
	require.NoError(t, err)
	require.Equal(t, "{}", answer)
	require.Zero(t, rec.Minions)
}

func TestSSHSeveralTargets(t *testing.T) {
	t.Parallel()
	s := newSSHSetup(t)
	s.answers(`{"web": true, "db": false}`, "1")
	answer, rec, err := s.call("alice", `"tgt": "*", "fun": "test.ping"`)
	require.NoError(t, err)
	require.Equal(t, 2, rec.Minions)
	require.NotContains(t, sshEntry(t, answer, "web"), "retcode", "whose it is cannot be told")
	require.Equal(t, false, sshEntry(t, answer, "db")["return"])
}
