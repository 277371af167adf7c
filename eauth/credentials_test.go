package eauth_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
)

func TestCredentialsThatCanBeRight(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("a", eauth.MaxCredential)
	for name, c := range map[string]eauth.Credentials{
		"token":           {Token: strings.Repeat("0", 64)},
		"password":        {Username: "alice", Password: "secret"},
		"no password":     {Username: "alice"},
		"domain user":     {Username: `EXAMPLE\Alice B`, Password: "secret"},
		"other alphabets": {Username: "ålice Алиса", Password: "пароль\t\n"},
		"longest":         {Username: longest, Password: longest},
	} {
		require.NoError(t, c.Check(), name)
	}
}

func TestCredentialsThatCannotBeRight(t *testing.T) {
	t.Parallel()
	right := eauth.Credentials{Eauth: "pam", Username: "alice", Password: "wonderland"}
	for name, c := range eauthtest.Malformed(right) {
		err := c.Check()
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "wonderland", name)
		require.NotContains(t, err.Error(), "alice", name)
	}
}

func TestCredentialsPrintNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	for _, c := range []eauth.Credentials{
		{Token: "c0ffee"},
		{Eauth: "pam", Username: "alice", Password: "c0ffee"},
	} {
		slog.New(slog.NewTextHandler(&log, nil)).Info("login", slog.Any("c", c))
		text := fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c, c) + log.String()
		require.NotContains(t, text, "c0ffee")
		require.Contains(t, text, c.String())
	}
}

func TestTokensPrintNoSecrets(t *testing.T) {
	t.Parallel()
	token := eauth.Token{Value: "c0ffee", User: "alice", Eauth: "pam"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("login", slog.Any("t", token))
	nested := struct{ Token eauth.Token }{token}
	text := fmt.Sprintf("%v %+v %#v %s %q %+v %#v", token, token, token, token, token, nested, nested) + log.String()
	require.NotContains(t, text, "c0ffee")
	require.Contains(t, text, token.String())
}

func TestWellFormedToken(t *testing.T) {
	t.Parallel()
	hex := strings.Repeat("0123456789abcdefABCDEF", 10)
	for hashType, length := range map[string]int{
		"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128,
		"": 64, "blake2b": 64,
	} {
		require.True(t, eauth.WellFormedToken(hex[:length], hashType), hashType)
		require.False(t, eauth.WellFormedToken(hex[:length-1], hashType), hashType)
		require.False(t, eauth.WellFormedToken(hex[:length+1], hashType), hashType)
		require.False(t, eauth.WellFormedToken("g"+hex[:length-1], hashType), hashType)
	}
	for _, s := range []string{
		"", "null", "../" + hex[:61], hex[:63] + "\x00", hex[:63] + "\n", hex[:60] + ".tmp",
		strings.Repeat("０", 21) + "0", // 64 bytes, but wide digits
	} {
		require.False(t, eauth.WellFormedToken(s, "sha256"), "%q", s)
	}
}

// Every well formed token is a single harmless file name, and passes Check.
func FuzzWellFormedToken(f *testing.F) {
	f.Add(strings.Repeat("a", 64), "sha256")
	f.Add(strings.Repeat("A", 32), "md5")
	f.Add("../../etc/passwd", "sha1")
	f.Fuzz(func(t *testing.T, s, hashType string) {
		if !eauth.WellFormedToken(s, hashType) {
			return
		}
		if strings.Trim(s, "0123456789abcdefABCDEF") != "" || len(s) < 32 || len(s) > 128 {
			t.Errorf("%q is not well formed", s)
		}
		if err := (eauth.Credentials{Token: s}).Check(); err != nil {
			t.Error(err)
		}
	})
}
