package apitoken

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadPepper(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	peppers := make([]*Pepper, 20)
	for n := range peppers {
		wg.Go(func() { peppers[n], _ = LoadPepper(dir) })
	}
	wg.Wait()
	for _, p := range peppers {
		require.NotNil(t, p)
		require.Len(t, p.key, pepperSize)
		require.Equal(t, peppers[0].key, p.key, "all take the first one")
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, PepperFile, info.Name())
	require.Equal(t, os.FileMode(0o600), info.Mode())

	other, err := LoadPepper(t.TempDir())
	require.NoError(t, err)
	require.NotEqual(t, peppers[0].key, other.key)
	require.NoError(t, os.Chmod(filepath.Join(dir, PepperFile), 0o640))
	_, err = LoadPepper(dir)
	require.ErrorContains(t, err, "0640")
	_, err = LoadPepper(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReadPepper(t *testing.T) {
	t.Parallel()
	good := strings.Repeat("0f", pepperSize)
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		bad     string
	}{
		"good":               {good + "\n", 0o600, ""},
		"of a container":     {good, 0o440, ""},
		"long":               {good + good, 0o400, ""},
		"readable by others": {good, 0o644, "0644"},
		"writable by group":  {good, 0o660, "0660"},
		"short":              {good[2:], 0o600, "hexadecimal"},
		"odd":                {good + "0", 0o600, "hexadecimal"},
		"other characters":   {good + "xx", 0o600, "hexadecimal"},
		"two lines":          {good + "\n" + good, 0o600, "hexadecimal"},
		"empty":              {"", 0o600, "EOF"},
		"huge":               {strings.Repeat(good, 200), 0o600, "hexadecimal"},
	} {
		path := filepath.Join(t.TempDir(), "pepper")
		require.NoError(t, os.WriteFile(path, []byte(c.content), c.mode))
		require.NoError(t, os.Chmod(path, c.mode))
		p, err := ReadPepper(path)
		if c.bad != "" {
			require.ErrorContains(t, err, c.bad, name)
			require.ErrorContains(t, err, path, name)
			require.NotContains(t, err.Error(), good[:8], name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, strings.TrimSpace(c.content), hex.EncodeToString(p.key))
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", p, p, p), good[:8])
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	p, other := &Pepper{[]byte("one")}, &Pepper{[]byte("other")}
	s := NewSecret(KindAPI)
	mac := hmac.New(sha256.New, []byte("one"))
	mac.Write([]byte(s.Reveal()))
	h := p.Hash(s)
	require.Equal(t, mac.Sum(nil), h[:])
	require.True(t, h.Equal(p.Hash(s)))
	require.False(t, h.Equal(other.Hash(s)))
	require.False(t, h.Equal(p.Hash(NewSecret(KindAPI))))
	require.False(t, h.IsZero())
	require.True(t, Hash{}.IsZero())
}

func TestDerive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := LoadPepper(dir)
	require.NoError(t, err)
	again, err := LoadPepper(dir)
	require.NoError(t, err)
	one, err := p.Derive("one use")
	require.NoError(t, err)
	same, err := again.Derive("one use")
	require.NoError(t, err)
	other, err := p.Derive("another use")
	require.NoError(t, err)
	require.Len(t, one, 32)
	require.Equal(t, one, same, "it is the same in every process")
	require.NotEqual(t, one, other)
}
