package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/remindertest"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/webhook"
	"github.com/saltern-api/saltern/internal/certtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// far is a receiver.
type far struct {
	t       *testing.T
	server  *httptest.Server
	roots   *x509.CertPool
	arrived chan string
	ending  chan struct{}

	mu     sync.Mutex
	manner remindertest.Manner
}

func newFar(t *testing.T, h2 bool) *far {
	f := &far{t: t, arrived: make(chan string, 100), ending: make(chan struct{})}
	pair := certtest.New(t, nil)
	f.roots = pair.Pool()
	f.server = httptest.NewUnstartedServer(f)
	f.server.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS()}, MinVersion: tls.VersionTLS12}
	f.server.EnableHTTP2 = h2
	f.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.server.StartTLS()
	t.Cleanup(func() {
		close(f.ending)
		f.server.Close()
	})
	return f
}

func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	manner := f.manner
	f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil || manner == remindertest.Refuses {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	f.arrived <- string(body)
	switch manner {
	case remindertest.Silent:
		<-f.ending
	case remindertest.Breaks:
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

func (f *far) Sender(address string) reminder.Sender {
	url := f.server.URL
	if address != "" {
		url = "https://" + address
	}
	s, err := webhook.New(webhook.Options{URL: url, Roots: f.roots})
	require.NoError(f.t, err)
	return s
}

func (f *far) Set(m remindertest.Manner) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.manner = m
}

func (f *far) Arrived() <-chan string { return f.arrived }

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprint(h2), func(t *testing.T) {
			t.Parallel()
			remindertest.Run(t, func(t *testing.T) remindertest.Far { return newFar(t, h2) })
		})
	}
}

// plain is a receiver on this machine, in clear.
func plain(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestPayload(t *testing.T) {
	t.Parallel()
	secret := []byte("shared")
	r := remindertest.Reminder()
	r.Token.Name = "a \"b\" \n<&> ö"
	var header http.Header
	var body []byte
	url := plain(t, func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
	})
	s, err := webhook.New(webhook.Options{URL: url + "/hooks?key=k", Secret: secret})
	require.NoError(t, err)
	require.NoError(t, s.Send(t.Context(), r))
	require.Equal(t, "application/json", header.Get("Content-Type"))
	require.Equal(t, "saltern", header.Get("User-Agent"))

	when := func(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
	require.JSONEq(t, fmt.Sprintf(`{
		"event": "token.expiring", "id": %q, "days": 7, "text": "The API token \"a \"b\" �<&> ö\" ends in 7 days", "time": %q,
		"token": {
			"id": %q, "kind": "api", "name": "a \"b\" \n<&> ö", "owner": {"eauth": "pam", "user": "alice"}, "profile": "native",
			"scopes": ["deploy-web", "Read-only"], "remind": "alice@example.com",
			"created": %q, "issued": %q, "expires": %q,
			"last_used": {"at": %q, "address": "192.0.2.7", "agent": "curl/8"}
		}
	}`, r.ID(), when(r.At), r.Token.ID, when(r.Token.Created), when(r.Token.Issued), when(r.Token.Expires), when(r.Token.LastUsed.At)),
		string(body))

	// By hand, as the documentation describes it.
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%d.%s", r.At.Unix(), body)
	got := header.Get(webhook.SignatureHeader)
	require.Equal(t, fmt.Sprintf("t=%d,v1=%s", r.At.Unix(), hex.EncodeToString(mac.Sum(nil))), got)
	require.NoError(t, webhook.Verify(secret, got, body, r.At, time.Minute))
	for name, err := range map[string]error{
		"another secret": webhook.Verify([]byte("x"), got, body, r.At, time.Minute),
		"another body":   webhook.Verify(secret, got, append(body, ' '), r.At, time.Minute),
		"another time":   webhook.Verify(secret, strings.Replace(got, "t=", "t=1", 1), body, r.At, time.Minute),
		"old":            webhook.Verify(secret, got, body, r.At.Add(2*time.Minute), time.Minute),
		"early":          webhook.Verify(secret, got, body, r.At.Add(-2*time.Minute), time.Minute),
		"none":           webhook.Verify(secret, "", body, r.At, time.Minute),
		"cut":            webhook.Verify(secret, got[:len(got)-2], body, r.At, time.Minute),
	} {
		require.ErrorIs(t, err, webhook.ErrSignature, name)
	}

	// A token with the minimum of fields.
	r.Token = apitoken.Record{ID: "1", Kind: apitoken.KindRefresh, Expires: r.Token.Expires}
	unsigned, err := webhook.New(webhook.Options{URL: url})
	require.NoError(t, err)
	require.NoError(t, unsigned.Send(t.Context(), r))
	require.NotContains(t, header, webhook.SignatureHeader)
	var p map[string]any
	require.NoError(t, json.Unmarshal(body, &p))
	require.Contains(t, p["token"], "last_used")
	require.Equal(t, []any{}, p["token"].(map[string]any)["scopes"])
}

func TestStatus(t *testing.T) {
	t.Parallel()
	var code, asked int
	long := []byte(strings.Repeat("x", 1<<20))
	url := plain(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
		if code%50 == 0 { // some of each kind are long, which takes longer than all others
			_, _ = w.Write(long)
			return
		}
		_, _ = w.Write(long[:1000])
	})
	s, err := webhook.New(webhook.Options{URL: url})
	require.NoError(t, err)
	for code = range 600 {
		if code < 200 || code == 204 || code == 304 {
			continue // others have no body
		}
		asked = 0
		err := s.Send(t.Context(), remindertest.Reminder())
		switch {
		case code < 300:
			require.NoError(t, err, code)
		case code == 504:
			require.Error(t, err)
			require.NotErrorIs(t, err, reminder.ErrNotSent)
		default:
			require.ErrorIs(t, err, reminder.ErrNotSent, code)
		}
		require.Equal(t, 1, asked, code)
	}
}

