package tokens

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/mail/smtptest"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/webhook"
)

// TestReminders has two gateways on one Redis remind of a token's last day,
// together once: its owner by mail, and a webhook.
func TestReminders(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		dir := t.TempDir()
		file := func(name, text string) string {
			path := filepath.Join(dir, name)
			require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			return path
		}
		mails := smtptest.Start(t, smtptest.Options{STARTTLS: true, User: "saltern", Password: "of mail"})
		posted := make(chan webhook.Payload, 10)
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var p webhook.Payload
			body, err := io.ReadAll(r.Body)
			if err == nil {
				err = webhook.Verify([]byte("of hook"), r.Header.Get(webhook.SignatureHeader), body, time.Now(), time.Minute)
			}
			if err != nil || json.Unmarshal(body, &p) != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			posted <- p
		}))
		t.Cleanup(hook.Close)
		more := onRedis(t, redistest.Start(t, redistest.Options{}), fmt.Sprintf(`
  reminders:
    mail: {server: %q, from: saltern@example.com, username: saltern, password_file: %s, ca: %s}
    webhook: {url: %q, secret_file: %[5]s}
callbacks: [{name: ci, url: %[4]q, secret_file: %[5]s}]
log: {level: debug}
`, mails.Address, file("mail", "of mail\n"), file("ca", string(mails.CA)), hook.URL, file("hook", "of hook\n")))
		one := envtest.AnotherGateway(t, r, more)
		require.NoError(t, one.StopGateway(t.Context()))
		_, err := one.Command(t.Context(), "", "token", "create", "--name", "ci", "--scope", "User",
			"--user", env.User, "--ttl", "86401s", "--remind", "ops@example.com")
		require.NoError(t, err)
		lastDay := time.Now().Add(time.Second)
		envtest.RequireEventually(t, func() bool { return time.Now().After(lastDay) })
		require.NoError(t, one.StartGateway(t.Context()))
		two := envtest.AnotherGateway(t, r, more)

		m, p := <-mails.Mails, <-posted
		require.Equal(t, []string{"ops@example.com"}, m.To)
		require.True(t, m.TLS)
		require.Equal(t, `The API token "ci" ends in 24 hours`, m.Word("Subject"))
		require.Contains(t, m.Body, p.Token.ID)
		require.Equal(t, "ci", p.Token.Name)
		require.Zero(t, p.Days)
		for _, g := range []*env.Env{one, two} {
			envtest.RequireEventually(t, func() bool {
				return strings.Contains(afterStart(g.Log()), `"looked for tokens that end soon"`)
			})
			require.InDelta(t, 1, envtest.Scrape(t, g).Sum("saltern_tokens_expiring", "within=7d"), 0)
			require.InDelta(t, 1, envtest.Scrape(t, g).Sum("saltern_token_store_up"), 0)
			require.NotContains(t, g.Log(), "of mail")
			require.NotContains(t, g.Log(), "of hook")
		}
		require.Empty(t, mails.Mails)
		require.Empty(t, posted)
		for _, by := range []string{"mail", "webhook"} {
			sent := 0.0
			for _, g := range []*env.Env{one, two} {
				sent += envtest.Scrape(t, g).Sum("saltern_reminders_total", "by="+by)
			}
			require.InDelta(t, 1, sent, 0, by)
		}
		requireAlertMetrics(t, one)
	})
}

// afterStart is the log of the process that runs.
func afterStart(log string) string {
	return log[max(0, strings.LastIndex(log, `"listening"`)):]
}

// requireAlertMetrics looks for each figure that the alert rules ask for.
func requireAlertMetrics(t *testing.T, r *env.Env) {
	t.Helper()
	require.Equal(t, http.StatusOK, envtest.Post(t, r, `[{`+envtest.PAMLogin+`, `+envtest.GoodPing+`}]`).Status)
	have := envtest.Scrape(t, r)
	rules, err := os.ReadFile("../../deploy/alerts.yml")
	require.NoError(t, err)
	names := regexp.MustCompile(`saltern_\w+`).FindAllString(string(rules), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		require.Contains(t, have, name)
	}
}
