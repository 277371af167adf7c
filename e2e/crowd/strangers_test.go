package crowd

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

const (
	// mostSent is how large a body may be as it is sent, in bytes.
	mostSent = 100_000

	// mostCPU is what a body may cost the gateway, in seconds of a core.
	mostCPU = 2.0

	// mostMemory is how much more than before it the gateway may hold meanwhile,
	// in MB. What one leaves to be collected may be as much again.
	mostMemory = 64.0

	million = 1_000_000
)

// hostile is a body of somebody who is not known, and what it is answered with.
type hostile struct {
	path, kind string // "/run", and JSON, where they are empty
	body       string
	plain      bool // not compressed
	wsgi       bool // to the listener of rest_wsgi
	status     int
	text       string // part of the answer
}

// stranger are credentials that have the right form.
const stranger = `"token": "` + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + `"`

// chunk is a chunk for a runner.
func chunk(rest string) string {
	return `{"client": "runner", "fun": "test.arg", ` + stranger + `, ` + rest + `}`
}

// target is a chunk for minions.
func target(rest string) string {
	return `{"client": "local", "fun": "test.ping", ` + stranger + `, ` + rest + `}`
}

// times is an element that stands n times in a list.
func times(n int, element string) string { return strings.Repeat(element+",", n-1) + element }

// numbered is an element with a number in it, n times.
func numbered(n int, format string) string {
	b := make([]byte, 0, n*(len(format)+6))
	for i := range n {
		b = fmt.Appendf(b, format+",", i)
	}
	return string(b[:len(b)-1])
}

// packer compresses. What is the same again and again it compresses once: gzip
// may be of several members.
type packer map[string]string

// member is how long the members of gzip are, in bytes: a multiple of the
// length of most of what is repeated.
const member = 720_720

func (p packer) gzip(tb testing.TB, text string) string {
	tb.Helper()
	var out strings.Builder
	size := len(text)
	if size > 3*member && text[member:2*member] == text[2*member:3*member] {
		size = member
	}
	for len(text) > 0 {
		part := text[:min(len(text), size)]
		text = text[len(part):]
		if p[part] == "" {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			_, err := io.WriteString(w, part)
			require.NoError(tb, err)
			require.NoError(tb, w.Close())
			p[part] = b.String()
		}
		out.WriteString(p[part])
	}
	return out.String()
}

