package clients

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// chromium is the program, or "" after the test was skipped.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "there is no chromium here (Debian: apt-get install chromium), so no browser reads /events and /ws"
	if os.Getenv("SALTERN_REQUIRE_CHROMIUM") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// finding is what the page tells, see testdata/static/browser.js.
type finding struct {
	Perms      int
	Cookie     bool // a script can read the session's cookie
	Returns    []int
	HasID      bool
	Reconnects bool
	First      string
	Strange    int
	Opened     bool
	Error      string
}

// visit is a page in the browser, and what it is to find.
type visit struct {
	target
	cutter *cutter
	caller saltGUI // makes jobs, not through the browser
	found  map[string]finding
}

// message is a finding on its way from the page's request to the test.
type message struct {
	name, body string
	answer     chan<- string
}

// TestBrowser has Chromium read /events with EventSource, by the session's
// cookie, lose its connection and resume, and then read /ws with WebSocket.
// The page is served by the gateway itself.
func TestBrowser(t *testing.T) {
	program := chromium(t)
	eachTarget(t, func(t *testing.T, g target) {
		websockets := !g.api // it takes a browser's handshake for a wish for the app
		v := &visit{
			target: g, cutter: newCutter(t, strings.TrimPrefix(g.url, "http://")),
			caller: saltGUI{target: g}, found: make(map[string]finding),
		}
		v.caller.login(t, sandbox.UserAll, g.Secret(), "sharedsecret")
		v.browse(t, program, url.Values{
			"user": {sandbox.UserAll}, "password": {g.Secret()}, "eauth": {"sharedsecret"},
			"resumes": yes(!g.api), "websockets": yes(websockets),
		})

		once := []int{1, 1, 1}
		require.Equal(t, finding{Perms: 4, Cookie: g.api}, v.found["login"])
		require.Equal(t, finding{Returns: once, HasID: !g.api}, v.found["events"])
		require.Equal(t, finding{Reconnects: true}, v.found["lost"])
		require.Equal(t, finding{Returns: once}, v.found["resumed"])
		if websockets {
			want := finding{Returns: once, First: "server received message"}
			require.Equal(t, want, v.found["websocket-token"])
			require.Equal(t, want, v.found["websocket-cookie"])
			require.Equal(t, finding{}, v.found["websocket-unknown"])
		}
	})
}

// browse shows the page until it has told the end.
func (v *visit) browse(t *testing.T, program string, about url.Values) {
	t.Helper()
	told := make(chan message)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		answer := make(chan string)
		select {
		case told <- message{strings.TrimPrefix(r.URL.Path, "/"), string(body), answer}:
			_, _ = io.WriteString(w, <-answer)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	about.Set("tell", server.URL)
	// Without a home of its own, Chromium would write into the user's.
	home := t.TempDir()
	cmd := exec.Command(program,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--disable-breakpad", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--user-data-dir="+filepath.Join(home, "profile"),
		"http://"+v.cutter.address+"/static/browser.html#"+about.Encode())
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	startGroup(t, cmd)
	late := time.After(90 * time.Second)
	for ended := false; !ended; {
		select {
		case m := <-told:
			ended = v.hear(t, m)
		case <-late:
			require.Fail(t, "the page did not come to its end", "%+v", v.found)
		}
	}
}

// hear takes a finding of the page, does what the page asks for, and tells
// whether it was the last.
func (v *visit) hear(t *testing.T, m message) (last bool) {
	t.Helper()
	defer close(m.answer)
	var f finding
	require.NoError(t, json.Unmarshal([]byte(m.body), &f), m.body)
	require.Empty(t, f.Error)
	v.found[m.name] = f
	switch m.name {
	case "cut":
		v.cutter.cut()
	case "job":
		jid := v.runJob(t)
		v.cutter.mend()
		m.answer <- jid
	case "logout":
		for range 3 {
			v.runJob(t)
		}
	}
	return m.name == "end"
}

// runJob runs a job to its end, and returns its jid.
func (v *visit) runJob(t *testing.T) string {
	t.Helper()
	var all map[string]fullReturn
	v.caller.call(t, &all, map[string]any{"client": "local", "tgt": "*", "fun": "test.ping", "full_return": true})
	return all[minions[0]].JID
}

func yes(b bool) []string {
	if b {
		return []string{"yes"}
	}
	return nil
}
