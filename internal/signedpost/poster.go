package signedpost

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/internal/reach"
)

// Options of a [Poster]. Only URL is required.
type Options struct {
	// URL is https, or http for a host that is this machine. It may contain a
	// secret, and is never logged or returned.
	URL string

	// Secret signs each document; without it there is no signature.
	Secret []byte

	Roots   *x509.CertPool // the CAs of the server's certificate; nil means the system's
	Timeout time.Duration  // of the whole exchange; 10 s
}

// DefaultTimeout is the default of [Options].Timeout.
const DefaultTimeout = 10 * time.Second

const (
	maxHeader = 64 << 10
	maxTold   = 300
)

// Poster posts to one URL. It is safe for use by several goroutines.
type Poster struct {
	url     string
	secret  []byte
	timeout time.Duration
	client  *http.Client
}

// New returns a poster, without connecting to the far end.
func New(o Options) (*Poster, error) {
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
		o.Timeout = DefaultTimeout
	}
	return &Poster{url: u.String(), secret: o.Secret, timeout: o.Timeout, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        reach.TLS(u.Hostname(), o.Roots),
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true, // there are few documents, and long pauses between them
		},
	}}, nil
}

// Document is what is posted.
type Document struct {
	Body []byte // JSON
	At   time.Time

	// Key is the Idempotency-Key of the request, the same in each attempt; ""
	// sends none.
	Key string
}

// Post posts a document. Errors are an [*Error].
func (p *Poster) Post(ctx context.Context, d Document) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var begun atomic.Bool // a connection exists, so the document may have been sent
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { begun.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(d.Body))
	if err != nil {
		return failed(err, false)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "saltern")
	if d.Key != "" {
		req.Header.Set("Idempotency-Key", d.Key)
	}
	if len(p.secret) > 0 {
		req.Header.Set(Header, Sign(p.secret, d.At, d.Body))
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return failed(err, begun.Load())
	}
	_ = resp.Body.Close() // the body is not needed
	if code := resp.StatusCode; code < 200 || code >= 300 {
		return &Error{Status: code, MayHaveArrived: code == http.StatusGatewayTimeout}
	}
	return nil
}

// Error is the failure of one attempt. Neither of its texts has the URL.
type Error struct {
	// Status is that of the answer; 0 if there was none.
	Status int

	// MayHaveArrived is set if the document may have been accepted.
	MayHaveArrived bool

	err error // what went wrong, where there was no answer
}

// Error returns the text for the operator. It may have the address of the host.
func (e *Error) Error() string {
	switch {
	case e.Status == http.StatusGatewayTimeout:
		return "a proxy answers 504"
	case e.Status != 0:
		return "the answer is " + strconv.Itoa(e.Status)
	case e.MayHaveArrived:
		return "there was no answer: " + e.err.Error()
	}
	return e.err.Error()
}

// Brief returns the text for others: it has neither an address nor a text of the
// far end.
func (e *Error) Brief() string {
	var certificate *tls.CertificateVerificationError
	switch {
	case e.Status != 0:
		return e.Error()
	case errors.As(e.err, &certificate):
		return "the certificate of the receiver is not trusted"
	case errors.Is(e.err, context.DeadlineExceeded):
		return "there was no answer in time"
	case e.MayHaveArrived:
		return "there was no answer"
	}
	return "there is no connection to the receiver"
}

// failed returns the error of an exchange without an answer.
func failed(err error, begun bool) error {
	return &Error{MayHaveArrived: begun, err: bareError{err}}
}

// bareError is an error without the URL, and with the far end's text cut to one
// short line.
type bareError struct{ err error }

func (e bareError) Error() string {
	err := e.err
	if of, ok := errors.AsType[*url.Error](err); ok {
		err = of.Err
	}
	return reach.Line(err.Error(), maxTold)
}

func (e bareError) Unwrap() error { return e.err }
