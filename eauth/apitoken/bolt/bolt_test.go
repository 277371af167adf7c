package bolt

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/apitokentest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		child(path)
		return
	}
	goleak.VerifyTestMain(m)
}

// newFile opens a file that need not survive.
func newFile(t testing.TB) (*Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens.db")
	s, err := Open(path)
	require.NoError(t, err)
	s.db.NoSync = true
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, path
}

func TestConformance(t *testing.T) {
	t.Parallel()
	apitokentest.Run(t, func(t *testing.T) apitoken.Store {
		s, _ := newFile(t)
		return s
	})
}

func BenchmarkLookup(b *testing.B) {
	s, _ := newFile(b)
	apitokentest.BenchmarkLookup(b, s)
}

// A store that fails accepts no token, and its errors are not results about
// tokens.
func TestAClosedStore(t *testing.T) {
	t.Parallel()
	s, _ := newFile(t)
	require.NoError(t, s.Close())
	_, err := s.Lookup(t.Context(), apitoken.Hash{1})
	require.ErrorIs(t, err, apitoken.ErrUnavailable)
	_, err = s.Revoke(t.Context(), apitoken.NewID(), apitoken.Revocation{At: time.Now()})
	require.ErrorIs(t, err, apitoken.ErrUnavailable)
}

func TestADamagedRecord(t *testing.T) {
	t.Parallel()
	s, _ := newFile(t)
	now := time.Now()
	i := apitoken.Issue{Hash: apitoken.Hash{1}, Record: apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindAccess, Owner: apitoken.Owner{Eauth: "pam", User: "alice"},
		Created: now, Issued: now, Expires: now.Add(time.Hour),
	}}
	for name, content := range map[string][]byte{"short": {1}, "no JSON": make([]byte, 200)} {
		require.NoError(t, s.Create(t.Context(), i))
		require.NoError(t, s.db.Update(func(tx *bbolt.Tx) error {
			return tables{tx}.bucket(tokensName).Put([]byte(i.Record.ID), content)
		}))
		_, err := s.Lookup(t.Context(), i.Hash)
		require.ErrorIs(t, err, apitoken.ErrUnavailable, name)
		require.ErrorIs(t, err, errRecord, name)
		n, err := s.Sweep(t.Context(), now.Add(time.Hour), 0)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, err = s.Lookup(t.Context(), i.Hash)
		require.ErrorIs(t, err, apitoken.ErrNotFound, name)
		i.Hash[0]++
	}
}

// TestStoredBefore reads a token of a file that is older than the name "profile".
func TestStoredBefore(t *testing.T) {
	t.Parallel()
	id, hash := apitoken.NewID(), apitoken.Hash{1}
	i, err := decode(append(hash[:], `{"id":"`+id+`","kind":"api","owner":{"eauth":"pam","user":"alice"},"door":"csp"}`...))
	require.NoError(t, err)
	require.Equal(t, hash, i.Hash)
	require.Equal(t, apitoken.ProfileCSP, i.Record.Profile)
	b, err := encode(i)
	require.NoError(t, err)
	require.Contains(t, string(b), `"profile":"csp"`)
	require.NotContains(t, string(b), "door")
}

// A damaged child is removed when it is its turn.
func TestADamagedChild(t *testing.T) {
	t.Parallel()
	s, _ := newFile(t)
	now := time.Now()
	token := func(n int, kind apitoken.Kind, parent string) apitoken.Issue {
		return apitoken.Issue{Hash: apitoken.Hash{byte(n), byte(n >> 8), 1}, Record: apitoken.Record{
			ID: apitoken.NewID(), Kind: kind, Name: "ci", Parent: parent,
			Owner:   apitoken.Owner{Eauth: "pam", User: "alice"},
			Created: now.Add(time.Duration(n) * time.Microsecond), Issued: now, Expires: now.Add(time.Hour),
		}}
	}
	parent := token(0, apitoken.KindAPI, "")
	require.NoError(t, s.Create(t.Context(), parent))
	var first apitoken.Issue
	for n := range apitoken.MaxChildren + 1 {
		child := token(n+1, apitoken.KindAccess, parent.Record.ID)
		if n == 0 {
			first = child
		}
		if n == apitoken.MaxChildren {
			require.NoError(t, s.db.Update(func(tx *bbolt.Tx) error {
				return tables{tx}.bucket(tokensName).Put([]byte(first.Record.ID), []byte("damaged"))
			}))
		}
		require.NoError(t, s.Create(t.Context(), child))
	}
	_, err := s.Get(t.Context(), first.Record.ID)
	require.ErrorIs(t, err, apitoken.ErrNotFound)
	ids, err := s.Revoke(t.Context(), parent.Record.ID, apitoken.Revocation{At: now, Why: "asked"})
	require.NoError(t, err)
	require.Len(t, ids, apitoken.MaxChildren+1)
}

func FuzzDecode(f *testing.F) {
	b, err := encode(apitoken.Issue{Hash: apitoken.Hash{1}, Record: apitoken.Record{ID: apitoken.NewID(), Scopes: []string{"User"}}})
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := decode(b)
		if err != nil {
			return
		}
		b, err = encode(i)
		if err != nil {
			return // JSON cannot represent this year
		}
		again, err := decode(b)
		require.NoError(t, err)
		require.Equal(t, i.Hash, again.Hash)
		require.Equal(t, i.Record.ID, again.Record.ID)
	})
}
