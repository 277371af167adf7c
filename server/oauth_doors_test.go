package server

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/settings"
)

// people log in with the password "secret". What they may do is the
// operator's choice: admin may do all that there is, bob only what everybody may.
type people struct {
	mu       sync.Mutex
	sessions map[string]*session.Session
}

var _ Sessions = (*people)(nil)

// saltToken is one of bob's, who has not logged in with it.
var saltToken = strings.Repeat("5a", 32)

func (p *people) Login(_ context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	if c.Username == "nobody-can-tell" {
		return nil, false, eauth.ErrUnavailable
	}
	if c.Password != "secret" || c.Eauth != "pam" {
		return nil, false, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	s := &session.Session{
		ID: strings.Repeat("0", 39) + string(rune('a'+len(p.sessions))), User: c.Username, Eauth: c.Eauth,
		Start: now, Expire: now.Add(time.Hour),
	}
	p.sessions[s.ID] = s
	return s, true, nil
}

func (p *people) Token(context.Context, eauth.Credentials) (*session.Session, bool, error) {
	return nil, false, nil
}

func (p *people) Resolve(_ context.Context, credential string) (*session.Session, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if credential == saltToken {
		return &session.Session{Token: saltToken, User: "bob", Eauth: "pam"}, true, nil
	}
	s, ok := p.sessions[credential]
	return s, ok, nil
}

func (p *people) Logout(_ context.Context, credential string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, credential)
	return nil
}

func (p *people) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// Active knows everybody but those who have left.
func (p *people) Active(_ context.Context, o apitoken.Owner, _ netip.Addr, _ *issuer.LastLogin) (bool, []string, error) {
	return o.User != "gone", nil, nil
}

// noGateway runs nothing.
type noGateway struct{ Gateway }

func (noGateway) Clients() []string { return nil }

// house is a gateway with doors, for tests.
type house struct {
	url    string
	tokens *issuer.Service // nil where there is a fake
	store  apitoken.Store
	client *http.Client
	log    journal
}

// journal is a log that is read while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// build makes the doors over the real service.
func build(t *testing.T, change func(*DoorOptions)) *house {
	t.Helper()
	h := &house{store: memory.New()}
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	h.tokens, err = issuer.New(issuer.Options{
		Store: h.store, Pepper: pepper, Owners: &people{},
		Assignments: []issuer.Assignment{{Users: []string{"admin"}, Roles: []string{"Superuser"}}},
		Throttle:    issuer.Throttle{Free: 1000},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		h.tokens.Close()
		require.NoError(t, h.store.Close())
	})
	o := DoorOptions{Tokens: h.tokens}
	if change != nil {
		change(&o)
	}
	h.open(t, o, MainOptions{})
	return h
}

// open serves the doors until the test ends.
func (h *house) open(t *testing.T, o DoorOptions, opts MainOptions) {
	t.Helper()
	set := settings.Default()
	set.Admin.Listen, set.StateDir = "", t.TempDir()
	s, err := Listen(t.Context(), Config{
		Gateway: noGateway{}, Settings: set, Main: opts, Doors: o, Log: slog.New(slog.NewJSONHandler(&h.log, nil)),
		Listeners: []ListenerSpec{{Surface: Main, Address: "127.0.0.1:0"}},
		Sessions:  &people{sessions: make(map[string]*session.Session)},
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	ts := httptest.NewServer(s.answering(ListenerSpec{Surface: Main}))
	t.Cleanup(ts.Close)
	h.url, h.client = ts.URL, &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// heard is an answer.
type heard struct {
	Status int
	Header http.Header
	Body   string
}

// member is one of a JSON answer.
func (a heard) member(t *testing.T, name string) any {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.Body), &all), a.Body)
	return all[name]
}

func (a heard) text(t *testing.T, name string) string {
	t.Helper()
	text, ok := a.member(t, name).(string)
	require.True(t, ok, "%s in %s", name, a.Body)
	return text
}

const formType = "application/x-www-form-urlencoded"

// send makes a request; headers are "Name: value".
func (h *house) send(t *testing.T, method, path, body string, headers ...string) heard {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
	require.NoError(t, err)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Add(name, value)
	}
	resp, err := h.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return heard{resp.StatusCode, resp.Header, string(text)}
}

// form posts a form.
func (h *house) form(t *testing.T, path, body string, headers ...string) heard {
	t.Helper()
	return h.send(t, http.MethodPost, path, body, append(headers, "Content-Type: "+formType)...)
}

// object posts a JSON object.
func (h *house) object(t *testing.T, path, body string, headers ...string) heard {
	t.Helper()
	return h.send(t, http.MethodPost, path, body, append(headers, "Content-Type: application/json")...)
}

// session logs somebody in.
func (h *house) session(t *testing.T, user string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/cloudapi/1.0.0/sessions", nil)
	require.NoError(t, err)
	req.SetBasicAuth(user, "secret")
	resp, err := h.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return resp.Header.Get("X-Vmware-Vcloud-Access-Token")
}

// apiToken makes an API token of bob's.
func (h *house) apiToken(t *testing.T, door apitoken.Profile) (secret string, r apitoken.Record) {
	t.Helper()
	bob := issuer.Caller{User: "bob", Eauth: "pam", LoggedIn: true}
	s, r, err := h.tokens.Create(t.Context(), bob, issuer.NewToken{Name: "ci-" + string(door), Scopes: []string{"User"}, Profile: door})
	require.NoError(t, err)
	return s.Reveal(), r
}

// accessToken exchanges an API token at the VCD door.
func (h *house) accessToken(t *testing.T) string {
	t.Helper()
	secret, _ := h.apiToken(t, apitoken.ProfileVCD)
	a := h.form(t, "/oauth/provider/token", "grant_type=refresh_token&refresh_token="+secret)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return a.text(t, "access_token")
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// union checks an error of the OAuth door.
func union(t *testing.T, a heard, status int, code string) {
	t.Helper()
	require.Equal(t, status, a.Status, a.Body)
	require.Equal(t, code, a.text(t, "error"))
	require.Equal(t, code, a.text(t, "minorErrorCode"))
	require.Equal(t, a.text(t, "error_description"), a.text(t, "message"))
	require.Regexp(t, `^[\x20-\x21\x23-\x5B\x5D-\x7E]+$`, a.text(t, "error_description"))
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, "no-cache", a.Header.Get("Pragma"))
}