// hostileBodies are small things that become large ones.
func hostileBodies(tb testing.TB, p packer) map[string]hostile {
	const (
		unknown = "Authentication error occurred."
		wrong   = "Could not authenticate using provided credentials"
		spent   = "The request holds more than is read before its sender is known"
		asYAML  = "application/x-yaml"
		asForm  = "application/x-www-form-urlencoded"
	)
	laughs := "- &l0 {k: x}\n"
	for i := 1; i < 10; i++ {
		laughs += fmt.Sprintf("- &l%d [%s]\n", i, times(10, fmt.Sprintf("*l%d", i-1)))
	}
	manyKeys := `{"client": "runner", ` + numbered(1000, `"k%d": 1`) + `}`
	form := "client=runner&fun=test.arg&token=" + strings.Repeat("a", 64)
	login := `"username": "bench", "password": "wrong", "eauth": "sharedsecret"`
	nested := func(inner string) string { return strings.Repeat("[", 500) + inner + strings.Repeat("]", 500) }
	return map[string]hostile{
		"texts":                 {body: `[` + chunk(`"arg": [`+times(3*million/2, `"a"`)+`]`) + `]`, status: 401, text: unknown},
		"texts of YAML":         {body: chunk(`"arg": [` + times(million, `"[a]"`) + `]`), status: 401, text: unknown},
		"numbers":               {body: chunk(`"arg": [` + times(3*million, `1`) + `]`), status: 401, text: unknown},
		"numbers, deep":         {body: target(`"tgt": "*", "arg": ` + nested(times(3*million, `1`))), status: 401, text: unknown},
		"nodegroups":            {body: target(`"tgt_type": "compound", "tgt": "` + strings.Repeat("N@all or ", 10_000) + `a"`), plain: true, status: 401, text: unknown},
		"nodegroups, list":      {body: target(`"tgt_type": "compound", "tgt": [` + times(11_000, `"N@all"`) + `]`), plain: true, status: 401, text: unknown},
		"no such nodegroup":     {body: target(`"tgt_type": "nodegroup", "tgt": "nope"`), plain: true, status: 401, text: unknown},
		"words":                 {body: target(`"tgt_type": "compound", "tgt": "` + strings.Repeat("a or ", million) + `a"`), status: 401, text: unknown},
		"pattern":               {body: target(`"tgt_type": "pcre", "tgt": "` + strings.Repeat(`(\\pL{1000}|`, 6_000) + `"`), plain: true, status: 401, text: unknown},
		"range":                 {body: target(`"tgt_type": "range", "tgt": "` + strings.Repeat("%all,", 15_000) + `"`), plain: true, status: 401, text: unknown},
		"keywords":              {body: chunk(`"kwarg": {` + times(million, `"k": 1`) + `}`), status: 401, text: unknown},
		"functions":             {body: `{"client": "local", "tgt": "*", ` + stranger + `, "fun": [` + times(million, `"a"`) + `]}`, status: 401, text: unknown},
		"jids":                  {body: target(`"tgt": "*", "jid": [` + times(200_000, `"20260101000000000000"`) + `]`), status: 401, text: unknown},
		"escapes":               {body: chunk(`"arg": "` + strings.Repeat(`\u0041`, million) + `"`), status: 401, text: unknown},
		"fractions":             {body: chunk(`"arg": [` + times(8_000, `0.`+strings.Repeat("7", 900)+`e-200`) + `]`), status: 401, text: unknown},
		"keys":                  {body: `{"client": "runner", ` + times(million, `"k": 1`) + `}`, status: 413, text: spent},
		"keys of chunks":        {body: `[` + times(1000, manyKeys) + `]`, status: 413, text: spent},
		"chunks":                {body: `[` + times(2*million, `{}`) + `]`, status: 400, text: "2000000 chunks are more than the 1000"},
		"empty chunks":          {body: `[` + times(1000, chunk(`"arg": [1]`)) + `]`, status: 401, text: unknown},
		"depth":                 {body: `[` + chunk(`"arg": `+strings.Repeat("[", 90_000)), plain: true, status: 400, text: "Nested too deep"},
		"digits":                {body: chunk(`"arg": ` + strings.Repeat("7", 90_000)), plain: true, status: 400, text: "Integer too long"},
		"not JSON at its end":   {body: `[` + chunk(`"arg": [`+times(3*million, `1`)+`]`) + `,`, status: 400, text: "Expecting value"},
		"zeros":                 {body: strings.Repeat("\x00", 50*million), status: 413, text: spent},
		"gzip in gzip":          {body: p.gzip(tb, strings.Repeat("[", 50*million)), status: 400, text: "Invalid UTF-8"},
		"text":                  {kind: "text/plain", body: chunk(`"arg": [` + times(3*million, `1`) + `]`), status: 401, text: unknown},
		"aliases":               {kind: asYAML, body: laughs, plain: true, status: 400, text: "more than 100000 values"},
		"entries of YAML":       {kind: asYAML, body: `[` + times(90_000, `a`) + `]`, status: 413, text: spent},
		"YAML":                  {kind: asYAML, body: strings.Repeat("- a: [b]\n", 400_000), status: 400, text: "entries"},
		"anchors of YAML":       {kind: asYAML, body: numbered(7_000, "- &a%d b\n"), plain: true, status: 400, text: "Invalid YAML"},
		"form":                  {kind: asForm, body: form + strings.Repeat("&arg=[a]", 9_900), plain: true, status: 401, text: unknown},
		"form of YAML":          {kind: asForm, body: form + strings.Repeat("&arg=["+times(350, "a")+"]", 9_900), status: 401, text: unknown},
		"form of JSON":          {kind: asForm, body: form + `&kwarg={"a": [` + times(million, "1") + `]}`, status: 401, text: unknown},
		"fields":                {kind: asForm, body: form + strings.Repeat("&a=b", 20_000), plain: true, status: 400, text: "too many fields"},
		"charset":               {kind: asForm + "; charset=iso-8859-1", body: strings.Repeat("%E4=%E4&", 100_000), status: 400, text: "too many fields"},
		"charset of a text":     {kind: "text/plain; charset=shift_jis", body: strings.Repeat("\x93\xfa", 500_000), status: 400, text: "Expecting value"},
		"rest_wsgi, numbers":    {wsgi: true, body: chunk(`"arg": [` + times(49_000, `1`) + `]`), plain: true, status: 401, text: unknown},
		"rest_wsgi, texts":      {wsgi: true, body: chunk(`"arg": [` + times(24_000, `"a"`) + `]`), plain: true, status: 401, text: unknown},
		"rest_wsgi, nodegroups": {wsgi: true, body: target(`"tgt_type": "compound", "tgt": "` + strings.Repeat("N@all or ", 10_000) + `a"`), plain: true, status: 401, text: unknown},
		"rest_wsgi, keys":       {wsgi: true, body: `{"client": "runner", ` + numbered(8_000, `"k%d": 1`) + `}`, plain: true, status: 400, text: "8001 keys are more than"},
		"OAuth":                 {path: "/oauth/provider/token", kind: asForm, body: "grant_type=refresh_token&refresh_token=" + strings.Repeat("a", 5*million), status: 413, text: "larger than 65536 bytes"},
		"OAuth, parameters":     {path: "/oauth/provider/token", kind: asForm, body: strings.Repeat("a=b&", 15_000), plain: true, status: 400, text: "too many parameters"},
		"OAuth, JSON":           {path: "/oauth/provider/register", body: `{"a": ` + strings.Repeat("[", 30_000), plain: true, status: 401, text: "invalid_token"},
		"/v1/tokens":            {path: "/v1/tokens", body: `{"name": "` + strings.Repeat("a", 5*million) + `"}`, status: 401, text: "No permission"},
		"login":                 {path: "/login", body: `{` + login + `, "arg": [` + times(3*million/2, `"a"`) + `]}`, status: 401, text: wrong},
		"login form":            {path: "/login", kind: asForm, body: "username=bench&password=wrong&eauth=sharedsecret" + strings.Repeat("&arg=[a]", 9_900), plain: true, status: 401, text: wrong},
		"tokens":                {path: "/token", body: `[` + times(1000, `{`+login+`}`) + `]`, status: 401, text: wrong},
		"hook":                  {path: "/hook", body: `[` + times(3*million, `1`) + `]`, status: 413, text: spent},
		"hook of YAML":          {path: "/hook", kind: asYAML, body: `[` + times(90_000, `a`) + `]`, status: 413, text: spent},
		"hook of a form":        {path: "/hook", kind: asForm, body: "a=b" + strings.Repeat("&arg="+url.QueryEscape("[a]"), 7_000), plain: true, status: 413, text: spent},
	}
}

