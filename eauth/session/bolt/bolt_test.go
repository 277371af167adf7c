package bolt

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/session/sessiontest"
	"github.com/saltern-api/saltern/internal/boltfile"
)

// childEnv is the environment variable with the file for the child of
// TestSurvivesAKill.
const childEnv = "SALTERN_TEST_SESSION_STORE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		child(path)
		return
	}
	goleak.VerifyTestMain(m)
}

func newFile(t *testing.T) (*Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sessions.db")
	s, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, path
}

func TestConformance(t *testing.T) {
	t.Parallel()
	sessiontest.RunStore(t, func(t *testing.T) session.Store {
		s, _ := newFile(t)
		return s
	})
}

func aRecord() session.Record {
	start := time.UnixMicro(1_700_000_000_000_000)
	return session.Record{
		Key: session.HashOf("key"), Token: session.HashOf("token"), User: session.HashOf("user"),
		Start: start, Expire: start.Add(time.Hour), Sealed: []byte("sealed"),
	}
}

// child stores a session and a denial, prints that, and then waits to be
// killed.
func child(path string) {
	s, err := Open(path)
	if err == nil {
		_, err = s.Put(context.Background(), aRecord(), 1)
	}
	if err == nil {
		err = s.End(context.Background(), session.HashOf("denied"), aRecord().Expire, 10)
	}
	fmt.Fprintln(os.Stdout, "stored:", err)
	select {}
}

func TestSurvivesAKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sessions.db")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "stored: <nil>\n", line)

	_, err = boltfile.Open("session store", path, time.Millisecond)
	require.ErrorIs(t, err, boltfile.ErrInUse)

	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	s, err := Open(path)
	require.NoError(t, err)
	defer s.Close() //nolint:errcheck // the test is over
	_, ok, err := s.Get(t.Context(), aRecord().Key)
	require.NoError(t, err)
	require.True(t, ok)
	denied, err := s.Denied(t.Context(), session.HashOf("denied"))
	require.NoError(t, err)
	require.True(t, denied)
}

// A record of another version of this program is not returned, and is swept.
func TestADamagedRecord(t *testing.T) {
	t.Parallel()
	s, _ := newFile(t)
	r := aRecord()
	for name, content := range map[string][]byte{"short": {version}, "another version": make([]byte, 200)} {
		_, err := s.Put(t.Context(), r, 5)
		require.NoError(t, err)
		require.NoError(t, s.db.Update(func(tx *bbolt.Tx) error {
			return tables{tx}.sessions().Put(r.Key[:], content)
		}))
		_, ok, err := s.Get(t.Context(), r.Key)
		require.ErrorIs(t, err, errRecord, name)
		require.False(t, ok)
		n, err := s.Sweep(t.Context(), r.Expire)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, ok, err = s.Get(t.Context(), r.Key)
		require.NoError(t, err)
		require.False(t, ok)
	}
	ended, err := s.Put(t.Context(), r, 1)
	require.NoError(t, err)
	require.Empty(t, ended, "what was damaged cannot be returned")
}

func TestSweepManyInParts(t *testing.T) {
	t.Parallel()
	s, _ := newFile(t)
	r := aRecord()
	const n = 2*sweepMost + 7
	require.NoError(t, s.update(func(tb tables) error {
		for i := range n {
			if err := tb.deny(session.HashOf(fmt.Sprint(i)), r.Expire); err != nil {
				return err
			}
		}
		return nil
	}))
	removed, err := s.Sweep(t.Context(), r.Expire)
	require.NoError(t, err)
	require.Equal(t, n, removed)
}

func FuzzDecode(f *testing.F) {
	r := aRecord()
	f.Add(r.Key[:], encode(r))
	f.Add([]byte{}, []byte{version})
	f.Fuzz(func(t *testing.T, key, b []byte) {
		r, err := decode(key, b)
		if err != nil {
			return
		}
		require.Equal(t, r.Key[:], key)
		again, err := decode(key, encode(r))
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}
