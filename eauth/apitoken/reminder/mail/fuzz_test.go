package mail

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
)

// Whatever the names are, the mail has its own headers and the rows of its own
// text.
func FuzzMessage(f *testing.F) {
	f.Add("ci", "alice", "pam", "User")
	f.Add("a\r\nBcc: b@example.com", "x\n.\n", "\x00", strings.Repeat("\xff", 300))
	f.Add(strings.Repeat("ö", 200), "=?utf-8?q?x?=", "\u202e", "\u2028")
	s, err := New(Options{Server: "mail.example.com:587", From: "saltern@example.com"})
	require.NoError(f, err)
	at := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, name, user, module, role string) {
		m, err := s.message(reminder.Reminder{Days: 7, At: at, Token: apitoken.Record{
			ID: "1", Kind: apitoken.KindAPI, Name: name, Owner: apitoken.Owner{User: user, Eauth: module},
			Scopes: []string{role}, Remind: "bob@example.com", Expires: at.Add(time.Hour),
		}})
		require.NoError(t, err)
		var raw bytes.Buffer
		_, err = m.WriteTo(&raw)
		require.NoError(t, err)
		for line := range bytes.SplitSeq(raw.Bytes(), []byte("\r\n")) {
			require.LessOrEqual(t, len(line), 998)
			require.False(t, bytes.ContainsAny(line, "\r\n\x00"))
		}
		got, err := mail.ReadMessage(&raw)
		require.NoError(t, err)
		require.Len(t, got.Header, 9)
		to, err := got.Header.AddressList("To")
		require.NoError(t, err)
		require.Len(t, to, 1)
		text, err := io.ReadAll(quotedprintable.NewReader(got.Body))
		require.NoError(t, err)
		rows := slices.Collect(strings.SplitSeq(string(text), "\n"))
		require.Len(t, rows, 21)
		require.True(t, strings.HasPrefix(rows[3], "Id:        1"))
	})
}