// TestStrangers sends bodies of which the gateway could make far more than
// they are, from somebody who is not known: each is refused, and costs little.
func TestStrangers(t *testing.T) {
	master := mastertest.Start(t, mastertest.Options{Minions: []mastertest.Minion{{ID: "ms-0"}, {ID: "ms-1"}}})
	all := make([]string, 5000)
	for i := range all {
		all[i] = fmt.Sprintf("ms-%d", i)
	}
	wsgi := freePort(t)
	g := startGateway(t, master, "", map[string]any{
		"rest_wsgi":             map[string]any{"port": wsgi},
		"netapi_enable_clients": []string{"local", "local_async", "runner"},
		"nodegroups":            map[string]any{"all": all},
		"rest_cherrypy":         map[string]any{"webhook_disable_auth": true},
	})
	g.wsgi = fmt.Sprintf("http://127.0.0.1:%d", wsgi)
	token := g.login(t)
	for range 20 {
		g.call(t, token, 0) // whatever the first calls need is there
	}
	idle, _ := g.memory(t)
	bodies, pack := make(map[string][]byte), make(packer)
	all25 := hostileBodies(t, pack)
	require.GreaterOrEqual(t, len(all25), 25)
	names := make([]string, 0, len(all25))
	for name, h := range all25 {
		bodies[name] = []byte(h.body)
		if !h.plain {
			bodies[name] = []byte(pack.gzip(t, h.body))
		}
		require.LessOrEqual(t, len(bodies[name]), mostSent, name)
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		h := all25[name]
		g.resetPeak(t)
		held, _ := g.memory(t)
		before := g.cpu(t)
		status, text := g.send(t, h, bodies[name])
		spent := g.cpu(t) - before
		_, peak := g.memory(t)
		t.Logf("%-20s %6d bytes, of %9d: %d after %.2f s of CPU and %5.1f MB (%5.1f MB above idle)",
			name, len(bodies[name]), len(h.body), status, spent, peak-held, peak-idle)
		if h.status != status || !strings.Contains(text, h.text) {
			t.Errorf("%s: %d, and not %d: %.300s", name, status, h.status, text)
		}
		if spent > mostCPU || peak-held > mostMemory || peak-idle > 2*mostMemory {
			t.Errorf("%s costs %.2f s of CPU and %.1f MB", name, spent, peak-held)
		}
	}

	var calls atomic.Int64
	alone := g.pace(t, token, func() bool { return calls.Add(1) > 100 })
	var sending sync.WaitGroup
	var senders atomic.Int64
	const lines = 4
	for i := range lines {
		senders.Add(1)
		sending.Go(func() {
			defer senders.Add(-1)
			for n := range names {
				name := names[(n+i*len(names)/lines)%len(names)]
				if status, text := g.send(t, all25[name], bodies[name]); status != all25[name].status {
					t.Errorf("%s: %d: %.300s", name, status, text)
				}
			}
		})
	}
	beside := g.pace(t, token, func() bool { return senders.Load() == 0 })
	sending.Wait()
	t.Logf("a call takes %v alone, and %v beside such bodies: %.2f times as long", alone, beside, float64(beside)/float64(alone))
}

