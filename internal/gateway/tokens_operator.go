package gateway

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
	"syscall"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
)

// Operator is a way to give commands about tokens: over the socket of the
// gateway that runs, or else directly on the store.
type Operator struct {
	http  *http.Client
	agent string
	close func()
}

// OpenOperator finds out which way there is. The store belongs to one process at
// a time, so it is opened only where no gateway answers. The agent is the
// User-Agent of the requests. The caller must call [Operator.Close].
func OpenOperator(ctx context.Context, c *Config, agent string, log *slog.Logger) (*Operator, error) {
	dir := c.set.StateDir
	conn, err := dialOperator(ctx, dir)
	if err == nil {
		_ = conn.Close()
		t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialOperator(ctx, dir)
		}}
		return &Operator{http: &http.Client{Transport: t, Timeout: operatorTimeout}, agent: agent, close: t.CloseIdleConnections}, nil
	}
	if !errors.Is(err, errNoGateway) {
		return nil, fmt.Errorf("ask the gateway: %w", err)
	}
	if err := mayOpenStore(c); err != nil {
		return nil, err
	}
	if c.set.Tokens.Store == settings.StoreRedis {
		redis.LogTo(log)
	}
	notify, endAudit := auditCommands(c, log)
	s, err := openTokens(ctx, c, issuer.Options{Logger: log, Notify: notify})
	if err != nil {
		return nil, err
	}
	return &Operator{http: &http.Client{Transport: direct{server.OperatorHandler(s)}}, agent: agent, close: func() {
		s.close()
		endAudit()
	}}, nil
}

// noGateway tells a gateway that does not run from one that cannot be asked.
func noGateway(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w: %w", errNoGateway, err)
	}
	return err
}

// Close ends it.
func (o *Operator) Close() { o.close() }

// Do sends a request and reads the answer into out, which may be nil. Its error
// is what the answer says, where it is none of the 200s.
func (o *Operator) Do(ctx context.Context, method, path string, in, out any) error {
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
	req.Header.Set("User-Agent", o.agent)
	res, err := o.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(res.Body, maxOperatorAnswer))
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return complaint(res.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// maxOperatorAnswer is more than a page of a list has.
const maxOperatorAnswer = 16 << 20

func complaint(status int, text []byte) error {
	var told struct{ Return string }
	if json.Unmarshal(text, &told) != nil || told.Return == "" {
		told.Return = strings.ToLower(http.StatusText(status))
	}
	return errors.New(told.Return)
}

// direct answers requests in this process.
type direct struct{ http.Handler }

var _ http.RoundTripper = direct{}

// RoundTrip is http.RoundTripper's.
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

// answerBuffer is an answer in memory.
type answerBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answerBuffer) Header() http.Header         { return w.header }
func (w *answerBuffer) WriteHeader(status int)      { w.status = status }
func (w *answerBuffer) Write(p []byte) (int, error) { return w.body.Write(p) }
