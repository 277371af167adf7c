package tokens

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/mail/smtptest"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/webhook"
	"github.com/saltern-api/saltern/server"
)

// The settings of the mail server and the webhook take effect.
func TestRemindersAsConfigured(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	mails := smtptest.Start(t, smtptest.Options{STARTTLS: true, User: "saltern", Password: "of mail"})
	posted := make(chan []byte, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = webhook.Verify([]byte("of hook"), r.Header.Get(webhook.SignatureHeader), body, time.Now(), time.Minute)
		}
		if err != nil {
			body = []byte(err.Error())
		}
		posted <- body
	}))
	defer hook.Close()
	yaml := fmt.Sprintf(`
tokens:
  reminders:
    days: [7]
    mail: {server: %q, from: saltern@example.com, to: ops@example.com, username: saltern, password_file: %q, ca: %q}
    webhook: {url: %q, secret_file: %q}
`, mails.Address, file("mail", "of mail\n"), file("ca", string(mails.CA)), hook.URL, file("hook", "of hook\n"))
	w := newWorld(t)
	w.set(yaml)
	c := w.config()

	store, now := memory.New(), time.Now()
	for _, remind := range []string{"alice@example.com", ""} {
		require.NoError(t, store.Create(t.Context(), apitoken.Issue{Hash: sha256.Sum256([]byte(remind)), Record: apitoken.Record{
			ID: apitoken.NewID(), Kind: apitoken.KindAPI, Name: "for " + remind, Owner: apitoken.Owner{Eauth: "pam", User: "alice"},
			Created: now.Add(-30 * 24 * time.Hour), Issued: now.Add(-30 * 24 * time.Hour), Expires: now.Add(6 * 24 * time.Hour), Remind: remind,
		}}))
	}
	reg := server.NewRegistry()
	counts := NewMetrics(reg)
	r, err := NewReminders(c, store, counts, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ShowExpiring(reg, r.Expiring)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP saltern_token_store_up Whether the store of API tokens has answered lately.
# TYPE saltern_token_store_up gauge
saltern_token_store_up 0
`), "saltern_token_store_up", "saltern_tokens_expiring"))
	r.Start(t.Context())
	defer r.Close()
	for range 2 {
		require.Contains(t, string(<-posted), `"event":"token.expiring"`)
	}
	got := map[string]int{}
	for range 3 {
		m := <-mails.Mails
		got[m.To[0]]++
		require.Equal(t, "saltern", m.User)
	}
	require.Equal(t, map[string]int{"alice@example.com": 1, "ops@example.com": 2}, got)
	require.Eventually(t, func() bool {
		return testutil.ToFloat64(counts.reminders.WithLabelValues("webhook", "7", "sent")) == 2
	}, 20*time.Second, time.Millisecond)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP saltern_reminders_total Reminders of the end of tokens: sent, failed to be tried again, or unknown. Stage is in days before the end.
# TYPE saltern_reminders_total counter
saltern_reminders_total{by="mail",outcome="failed",stage="7"} 0
saltern_reminders_total{by="mail",outcome="sent",stage="7"} 1
saltern_reminders_total{by="mail",outcome="unknown",stage="7"} 0
saltern_reminders_total{by="mail_operator",outcome="failed",stage="7"} 0
saltern_reminders_total{by="mail_operator",outcome="sent",stage="7"} 2
saltern_reminders_total{by="mail_operator",outcome="unknown",stage="7"} 0
saltern_reminders_total{by="webhook",outcome="failed",stage="7"} 0
saltern_reminders_total{by="webhook",outcome="sent",stage="7"} 2
saltern_reminders_total{by="webhook",outcome="unknown",stage="7"} 0
# HELP saltern_token_store_up Whether the store of API tokens has answered lately.
# TYPE saltern_token_store_up gauge
saltern_token_store_up 1
# HELP saltern_tokens_expiring API tokens that end soon.
# TYPE saltern_tokens_expiring gauge
saltern_tokens_expiring{within="30d"} 2
saltern_tokens_expiring{within="7d"} 2
`), "saltern_token_store_up", "saltern_tokens_expiring", "saltern_reminders_total"))
}

// Without a sender nothing is sent, and the count goes on.
func TestRemindersOfNobody(t *testing.T) {
	t.Parallel()
	c := newWorld(t).config()
	require.Empty(t, c.Senders)
	r, err := NewReminders(c, memory.New(), NewMetrics(server.NewRegistry()), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	r.Start(t.Context())
	require.Eventually(t, func() bool { _, ok := r.Expiring(); return ok }, 20*time.Second, time.Millisecond)
	r.Close()
}

// The number of labels is fixed, whatever an event contains.
func TestTokenEventLabels(t *testing.T) {
	t.Parallel()
	reg := server.NewRegistry()
	m := NewMetrics(reg)
	for n := range 100 {
		text := fmt.Sprint("chosen ", n)
		m.Event(t.Context(), issuer.Event{What: text, Why: text, Token: apitoken.Record{Profile: apitoken.Profile(text)}})
	}
	m.Event(t.Context(), issuer.Event{What: issuer.Issued, Token: apitoken.Record{Profile: apitoken.ProfileCSP}})
	m.Event(t.Context(), issuer.Event{What: issuer.Refused, Why: "expired", Token: apitoken.Record{Profile: apitoken.ProfileVCD}})
	m.Event(t.Context(), issuer.Event{What: issuer.Refused, Why: "malformed"})
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP saltern_token_events_total What became of API tokens, by the issuing profile and by the reason of a refusal or revocation.
# TYPE saltern_token_events_total counter
saltern_token_events_total{event="issued",profile="csp",why=""} 1
saltern_token_events_total{event="other",profile="other",why="other"} 100
saltern_token_events_total{event="refused",profile="",why="malformed"} 1
saltern_token_events_total{event="refused",profile="vcd",why="expired"} 1
saltern_token_events_total{event="reused",profile="csp",why="reused"} 0
saltern_token_events_total{event="reused",profile="native",why="reused"} 0
saltern_token_events_total{event="reused",profile="vcd",why="reused"} 0
`), "saltern_token_events_total"))
}
