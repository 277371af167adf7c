package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLog(t *testing.T) {
	t.Parallel()
	l := openLog(t, nil)
	for path, mode := range map[string]os.FileMode{l.opts.File: 0o600, filepath.Dir(l.opts.File): 0o700 | os.ModeDir} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), path)
	}
	note(l, "1")
	r := &Request{ID: "2", Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Address: netip.MustParseAddr("192.0.2.7"), Agent: "curl/8", Endpoint: "POST /run"}
	l.Write(WithRequest(t.Context(), r), Entry{Event: Login, Outcome: OK, User: "ops"})
	require.EqualValues(t, 1, r.Lines())
	require.Equal(t, []string{"2", "1"}, l.found(t, Query{}))
	page, err := l.Find(t.Context(), Query{Request: "2"})
	require.NoError(t, err)
	require.Len(t, page.Entries, 1)
	var e Entry
	require.NoError(t, json.Unmarshal(page.Entries[0], &e))
	require.WithinDuration(t, time.Now(), e.Time, time.Minute)
	e.Time = time.Time{}
	require.Equal(t, Entry{Event: Login, Outcome: OK, User: "ops", RequestID: "2", Address: "192.0.2.7", Agent: "curl/8", Endpoint: "POST /run", Trace: r.Trace}, e)
	require.Equal(t, Stats{Written: 2}, l.Stats())

	require.NoError(t, l.Close())
	note(l, "3")
	require.Equal(t, []string{"3", "2", "1"}, l.found(t, Query{}), "what comes late is kept too")
}

func TestLogThatIsOff(t *testing.T) {
	t.Parallel()
	var l *Log
	note(l, "1")
	require.Zero(t, l.Stats())
	require.NoError(t, l.Close())
}

func TestLogCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))
	for name, path := range map[string]string{
		"a folder": dir, "a device": "/dev/full", "a link": filepath.Join(dir, "link"), "in no folder": filepath.Join(dir, "file", "x"),
	} {
		_, err := Open(Options{File: path})
		require.ErrorContains(t, err, "audit log: ", name)
		if name != "in no folder" {
			_, err = Find(t.Context(), path, Query{})
			require.ErrorContains(t, err, "is not a regular file", name)
		}
	}
}

// Lines go into new files, of which a bounded number is kept, and none is lost
// or torn between them.
func TestRotation(t *testing.T) {
	t.Parallel()
	l := openLog(t, func(o *Options) { o.MaxSize, o.Keep = 1000, 3 })
	want := numbers("r", 100)
	for _, id := range want {
		note(l, id)
		got := l.found(t, Query{Oldest: true})
		require.Equal(t, id, got[len(got)-1])
		for _, name := range l.files(t) {
			info, err := os.Stat(l.opts.File + name)
			require.NoError(t, err)
			require.LessOrEqual(t, info.Size(), int64(1000), name)
			require.Equal(t, os.FileMode(0o600), info.Mode(), name)
		}
	}
	files := l.files(t)
	require.Len(t, files, 4)
	require.Empty(t, files[0])
	kept := l.found(t, Query{Oldest: true})
	require.Equal(t, want[len(want)-len(kept):], kept)
	slices.Reverse(kept)
	require.Equal(t, kept, l.found(t, Query{}))

	// Other files in the directory are left alone.
	for _, name := range []string{".1", ".0000001", ".000000", ".00001x", ".-00001", ".000001.gz", "x.000001"} {
		require.NoError(t, os.WriteFile(l.opts.File+name, []byte("not ours\n"), 0o600))
	}
	note(l, numbers("s", 100)...)
	require.Len(t, l.files(t), 11)
	require.Equal(t, "s99", l.found(t, Query{})[0])

	// A line that is longer than a file gets a file of its own.
	l.Write(t.Context(), Entry{Event: Hook, Outcome: OK, RequestID: "long", Subject: strings.Repeat("x", maxText), Tgt: strings.Repeat("y", maxText)})
	note(l, "last")
	require.Equal(t, []string{"last", "long", "s99"}, l.found(t, Query{})[:3])
}

