package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for an event.
const patience = 20 * time.Second

// ping is the first chunk of the example, and pong its answer.
const (
	ping = `[{"eauth":"pam","username":"saltdev","password":"saltdev","client":"local","tgt":"*","fun":"test.ping"}]`
	pong = `{"ms--4": true, "ms--3": true, "ms--2": true, "ms--1": true, "ms--0": true}`
)

// fakeCall is a call as recorded by a fake gateway.
type fakeCall struct {
	lowstate.Call
	Records []lowstate.Record
}

func (c *fakeCall) result(texts [][]byte) lowstate.Result {
	answers := make([]lowstate.Answer, len(texts))
	for i, text := range texts {
		answers[i] = c.answer(i, text)
	}
	return lowstate.Result{Answers: answers, Chunks: c.Chunks, Records: c.Records}
}

// answer returns a text as an answer of the chunk's client.
func (c *fakeCall) answer(i int, text []byte) lowstate.Answer {
	client := ""
	if i < len(c.Chunks) {
		client, _ = c.Chunks[i].Text("client")
	}
	packed, _ := msgpack.AppendFromJSON(nil, text) // empty for text that is not JSON
	var job struct {
		JID     string   `json:"jid"`
		Minions []string `json:"minions"`
	}
	switch {
	case client == "wheel":
		return lowstate.WheelReturn{Raw: packed}
	case client == "runner":
		return lowstate.RunnerReturn{Return: packed}
	case client == "local_async" && json.Unmarshal(text, &job) == nil:
		return lowstate.Published{JID: job.JID, Minions: job.Minions}
	}
	return lowstate.Returns(text)
}

// fakeGateway answers every call with run.
type fakeGateway struct {
	run func(ctx context.Context, call *fakeCall) ([][]byte, error)
}

var _ server.Gateway = fakeGateway{}

func (g fakeGateway) Run(ctx context.Context, call lowstate.Call) (lowstate.Result, error) {
	c := &fakeCall{Call: call}
	answers, err := g.run(ctx, c)
	return c.result(answers), err
}

// Streams reports true for calls whose last chunk names local_batch.
func (fakeGateway) Streams(call lowstate.Call) bool {
	if len(call.Chunks) == 0 {
		return false
	}
	name, _ := call.Chunks[len(call.Chunks)-1].Text("client")
	return name == "local_batch"
}

func (g fakeGateway) RunStream(
	ctx context.Context, call lowstate.Call, yield func(lowstate.Result, lowstate.Answer) error,
) (lowstate.Result, error) {
	c := &fakeCall{Call: call}
	answers, err := g.run(ctx, c)
	for _, a := range c.result(answers).Answers {
		if err := yield(c.result(nil), a); err != nil {
			return c.result(nil), err
		}
	}
	return c.result(nil), err
}

func (fakeGateway) Clients() []string { return []string{"local", "local_async", "runner"} }

// answering returns a gateway with the same answer for each chunk.
func answering(answer string) fakeGateway {
	return fakeGateway{func(_ context.Context, call *fakeCall) ([][]byte, error) {
		answers := make([][]byte, len(call.Chunks))
		for i := range answers {
			answers[i] = []byte(answer)
		}
		return answers, nil
	}}
}

// failing returns a gateway that refuses every call.
func failing(err error) fakeGateway {
	return fakeGateway{func(context.Context, *fakeCall) ([][]byte, error) { return nil, err }}
}

// running is a server under test.
type running struct {
	*server.Server
	log  *logBuffer
	stop context.CancelFunc
	done chan error // the result of Serve
}

// start serves main on the first listener and wsgi on the second, unless change
// sets others, and stops with the test.
func start(t *testing.T, g server.Gateway, change func(*server.Config)) *running {
	t.Helper()
	set := settings.Default()
	set.Admin.Listen = ""
	set.StateDir = t.TempDir()
	log := &logBuffer{}
	cfg := server.Config{
		Gateway: g,
		Listeners: []server.ListenerSpec{
			{Surface: server.Main, Address: "127.0.0.1:0"},
			{Surface: server.WSGI, Address: "127.0.0.1:0"},
		},
		Settings: set,
		Log:      slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := server.Listen(t.Context(), cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Server: s, log: log, stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, r.wait(t))
	})
	return r
}

// wait returns the result of Serve. It may be called repeatedly.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(patience):
		require.FailNow(t, "the server does not stop")
		return nil
	}
}

func (r *running) addr(i int) string { return r.Addrs()[i].String() }

// dial opens a connection that closes with the test.
func (r *running) dial(t *testing.T, i int) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", r.addr(i))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return c
}

// post writes a common request to a connection.
func post(t *testing.T, w io.Writer, body string, headers ...string) {
	t.Helper()
	headers = append([]string{"POST / HTTP/1.1", "Host: salt", "Content-Type: application/json"}, headers...)
	_, err := io.WriteString(w, strings.Join(headers, "\r\n")+"\r\n\r\n"+body)
	require.NoError(t, err)
}

// reply is the head of a response.
type reply struct {
	Proto         string
	StatusCode    int
	Header        http.Header
	ContentLength int64
	Close         bool
}

// whole reads a response to its end.
func whole(t *testing.T, resp *http.Response) (head reply, body string) {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return reply{resp.Proto, resp.StatusCode, resp.Header, resp.ContentLength, resp.Close}, string(text)
}

// answer reads the next response on a connection.
func answer(t *testing.T, r *bufio.Reader) (head reply, body string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return whole(t, resp)
}

// ended requires that the other side has closed the connection.
func ended(t *testing.T, r io.Reader) {
	t.Helper()
	rest, err := io.ReadAll(r)
	if err != nil {
		var timeout net.Error
		require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the connection stays open")
	}
	require.Empty(t, rest)
}

// ask sends one request over a connection of its own.
func (r *running) ask(t *testing.T, i int, method, path, contentType, body string) (head reply, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.addr(i)+path, strings.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return do(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, req)
}

func do(t *testing.T, c *http.Client, req *http.Request) (head reply, body string) {
	t.Helper()
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return whole(t, resp)
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// lines waits for n lines with the given message and returns them.
func (b *logBuffer) lines(t *testing.T, msg string, n int) []map[string]any {
	t.Helper()
	var found []map[string]any
	require.Eventually(t, func() bool {
		found = nil
		for line := range strings.Lines(b.String()) {
			var m map[string]any
			if json.Unmarshal([]byte(line), &m) == nil && m["msg"] == msg {
				found = append(found, m)
			}
		}
		return len(found) >= n
	}, patience, time.Millisecond, "no %d lines %q", n, msg)
	require.Len(t, found, n)
	return found
}
