package config

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
)

func TestSecretFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
		err  string
	}{
		"a line":               {"open sesame\n", 0o600, "open sesame", ""},
		"without an end":       {"open sesame", 0o400, "open sesame", ""},
		"of Windows":           {"open sesame\r\n", 0o640, "open sesame", ""},
		"with a space":         {" open sesame \n", 0o600, " open sesame ", ""},
		"empty":                {"", 0o600, "", "it has to have one line"},
		"no more than an end":  {"\n", 0o600, "", "it has to have one line"},
		"two lines":            {"open\nsesame\n", 0o600, "", "it has to have one line"},
		"binary":               {"open\x00sesame", 0o600, "", "it has to have one line"},
		"too long":             {strings.Repeat("x", maxSecret+1), 0o600, "", "it has to have one line"},
		"as long as can be":    {strings.Repeat("x", maxSecret), 0o600, strings.Repeat("x", maxSecret), ""},
		"for all to read":      {"open sesame\n", 0o644, "", "its mode 0644 lets others at it"},
		"for a group to write": {"open sesame\n", 0o660, "", "its mode 0660 lets others at it"},
	} {
		path := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
		require.NoError(t, os.Chmod(path, c.mode))
		got, err := secretFile(path)
		if c.err != "" {
			require.ErrorContains(t, err, c.err, name)
			require.NotContains(t, err.Error(), "sesame", name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	_, err := secretFile(filepath.Join(t.TempDir(), "nope"))
	require.ErrorIs(t, err, os.ErrNotExist)
	got, err := secretFile("")
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestClientTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	dir := t.TempDir()
	ca, junk := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "junk")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	require.NoError(t, os.WriteFile(junk, []byte("junk"), 0o600))

	c, err := clientTLS(settings.ClientTLS{})
	require.NoError(t, err)
	require.Nil(t, c)
	c, err = clientTLS(settings.ClientTLS{On: true})
	require.NoError(t, err)
	require.Nil(t, c.RootCAs, "those of the system")
	require.False(t, c.InsecureSkipVerify)
	c, err = clientTLS(settings.ClientTLS{On: true, CA: ca})
	require.NoError(t, err)
	require.NotNil(t, c.RootCAs)
	for _, bad := range []settings.ClientTLS{
		{On: true, CA: junk}, {On: true, CA: filepath.Join(dir, "nope")}, {On: true, Cert: ca, Key: junk}, {On: true, Cert: junk, Key: junk},
	} {
		_, err = clientTLS(bad)
		require.Error(t, err, bad)
	}
}

// The path of the audit log, and the users with access to it.
func TestAuditFile(t *testing.T) {
	t.Parallel()
	c, dir, err := load(t, "", "")
	require.NoError(t, err)
	path := filepath.Join(dir, "state", "audit", "audit.jsonl")
	require.Equal(t, path, c.AuditFile())
	_, err = c.ReadableAuditFile()
	require.ErrorContains(t, err, "has the gateway never run?")
	require.ErrorContains(t, c.MayWriteAudit(), "has the gateway never run?")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	got, err := c.ReadableAuditFile()
	require.NoError(t, err)
	require.Equal(t, path, got)
	require.NoError(t, c.MayWriteAudit())
	o, on := c.Audit(nil)
	require.True(t, on)
	require.Equal(t, path, o.File)

	c, dir, err = load(t, "", "audit: {file: DIR/own.jsonl}")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "own.jsonl"), c.AuditFile())
	require.NoError(t, c.MayWriteAudit())

	c = good(t, "", "audit: {file: 'off'}")
	_, err = c.ReadableAuditFile()
	require.ErrorContains(t, err, "the audit log is off")
	_, on = c.Audit(nil)
	require.False(t, on)
}

// A command opens the store itself only if the gateway can still read it
// afterwards.
func TestMayOpenTokens(t *testing.T) {
	t.Parallel()
	c := good(t, "", "")
	require.ErrorContains(t, c.MayOpenTokens(), "has the gateway never run?")
	require.NoError(t, os.Mkdir(c.Settings.StateDir, 0o700))
	require.NoError(t, c.MayOpenTokens())
	require.ErrorContains(t, good(t, "", "tokens: {store: memory}").MayOpenTokens(), "in the gateway's memory alone")
	c.Settings.Tokens.Store = settings.StoreRedis
	c.Settings.StateDir = "/nowhere"
	require.NoError(t, c.MayOpenTokens())

	if os.Geteuid() != 0 {
		require.ErrorContains(t, checkStateOwner("/"), "belongs to user id 0: run this as that user")
		return
	}
	other := t.TempDir()
	require.NoError(t, os.Chown(other, 4711, -1))
	require.ErrorContains(t, checkStateOwner(other), "belongs to user id 4711: run this as that user")
}
