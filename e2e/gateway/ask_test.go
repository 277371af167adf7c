package gateway

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
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

const asJSON = "application/json"

// asked is a request; what is left out is a POST of JSON to /.
type asked struct {
	method string
	path   string
	kind   string // Content-Type; "-" is none
	body   string
	header map[string]string
}

// ask sends a request to one of the gateway's base URLs.
func ask(t *testing.T, g *running, base string, q asked) env.Answer {
	t.Helper()
	a, err := q.send(t.Context(), g, base)
	require.NoError(t, err)
	return a
}

// post sends a lowstate to the rest_wsgi listener.
func post(t *testing.T, g *running, body string) env.Answer {
	t.Helper()
	return ask(t, g, g.WSGI, asked{body: body})
}

func (q asked) send(ctx context.Context, g *running, base string) (env.Answer, error) {
	if q.method == "" {
		q.method = http.MethodPost
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, base+"/"+q.path, strings.NewReader(q.body))
	if err != nil {
		return env.Answer{}, err
	}
	switch q.kind {
	case "":
		req.Header.Set("Content-Type", asJSON)
	case "-":
	default:
		req.Header.Set("Content-Type", q.kind)
	}
	for name, value := range q.header {
		req.Header.Set(name, value)
	}
	return g.Do(req)
}

// Do sends any request, on a connection of its own.
func (g *running) Do(req *http.Request) (env.Answer, error) {
	client, err := g.Client()
	if err != nil {
		return env.Answer{}, err
	}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return env.Answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end below
	b, err := io.ReadAll(resp.Body)
	return env.Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(b)}, err
}

// Client returns a new HTTP client that trusts the gateway's certificate, if
// it has one.
func (g *running) Client() (*http.Client, error) {
	pem, err := os.ReadFile(g.Certificate())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}}, nil
}

// said is the body of an answer that is one text.
func said(text string) string { return `{"return": ` + strconv.Quote(text) + `}` }

// refused is the body of an answer that is an error. Where salt-api has an HTML
// page the main surface tells the status too; rest_wsgi has none.
func refused(surface string, status int, text string) string {
	if surface == "main" {
		return fmt.Sprintf(`{"status": %d, "return": %s}`, status, strconv.Quote(text))
	}
	return said(text)
}

// surfaces are the gateway's two listeners.
func (g *running) surfaces() map[string]string {
	return map[string]string{"wsgi": g.WSGI, "main": g.Main}
}

func ready(t *testing.T, g *running) env.Answer {
	t.Helper()
	return ask(t, g, g.Admin, asked{method: http.MethodGet, path: "readyz", kind: "-"})
}
