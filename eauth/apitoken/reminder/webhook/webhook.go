package webhook

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder/internal/reach"
)

// Options of a [Sender]. Only URL is required.
type Options struct {
	// URL is https, or http for a host that is this machine. It may contain a
	// secret, and is never logged or returned.
	URL string

	// Secret signs each document; without it there is no signature.
	Secret []byte

	Roots   *x509.CertPool // the CAs of the server's certificate; nil means the system's
	Timeout time.Duration  // of the whole exchange; 10 s
}

const (
	defaultTimeout = 10 * time.Second
	maxHeader      = 64 << 10
	maxTold        = 300
)

// Sender posts to one URL.
type Sender struct {
	url     string
	secret  []byte
	timeout time.Duration
	client  *http.Client
}

var _ reminder.Sender = (*Sender)(nil)

// New returns a sender, without connecting to the far end.
func New(o Options) (*Sender, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil, u.Host == "", u.Hostname() == "":
		return nil, errors.New("url: it is no URL with a host")
	case u.Scheme == "http" && !reach.Loopback(u.Hostname()):
		return nil, errors.New("url: http is for a host that is this machine; use https")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("url: it is neither https nor http")
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	return &Sender{url: u.String(), secret: o.Secret, timeout: o.Timeout, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        reach.TLS(u.Hostname(), o.Roots),
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true, // two reminders are hours apart
		},
	}}, nil
}

// Name implements [reminder.Sender].
func (s *Sender) Name() string { return "webhook" }

// Wants implements [reminder.Sender].
func (s *Sender) Wants(apitoken.Record) bool { return true }

// Send implements [reminder.Sender].
func (s *Sender) Send(ctx context.Context, r reminder.Reminder) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	body, err := json.Marshal(payload(r))
	if err != nil {
		return fmt.Errorf("%w: %w", reminder.ErrNotSent, err)
	}
	var begun atomic.Bool // a connection exists, so the document may have been sent
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { begun.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", reminder.ErrNotSent, bare(err))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "saltern")
	if len(s.secret) > 0 {
		req.Header.Set(SignatureHeader, sign(s.secret, r.At, body))
	}
	resp, err := s.client.Do(req)
	switch {
	case err != nil && begun.Load():
		return fmt.Errorf("there was no answer: %w", bare(err))
	case err != nil:
		return fmt.Errorf("%w: %w", reminder.ErrNotSent, bare(err))
	}
	_ = resp.Body.Close() // the body is not needed
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusGatewayTimeout:
		return errors.New("a proxy answers 504")
	default:
		return fmt.Errorf("%w: the answer is %s", reminder.ErrNotSent, strconv.Itoa(code))
	}
}

// bare returns an error without the URL, and with the far end's text cut to one
// short line.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return errors.New(reach.Line(err.Error(), maxTold))
}
