package signedpost_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/internal/signedpost"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	secret = []byte("shared")
	at     = time.Unix(1_800_000_000, 5)
)

func receiver(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestPost(t *testing.T) {
	t.Parallel()
	var header http.Header
	var body []byte
	url := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
	})
	p, err := signedpost.New(signedpost.Options{URL: url, Secret: secret})
	require.NoError(t, err)
	require.NoError(t, p.Post(t.Context(), signedpost.Document{Body: []byte(`{"a": 1}`), At: at, Key: "cb-1"}))
	require.Equal(t, `{"a": 1}`, string(body))
	require.Equal(t, "application/json", header.Get("Content-Type"))
	require.Equal(t, "cb-1", header.Get("Idempotency-Key"))
	require.NoError(t, signedpost.Verify(secret, header.Get(signedpost.Header), body, at, time.Minute))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte("{}")
	good := signedpost.Sign(secret, at, body)
	require.NoError(t, signedpost.Verify(secret, good, body, at, time.Minute))
	for name, err := range map[string]error{
		"another secret": signedpost.Verify([]byte("x"), good, body, at, time.Minute),
		"another body":   signedpost.Verify(secret, good, []byte("{} "), at, time.Minute),
		"another time":   signedpost.Verify(secret, strings.Replace(good, "t=", "t=1", 1), body, at, time.Minute),
		"old":            signedpost.Verify(secret, good, body, at.Add(2*time.Minute), time.Minute),
		"early":          signedpost.Verify(secret, good, body, at.Add(-2*time.Minute), time.Minute),
		"none":           signedpost.Verify(secret, "", body, at, time.Minute),
		"cut":            signedpost.Verify(secret, good[:len(good)-2], body, at, time.Minute),
		"not hex":        signedpost.Verify(secret, good[:len(good)-2]+"zz", body, at, time.Minute),
	} {
		require.ErrorIs(t, err, signedpost.ErrSignature, name)
	}
}

// A redirection is not followed, wherever it leads.
func TestRedirected(t *testing.T) {
	t.Parallel()
	elsewhere := receiver(t, func(http.ResponseWriter, *http.Request) { t.Error("followed") })
	url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	})
	p, err := signedpost.New(signedpost.Options{URL: url})
	require.NoError(t, err)
	var e *signedpost.Error
	require.ErrorAs(t, p.Post(t.Context(), signedpost.Document{At: at}), &e)
	require.Equal(t, http.StatusTemporaryRedirect, e.Status)
	require.False(t, e.MayHaveArrived)
}

// What is shown of a failure has no address and no text of the receiver.
func TestErrors(t *testing.T) {
	t.Parallel()
	pair := certtest.New(t, nil)
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS()}, MinVersion: tls.VersionTLS12}
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	ending := make(chan struct{})
	silent := receiver(t, func(http.ResponseWriter, *http.Request) { <-ending })
	t.Cleanup(func() { close(ending) })
	for name, c := range map[string]struct {
		url, brief string
		timeout    time.Duration
		may        bool
	}{
		"nobody listens": {"https://u:s3cret@127.0.0.1:1/s3cret?k=s3cret", "there is no connection to the receiver", 0, false},
		"untrusted":      {untrusted.URL + "/s3cret", "the certificate of the receiver is not trusted", 0, false},
		"silent":         {silent + "/s3cret", "there was no answer in time", 3 * time.Second, true},
		"broken": {receiver(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }) + "/s3cret",
			"there was no answer", 0, true},
		"garbage": {receiver(t, func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = c.Write([]byte("s3cret\x1b[2J\r\n\r\n"))
				_ = c.Close()
			}
		}), "there was no answer", 0, true},
		"refused": {receiver(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "s3cret", http.StatusForbidden) }), "the answer is 403", 0, false},
		"a proxy": {receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) }), "a proxy answers 504", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := signedpost.New(signedpost.Options{URL: c.url, Timeout: c.timeout})
			require.NoError(t, err)
			err = p.Post(t.Context(), signedpost.Document{At: at})
			var e *signedpost.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.brief, e.Brief())
			require.Equal(t, c.may, e.MayHaveArrived)
			require.NotContains(t, e.Brief()+err.Error(), "/s3cret")
			require.NotContains(t, err.Error(), "\x1b")
		})
	}
	for _, url := range []string{"https://s3cret%zz/", "http://example.com/s3cret", "ftp://127.0.0.1/s3cret", "https:///s3cret", ""} {
		_, err := signedpost.New(signedpost.Options{URL: url})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

// What is taken for a signature is one of this time and this body.
func FuzzVerify(f *testing.F) {
	f.Add("t=1800000000,v1=00", []byte("{}"))
	f.Add(signedpost.Sign(secret, at, []byte("{}")), []byte("{}"))
	f.Add("t=-1,v1=", []byte(nil))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		if signedpost.Verify(secret, header, body, at, time.Minute) != nil {
			return
		}
		when, v1, ok := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
		require.True(t, ok)
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(when + "." + string(body)))
		require.Equal(t, hex.EncodeToString(h.Sum(nil)), strings.ToLower(v1))
	})
}
