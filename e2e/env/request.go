package env

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
)

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Post sends a JSON body to a URL of the gateway or of salt-api.
func (r *Env) Post(ctx context.Context, url, body string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("env: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	return r.Do(req)
}

// Do sends any request. It trusts the gateway's certificate. Connections with TLS
// are kept while the gateway runs; salt-api closes its own too soon for that.
func (r *Env) Do(req *http.Request) (Answer, error) {
	var client *http.Client
	var err error
	if req.URL.Scheme == "https" {
		client, err = r.kept.get(r)
	} else if client, err = r.Client(); err == nil {
		defer client.CloseIdleConnections()
	}
	if err != nil {
		return Answer{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("env: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end below
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("env: %w", err)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(b)}, nil
}

// kept is a client whose connections are used again.
type kept struct {
	mu     sync.Mutex
	client *http.Client
}

func (k *kept) get(r *Env) (*http.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		return k.client, nil
	}
	client, err := r.Client()
	k.client = client
	return client, err
}

// drop closes the connections, before the gateway ends or its certificate
// changes.
func (k *kept) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		k.client.CloseIdleConnections()
		k.client = nil
	}
}

// Client returns a new HTTP client that trusts the gateway's certificate, if
// it has one.
func (r *Env) Client() (*http.Client, error) {
	pem, err := os.ReadFile(r.Certificate())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("env: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 100,
	}}, nil
}

// Chunk is a lowstate of one chunk with the credentials of a PAM user. rest is
// the chunk's other keys, as JSON without the braces.
func Chunk(user, rest string) string {
	return fmt.Sprintf(`[{"eauth": "pam", "username": %q, "password": %q, %s}]`, user, user, rest)
}