// The URL may contain a secret.
func TestErrorsDoNotTellTheURL(t *testing.T) {
	t.Parallel()
	f := newFar(t, false)
	for name, o := range map[string]webhook.Options{
		"nobody listens":    {URL: "https://u:s3cret@127.0.0.1:1/s3cret?k=s3cret"},
		"another authority": {URL: f.server.URL + "/s3cret?k=s3cret"},
		"no tls":            {URL: strings.Replace(f.server.URL, "https:", "http:", 1) + "/s3cret"},
		"no url":            {URL: "https://s3cret%zz/"},
		"in clear":          {URL: "http://example.com/s3cret"},
		"scheme":            {URL: "ftp://127.0.0.1/s3cret"},
		"no host":           {URL: "https:///s3cret"},
		"empty":             {},
	} {
		s, err := webhook.New(o)
		if err == nil {
			err = s.Send(t.Context(), remindertest.Reminder())
			require.ErrorIs(t, err, reminder.ErrNotSent, name)
		}
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "s3cret", name)
	}
	require.Empty(t, f.arrived)
}

// A receiver that never responds is abandoned after a while; one whose response
// does not end, at once.
func TestBadReceivers(t *testing.T) {
	t.Parallel()
	ending := make(chan struct{})
	slow := plain(t, func(http.ResponseWriter, *http.Request) { <-ending })
	t.Cleanup(func() { close(ending) })
	s, err := webhook.New(webhook.Options{URL: slow, Timeout: 3 * time.Second}) // connecting is a part of it
	require.NoError(t, err)
	err = s.Send(t.Context(), remindertest.Reminder())
	require.Error(t, err)
	require.NotErrorIs(t, err, reminder.ErrNotSent)

	endless := plain(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	s, err = webhook.New(webhook.Options{URL: endless})
	require.NoError(t, err)
	require.NoError(t, s.Send(t.Context(), remindertest.Reminder()))

	long := plain(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
	})
	s, err = webhook.New(webhook.Options{URL: long})
	require.NoError(t, err)
	require.Error(t, s.Send(t.Context(), remindertest.Reminder()))
}
