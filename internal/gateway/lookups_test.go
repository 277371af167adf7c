package gateway

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/jobs"
)

func packJSON(t *testing.T, js string) msgpack.Raw {
	t.Helper()
	b, err := msgpack.AppendFromJSON(nil, []byte(js))
	require.NoError(t, err)
	return b
}

// Look-ups are answered while the files are the master's, and its modules Salt's
// own.
func TestLookups(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "cache/jobs"), 0o700))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "pki/minions"), 0o700))
	c := testConfig(t, "cachedir: "+dir+"/cache\npki_dir: "+dir+"/pki\nextension_modules: "+dir+"/ext\n", "")
	log := new(logBuffer)
	g := &Gateway{
		config: c, log: slog.New(slog.NewTextHandler(log, nil)), tokens: saltmaster.NewTokens(nil, saltmaster.TokensOptions{}),
		bus: eventbus.New(eventbus.Options{}),
	}
	l := g.newLookups(new(saltmaster.JIDs), prometheus.NewRegistry())
	known, is3008 := true, true
	release := func() (bool, bool) { return is3008, known }
	l.from3008, l.keys.From3008 = release, release
	answers := true
	l.answers = func() bool { return answers }
	runner := func() bool {
		ret, ok := l.Runner(t.Context(), "jobs.list_jobs", packJSON(t, "[]"), packJSON(t, "{}"))
		v, err := ret.Raw()
		require.NoError(t, err)
		return ok && string(v) == "\x80"
	}
	wheel := func() string {
		answer, ok := l.Wheel(t.Context(), "alice", "key.list", packJSON(t, `["acc"]`), packJSON(t, "{}"))
		if !ok {
			return ""
		}
		b, err := msgpack.AppendJSON(nil, answer)
		require.NoError(t, err)
		return string(b)
	}
	require.True(t, l.HasRunner("jobs.list_jobs") && l.HasWheel("key.list"))
	require.False(t, l.HasRunner("jobs.active") || l.HasWheel("key.accept") || l.HasRunner("key.list") || l.HasWheel("jobs.list_jobs"))

	require.True(t, runner())
	require.Regexp(t, `^\{"tag": "salt/wheel/\d{20}", "data": \{"fun": "wheel\.key\.list", "jid": "\d{20}", "tag": "salt/wheel/\d{20}", `+
		`"user": "alice", "return": \{"minions": \[\]\}, "success": true\}\}$`, wheel())
	is3008 = false
	require.Regexp(t, `"user": "alice", "_stamp": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", "return": \{"minions": \[\]\}, "success": true\}\}$`, wheel())
	known = false
	require.Empty(t, wheel(), "the release is not known")
	minions := &minionFiles{lookups: l}
	_, err := minions.Keys(t.Context())
	require.ErrorIs(t, err, jobs.ErrKeysAway, "yet")
	l.elsewhere = func() bool { return true }
	_, err = minions.Keys(t.Context())
	require.ErrorIs(t, err, jobs.ErrNoKeys, "and will not be")
	l.elsewhere = nil
	known = true
	require.Equal(t, 3.0, testutil.ToFloat64(l.count.WithLabelValues(fromFiles)))
	require.Equal(t, 1.0, testutil.ToFloat64(l.count.WithLabelValues(fromMaster)))

	answers = false
	require.False(t, runner())
	require.Empty(t, wheel())
	answers = true

	own := filepath.Join(dir, "ext/returners/local_cache.py")
	require.NoError(t, os.MkdirAll(filepath.Dir(own), 0o700))
	require.NoError(t, os.WriteFile(own, nil, 0o600))
	require.False(t, runner())
	require.NotEmpty(t, wheel())
	require.NoError(t, os.Remove(own))
	require.True(t, runner())

	require.Empty(t, log.String())
	require.NoError(t, os.WriteFile(c.Master.ConfFile, []byte("cachedir: /elsewhere\n"), 0o600))
	for range 2 {
		require.False(t, runner())
		require.Empty(t, wheel())
	}
	require.Contains(t, log.String(), "the master's configuration has changed")
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "once")
}

// Nothing is looked up in files where only the master can.
func TestLookupsOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		master, set string
		jobs, keys  bool
	}{
		{"", "lookups: master\n", false, false},
		{"job_cache: False\n", "", false, true},
		{"cluster_id: a\n", "", true, false},
	} {
		g := &Gateway{config: testConfig(t, c.master, c.set), log: slog.New(slog.DiscardHandler), tokens: saltmaster.NewTokens(nil, saltmaster.TokensOptions{})}
		l := g.newLookups(new(saltmaster.JIDs), prometheus.NewRegistry())
		require.Equal(t, c.jobs || c.keys, l != nil)
		if l != nil {
			require.Equal(t, c.jobs, l.HasRunner("jobs.list_job"))
			require.Equal(t, c.keys, l.HasWheel("key.list_all"))
		}
	}
}

// A job of which a return was announced a moment ago is read when it is written, which
// is a little later.
func TestSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		takes := map[string]time.Duration{"web1": 0, "web2": 450 * time.Millisecond, "web3": time.Hour} // until it is written
		wait := settled(func(jid string) ([]string, time.Time) {
			switch jid {
			case "runner":
				return nil, start
			case "late":
				return []string{"web1", "web2"}, start
			case "never":
				return []string{"web1", "web3"}, start
			}
			return nil, time.Time{}
		}, func(_, minion string) time.Time {
			if at := start.Add(takes[minion]); !at.After(time.Now()) {
				return at
			}
			return time.Time{}
		})
		for _, c := range []struct {
			jid    string
			passed time.Duration // since the start
		}{
			{"another", 0},
			{"runner", settle},
			{"runner", settle},
			{"late", 450 * time.Millisecond},
			{"never", maxSettle},
			{"never", maxSettle},
		} {
			require.NoError(t, wait(t.Context(), c.jid))
			require.Equal(t, c.passed, time.Since(start), c.jid)
		}

		start = time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, wait(ctx, "runner"), context.Canceled)
	})
}
