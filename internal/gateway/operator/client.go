package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/tokens"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server/audit"
	servertokens "github.com/saltern-api/saltern/server/tokens"
)

// Client sends commands about tokens: over the socket of the running gateway,
// or else directly to the store.
type Client struct {
	http  *http.Client
	agent string
	close func()
}

// Open connects to the gateway, or opens the store if no gateway is running,
// since only one process may open it. The agent is the User-Agent of the
// requests. The caller must call [Client.Close].
func Open(ctx context.Context, c *config.Config, agent string, log *slog.Logger) (*Client, error) {
	dir := c.Settings.StateDir
	conn, err := dial(ctx, dir)
	switch {
	case err == nil:
		_ = conn.Close()
		t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, dir) }}
		return &Client{
			http: &http.Client{Transport: t, Timeout: requestTimeout}, agent: agent, close: t.CloseIdleConnections,
		}, nil
	case !errors.Is(err, errNoGateway):
		return nil, fmt.Errorf("ask the gateway: %w", err)
	}
	if err := c.MayOpenTokens(); err != nil {
		return nil, err
	}
	if c.Settings.Tokens.Store == settings.StoreRedis {
		redis.LogTo(log)
	}
	lines := &lateAudit{config: c, log: log}
	s, err := tokens.Open(ctx, c, issuer.Options{Logger: log, Notify: lines.write})
	if err != nil {
		return nil, err
	}
	return &Client{http: &http.Client{Transport: direct{servertokens.OperatorHandler(s)}}, agent: agent, close: func() {
		s.Close()
		lines.close()
	}}, nil
}

// noGateway distinguishes the errors of a gateway that is not running from
// those of one that cannot be reached.
func noGateway(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w: %w", errNoGateway, err)
	}
	return err
}

// Close closes the connection, or the store.
func (c *Client) Close() { c.close() }

// lateAudit is the audit log of a command that opens the store itself. It is
// opened with the first line, which may never come. If it cannot be opened, or
// must not be, a warning is logged and the lines are lost.
type lateAudit struct {
	config *config.Config
	log    *slog.Logger

	once sync.Once
	file *audit.Log // nil if there is none
}

func (l *lateAudit) write(ctx context.Context, e issuer.Event) {
	l.once.Do(l.open)
	l.file.Write(ctx, audit.OfToken(e))
}

func (l *lateAudit) open() {
	o, on := l.config.Audit(l.log)
	if !on {
		return
	}
	err := l.config.MayWriteAudit()
	if err == nil {
		l.file, err = audit.Open(o)
	}
	if err != nil {
		l.log.Warn("this is not in the audit log", slog.Any("error", err))
	}
}

func (l *lateAudit) close() { _ = l.file.Close() } // every line is written already

// Do sends a request and decodes the response into out, which may be nil. A
// status other than 2xx is returned as an error with the response's text.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://gateway"+path, body)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", c.agent)
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return answerError(res.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// maxAnswer is more than a page of a list.
const maxAnswer = 16 << 20

// answerError returns the error of a response other than 2xx.
func answerError(status int, text []byte) error {
	var answer struct{ Return string }
	if json.Unmarshal(text, &answer) != nil || answer.Return == "" {
		answer.Return = strings.ToLower(http.StatusText(status))
	}
	return errors.New(answer.Return)
}

// direct serves requests in this process.
type direct struct{ http.Handler }

var _ http.RoundTripper = direct{}

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer r.Body.Close() //nolint:errcheck // a reader of memory
	w := &answerBuffer{header: make(http.Header), status: http.StatusOK}
	d.ServeHTTP(w, r)
	return &http.Response{
		StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(w.body.Len()),
	}, nil
}

// answerBuffer is a response in memory.
type answerBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answerBuffer) Header() http.Header         { return w.header }
func (w *answerBuffer) WriteHeader(status int)      { w.status = status }
func (w *answerBuffer) Write(p []byte) (int, error) { return w.body.Write(p) }