// The file, or its whole directory, is moved while it is written.
func TestLogIsMoved(t *testing.T) {
	t.Parallel()
	l := openLog(t, nil)
	note(l, "1")
	require.NoError(t, os.Rename(l.opts.File, l.opts.File+".old"))
	note(l, "2")
	require.Equal(t, []string{"2"}, l.found(t, Query{}))
	require.NoError(t, os.RemoveAll(filepath.Dir(l.opts.File)))
	note(l, "3")
	require.Equal(t, []string{"3"}, l.found(t, Query{}))
	info, err := os.Stat(filepath.Dir(l.opts.File))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.Equal(t, Stats{Written: 3}, l.Stats())
}

// A torn line after a crash does not damage the next one.
func TestHalfALine(t *testing.T) {
	t.Parallel()
	l := openLog(t, nil)
	whole := string(Entry{Time: noon, Event: Login, Outcome: OK, RequestID: "half"}.line())
	for n := range len(whole) {
		require.NoError(t, os.WriteFile(l.opts.File, []byte(whole+whole[:n]), 0o600))
		note(l, "1", "2")
		want := []string{"2", "1", "half"}
		if n == len(whole)-1 { // only the newline is missing
			want = []string{"2", "1", "half", "half"}
		}
		require.Equal(t, want, l.found(t, Query{}), n)
		page, err := l.Find(t.Context(), Query{Oldest: true})
		require.NoError(t, err)
		require.Equal(t, n > 0 && n < len(whole)-1, page.Damaged == 1, n)
	}
}

// Files that cannot be rotated grow, and no lines are lost.
func TestRotationFails(t *testing.T) {
	t.Parallel()
	var told bytes.Buffer
	l := openLog(t, func(o *Options) {
		o.MaxSize, o.Keep, o.Logger = 1, 1, slog.New(slog.NewTextHandler(&told, nil))
	})
	require.NoError(t, os.MkdirAll(numbered(l.opts.File, 1)+"/x", 0o700), "a folder that cannot be removed")
	want := numbers("r", 20)
	note(l, want...)
	require.Equal(t, Stats{Written: 20}, l.Stats())
	require.Equal(t, 1, strings.Count(told.String(), "\n"), told.String())
	require.Contains(t, told.String(), "the audit log cannot be rotated")
}

// Entries of requests that prove nothing are bounded; all others are written.
func TestStrangers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(Options{File: filepath.Join(dir, "audit.jsonl")})
		require.NoError(t, err)
		n := 0
		anonymous := func(id string) {
			n++
			from := fmt.Sprintf("192.0.2.%d", n%100)
			l.Write(t.Context(), Entry{Event: Login, Outcome: Denied, ClaimedUser: "root", RequestID: id, Address: from})
		}
		for i := range anonymousAtOnce + 500 {
			anonymous(fmt.Sprint("x", i))
		}
		require.Equal(t, Stats{Written: anonymousAtOnce, Suppressed: 500}, l.Stats())
		note(l, "known")
		l.Write(t.Context(), Entry{Event: Command, Outcome: Denied, User: "ops", RequestID: "refused"})
		require.Equal(t, []string{"refused", "known"}, l.found(t, Query{})[:2])
		for id, e := range map[string]Entry{ // a hook may need no credential
			"hook": {Event: Hook, Outcome: OK}, "down": {Event: Login, Outcome: Failed, ClaimedUser: "root"},
			"revoked": {Event: "refused", Outcome: Denied, TokenID: "x"}, "gone": {Event: Command, Outcome: Canceled},
		} {
			e.RequestID = id
			l.Write(t.Context(), e)
		}
		require.Equal(t, "refused", l.found(t, Query{})[0])
		for id, e := range map[string]Entry{
			"operator": {Event: "changed", Outcome: OK, Operator: true}, "account": {Event: "exchanged", Outcome: OK, TokenID: "x"},
		} {
			e.RequestID = id
			l.Write(t.Context(), e)
			require.Equal(t, id, l.found(t, Query{})[0])
		}

		time.Sleep(time.Second)
		for i := range anonymousPerSecond + 1 {
			anonymous(fmt.Sprint("y", i))
		}
		require.Equal(t, "y9", l.found(t, Query{})[0])
		time.Sleep(suppressedEvery)
		note(l, "later")
		require.Equal(t, []string{"later", "suppressed 505"}, l.found(t, Query{})[:2])
		for range anonymousAtOnce {
			anonymous("z")
		}
		require.NoError(t, l.Close())
		require.Equal(t, "suppressed 400", l.found(t, Query{})[0], "a minute is worth 600")
	})
}

