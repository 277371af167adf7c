package rpcclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultMaxAnswer is the size of an answer that is read at the most, in bytes.
const DefaultMaxAnswer = 64 << 20

// Options of a [Client].
type Options struct {
	// URL is that of the server, without /rpc: "https://salt.example.com:8000". Below
	// a path such as "/raas" it has that path.
	URL string

	// Token is an API token or an access token. Without one User and Password log in, at
	// the eauth module ConfigName ("" stands for internal, the server's default).
	Token          string
	User, Password string
	ConfigName     string

	// TLS are the settings of connections; nil stands for the system's certificates.
	TLS *tls.Config

	// PlainHTTP accepts a URL without TLS, by which everybody on the way reads the
	// credentials.
	PlainHTTP bool

	// MaxAnswer bounds an answer, in bytes; 0 stands for [DefaultMaxAnswer].
	MaxAnswer int64

	// Transport sends the requests, in place of one that is made of TLS.
	Transport http.RoundTripper
}

// Client calls methods. It is safe for use by several goroutines.
type Client struct {
	opts Options
	base string
	http *http.Client
	riq  atomic.Int64

	mu    sync.Mutex
	login *login // nil before the first one
}

// New returns a client. It does not connect.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, errors.New("rpcclient: the URL cannot be read") // the cause may quote a password
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("rpcclient: the URL has more than a host and a path")
	case u.Scheme == "http" && !o.PlainHTTP && !isLoopback(u.Hostname()):
		return nil, errors.New("rpcclient: the URL is without TLS: everybody on the way would read the credentials")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, errors.New("rpcclient: the URL is not one of https")
	case (o.Token == "") == (o.User == ""):
		return nil, errors.New("rpcclient: a token is needed, or a user with a password")
	}
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = DefaultMaxAnswer
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: o.TLS, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: maxIdle,
			IdleConnTimeout: idleTimeout, TLSHandshakeTimeout: handshakeTimeout,
		}
	}
	return &Client{
		opts: o, base: strings.TrimRight(o.URL, "/"),
		http: &http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

const (
	maxIdle          = 4 // connections that wait for the next call
	idleTimeout      = 90 * time.Second
	handshakeTimeout = 10 * time.Second
)

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close closes connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call calls a method by its whole name, such as "job.get_jobs". kwarg is encoded as a
// JSON object, with the arguments by their names; nil stands for none. The result is
// decoded into ret, unless that is nil. An error of the method is an [*Error], and one of
// the request an [*StatusError]; after any other error the call may have been carried
// out.
func (c *Client) Call(ctx context.Context, method string, kwarg, ret any) error {
	_, err := c.CallWarned(ctx, method, kwarg, ret)
	return err
}

// CallWarned is Call, and returns the warnings of the answer.
func (c *Client) CallWarned(ctx context.Context, method string, kwarg, ret any) (warnings []string, err error) {
	resource, name, ok := strings.Cut(method, ".")
	if !ok {
		return nil, fmt.Errorf("rpcclient: %.80q is no name of a method", method)
	}
	body, err := json.Marshal(call{Resource: resource, Method: name, Kwarg: kwarg, RIQ: c.riq.Add(1)})
	if err != nil {
		return nil, fmt.Errorf("rpcclient: encode the arguments of %s: %w", method, err)
	}
	answer, err := c.post(ctx, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	var e envelope
	if err := json.Unmarshal(answer, &e); err != nil || e.Warnings == nil && e.Ret == nil && e.Error == nil {
		return nil, fmt.Errorf("%s: the answer is no envelope", method)
	}
	if e.Error != nil {
		return e.Warnings, fmt.Errorf("%s: %w", method, e.Error)
	}
	if ret != nil {
		if err := json.Unmarshal(e.Ret, ret); err != nil {
			return e.Warnings, fmt.Errorf("%s: decode the result: %w", method, err)
		}
	}
	return e.Warnings, nil
}

// call is a call as it is sent.
type call struct {
	Resource string `json:"resource"`
	Method   string `json:"method"`
	Kwarg    any    `json:"kwarg,omitempty"`
	RIQ      int64  `json:"riq"`
}

// envelope is an answer.
type envelope struct {
	Ret      json.RawMessage `json:"ret"`
	Error    *Error          `json:"error"`
	Warnings []string        `json:"warnings"`
}

// post sends a call, with a credential. It is sent once more after a new login, if the
// server did not accept the one before.
func (c *Client) post(ctx context.Context, body []byte) ([]byte, error) {
	if c.opts.Token != "" {
		return c.send(ctx, http.MethodPost, "/rpc", body, http.Header{"Authorization": {"Bearer " + c.opts.Token}})
	}
	with, err := c.loggedIn(ctx, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.send(ctx, http.MethodPost, "/rpc", body, with.header())
	if status, ok := errors.AsType[*StatusError](err); !ok || status.Status != http.StatusUnauthorized {
		return answer, err
	}
	if with, err = c.loggedIn(ctx, with); err != nil {
		return nil, err
	}
	return c.send(ctx, http.MethodPost, "/rpc", body, with.header())
}

// send sends a request, and returns the body of an answer with the status 200.
func (c *Client) send(ctx context.Context, method, path string, body []byte, header http.Header) ([]byte, error) {
	text, _, err := c.sendFor(ctx, method, path, body, header)
	return text, err
}

func (c *Client) sendFor(ctx context.Context, method, path string, body []byte, header http.Header) ([]byte, http.Header, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a request: %w", err)
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, fmt.Errorf("send a request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, c.opts.MaxAnswer+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read the answer: %w", err)
	case int64(len(text)) > c.opts.MaxAnswer:
		return nil, nil, fmt.Errorf("the answer is larger than %d bytes: ask for less at once", c.opts.MaxAnswer)
	case resp.StatusCode != http.StatusOK:
		return nil, nil, statusError(resp, text)
	}
	return text, resp.Header, nil
}
