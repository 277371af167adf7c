package tokenstore

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// The files in testdata were written by real masters at a login of the user
// bench with the eauth sharedsecret.
var layouts = map[string]Layout{"3006": Flat, "3008": Enveloped}

func TestReadTokensOfRealMasters(t *testing.T) {
	t.Parallel()
	for release, layout := range layouts {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", release)
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, 1)
			name := strings.TrimSuffix(entries[0].Name(), ".p")

			r, err := Store{Dir: dir, Layout: layout, HashType: "sha256"}.Read(name)
			require.NoError(t, err)
			require.Equal(t, name, r.Token)
			require.Equal(t, "bench", r.User)
			require.Equal(t, "sharedsecret", r.Eauth)
			require.Equal(t, 12*time.Hour, r.Expire.Sub(r.Start).Round(time.Second))
		})
	}
}

// What is written says the same as the master's own token, in the same order.
func TestWriteLooksLikeTheMastersOwn(t *testing.T) {
	t.Parallel()
	for release, layout := range layouts {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			real := filepath.Join("testdata", release)
			entries, err := os.ReadDir(real)
			require.NoError(t, err)
			want, err := os.ReadFile(filepath.Join(real, entries[0].Name()))
			require.NoError(t, err)
			r, ok := decode(want, layout)
			require.True(t, ok)

			s := Store{Dir: t.TempDir(), Layout: layout, HashType: "sha256"}
			require.NoError(t, s.Write(r))
			got, err := os.ReadFile(filepath.Join(s.Dir, entries[0].Name()))
			require.NoError(t, err)
			require.Equal(t, asJSON(t, want), asJSON(t, got))
		})
	}
}

func asJSON(t *testing.T, b []byte) string {
	t.Helper()
	j, err := msgpack.AppendJSON(nil, b)
	require.NoError(t, err)
	return finer.ReplaceAllString(string(j), "$1")
}

// finer is what a float of Python has beyond the microseconds that are kept.
var finer = regexp.MustCompile(`(\.\d{6})\d+`)

func TestWriteReadRemove(t *testing.T) {
	t.Parallel()
	for _, layout := range layouts {
		s := Store{Dir: t.TempDir(), Layout: layout, HashType: "sha256"}
		now := time.Now().Truncate(time.Microsecond)
		r := Record{
			Token: s.NewToken(), User: "saltdev", Eauth: "pam", Groups: []string{"ops", "dev"},
			Start: now, Expire: now.Add(time.Hour),
		}
		require.NoError(t, s.Write(r))

		entries, err := os.ReadDir(s.Dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "no temporary file is left")
		info, err := entries[0].Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())

		got, err := s.Read(r.Token)
		require.NoError(t, err)
		require.True(t, got.Expire.Equal(r.Expire))
		got.Start, got.Expire = r.Start, r.Expire
		require.Equal(t, r, got)

		require.NoError(t, s.Remove(r.Token))
		require.NoError(t, s.Remove(r.Token), "a token that is gone is fine")
		_, err = s.Read(r.Token)
		require.ErrorIs(t, err, ErrNotFound)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	s := Store{Dir: t.TempDir(), Layout: Flat, HashType: "sha256"}
	token := s.NewToken()
	for name, content := range map[string][]byte{
		"empty":            {},
		"not msgpack":      []byte("<xml/>"),
		"hostile length":   {0xdf, 0xff, 0xff, 0xff, 0xff},
		"another's token":  encode(Record{Token: s.NewToken(), User: "u", Eauth: "pam", Expire: time.Now()}, Flat),
		"no user":          encode(Record{Token: token, Eauth: "pam", Expire: time.Now()}, Flat),
		"the other layout": encode(Record{Token: token, User: "u", Eauth: "pam", Expire: time.Now()}, Enveloped),
	} {
		require.NoError(t, os.WriteFile(s.path(token), content, 0o600))
		_, err := s.Read(token)
		require.ErrorIs(t, err, ErrNotFound, name)
	}
	require.NoError(t, os.WriteFile(s.path(token), make([]byte, maxFile+1), 0o600))
	_, err := s.Read(token)
	require.ErrorContains(t, err, "larger than")
}

func TestReadOfAnySize(t *testing.T) {
	t.Parallel()
	for _, groups := range []int{0, 1, 40, 60, 61, 62, 63, 64, 5000} {
		s := Store{Dir: t.TempDir(), Layout: Flat, HashType: "sha256"}
		r := Record{Token: s.NewToken(), User: "u", Eauth: "pam", Start: time.UnixMicro(1), Expire: time.UnixMicro(2)}
		for i := range groups {
			r.Groups = append(r.Groups, fmt.Sprintf("group-%06d", i))
		}
		require.NoError(t, s.Write(r))
		got, err := s.Read(r.Token)
		require.NoError(t, err)
		require.Equal(t, r, got)
	}
}

func TestNewTokenHasTheLengthOfHashType(t *testing.T) {
	t.Parallel()
	for hashType, digits := range map[string]int{
		"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "": 64,
	} {
		require.Len(t, Store{HashType: hashType}.NewToken(), digits, hashType)
	}
}

func TestWriteWithoutFolder(t *testing.T) {
	t.Parallel()
	s := Store{Dir: filepath.Join(t.TempDir(), "none"), HashType: "sha256"}
	require.ErrorContains(t, s.Write(Record{Token: s.NewToken()}), "token folder")
	_, err := s.Read(s.NewToken())
	require.ErrorIs(t, err, ErrNotFound)
}