// One address cannot use up the bound of all requests that prove nothing.
func TestOneStranger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(Options{File: filepath.Join(dir, "audit.jsonl")})
		require.NoError(t, err)
		write := func(address string) (written bool) {
			before := l.Stats().Written
			l.Write(t.Context(), Entry{Event: Login, Outcome: Denied, ClaimedUser: "root", Address: address})
			return l.Stats().Written > before
		}
		for i := range 2 * anonymousAtOnce {
			address := "2001:db8::1" // of one network, which counts as one address
			if i%2 == 0 {
				address = fmt.Sprintf("2001:db8::%x", i+1)
			}
			require.Equal(t, i < anonymousAtOnce/4, write(address))
		}
		require.True(t, write("2001:db8:0:1::1"))
		require.True(t, write("192.0.2.1"))
		require.True(t, write("")) // without an address
		time.Sleep(2 * time.Second)
		for i := range 10 {
			require.Equal(t, i < anonymousPerSecond/2, write("2001:db8::1"))
		}

		// More addresses than are counted separately share the common bound.
		written := 0
		for i := range 3 * maxPrefixes {
			if write(fmt.Sprintf("2001:db8:1:%x::1", i%(2*maxPrefixes))) {
				written++
			}
		}
		require.Less(t, written, anonymousAtOnce)
		require.NoError(t, l.Close())
	})
}

// Concurrent writers and a reader.
func TestLogAtOnce(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 100
	l := openLog(t, func(o *Options) { o.MaxSize, o.Keep = 5000, 1000 })
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() { note(l, numbers(fmt.Sprint(w, "-"), each)...) })
	}
	var reading sync.WaitGroup
	stop := make(chan struct{})
	reading.Go(func() {
		for before := 0; ; {
			got, err := pages(normal, l.opts.File, Query{Oldest: true})
			if err != nil || len(got) < before {
				t.Errorf("%d entries after %d: %v", len(got), before, err)
				return
			}
			select {
			case <-stop:
				return
			default:
				before = len(got)
			}
		}
	})
	writing.Wait()
	close(stop)
	reading.Wait()
	got := l.found(t, Query{})
	slices.Sort(got)
	require.Len(t, slices.Compact(got), writers*each)
}

func BenchmarkWrite(b *testing.B) {
	l, err := Open(Options{File: filepath.Join(b.TempDir(), "audit.jsonl")})
	require.NoError(b, err)
	ctx := WithRequest(context.Background(), &Request{
		ID: "01JDABCDEFGHJKMNPQRSTVWXYZ", Address: netip.MustParseAddr("192.0.2.7"), Agent: "python-requests/2.32", Endpoint: "POST /run",
	})
	e := Entry{
		Event: Command, Outcome: OK, Status: 200, User: "ops", Eauth: "pam", TokenID: "0191d9a5-6a0a-7d5c-9e9a-0c3f0f3e5f11",
		TokenKind: "access", TokenProfile: "csp", Scopes: []string{"deploy-web"},
		Client: "local", Fun: "state.apply", Tgt: "*", TgtType: "glob", SentTgt: "web*", SentTgtType: "glob",
		JID: "20261122120000000000", Minions: 12,
		AdditionalProperties: map[string]string{"currentContext.refreshTokenId": "0191d9a5-6a0a-7d5c-9e9a-0c3f0f3e5f10"},
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Write(ctx, e)
	}
	require.NoError(b, l.Close())
}