// pace returns the median time that calls take, one every 10 ms until it is
// enough. Each of them has to succeed.
func (g *gateway) pace(tb testing.TB, token string, enough func() bool) time.Duration {
	tb.Helper()
	var took []time.Duration
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := 0; !enough(); i++ {
		start := time.Now()
		g.call(tb, token, i)
		took = append(took, time.Since(start))
		<-tick.C
	}
	require.NotEmpty(tb, took)
	slices.Sort(took)
	return took[len(took)/2]
}

func (g *gateway) send(tb testing.TB, h hostile, body []byte) (status int, text string) {
	tb.Helper()
	path, kind := h.path, h.kind
	if path == "" {
		path = "/run"
	}
	if kind == "" {
		kind = "application/json"
	}
	base := g.url
	if h.wsgi {
		base = g.wsgi
	}
	req, err := http.NewRequest(http.MethodPost, base+path, bytes.NewReader(body))
	if err != nil {
		tb.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", kind)
	if !h.plain {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Error(err)
		return 0, ""
	}
	defer resp.Body.Close() //nolint:errcheck // it is read whole
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Error(err)
	}
	return resp.StatusCode, string(answer)
}

// cpu is what the process has used, in seconds of a core.
func (g *gateway) cpu(tb testing.TB) float64 {
	tb.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.cmd.Process.Pid))
	require.NoError(tb, err)
	_, rest, ok := strings.Cut(string(stat), ") ")
	require.True(tb, ok)
	fields := strings.Fields(rest) // from the third of proc(5) on
	var ticks float64
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.ParseFloat(field, 64)
		require.NoError(tb, err)
		ticks += n
	}
	return ticks / 100 // USER_HZ
}

// resetPeak makes what the process has resident now the most that it had.
func (g *gateway) resetPeak(tb testing.TB) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", g.cmd.Process.Pid), []byte("5"), 0))
}
