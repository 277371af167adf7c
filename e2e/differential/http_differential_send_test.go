package differential

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// unquoted is a text that a case writes as Go would.
func unquoted(t *testing.T, text string) string {
	t.Helper()
	s, err := strconv.Unquote(text)
	require.NoError(t, err, "%s", text)
	return s
}

// httpSide is one of the two gateways, as a case sees it.
type httpSide struct {
	name string // salt-api or saltern
	base string // its URL
	tls  *tls.Config
}

func newHTTPSide(t *testing.T, name, base, certificate string) *httpSide {
	t.Helper()
	s := &httpSide{name: name, base: base}
	if strings.HasPrefix(base, "https:") {
		pem, err := os.ReadFile(certificate)
		require.NoError(t, err)
		roots := x509.NewCertPool()
		require.True(t, roots.AppendCertsFromPEM(pem))
		s.tls = &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
	}
	return s
}

// httpAnswer is what came back. The body has been read, unless it is a stream.
type httpAnswer struct {
	status int
	header http.Header
	body   string
	stream *bufio.Scanner
	conn   net.Conn
}

// send writes a request onto a connection of its own, header by header as it
// was given, and reads the answer.
func (s *httpSide) send(q httpStep) (a httpAnswer, err error) {
	u, err := url.Parse(s.base)
	if err != nil {
		return a, err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return a, err
	}
	defer func() {
		if err != nil || a.stream == nil {
			_ = conn.Close()
		}
	}()
	if err := conn.SetDeadline(time.Now().Add(90 * time.Second)); err != nil {
		return a, err
	}
	if s.tls != nil {
		conn = tls.Client(conn, s.tls)
	}
	if _, err := io.WriteString(conn, wireRequest(q, u.Host)); err != nil {
		return a, fmt.Errorf("write the request: %w", err)
	}
	resp, err := readAnswer(bufio.NewReader(conn), q.method) //nolint:bodyclose // the connection is closed
	if err != nil {
		return a, fmt.Errorf("read the answer: %w", err)
	}
	a = httpAnswer{status: resp.StatusCode, header: resp.Header}
	if q.stream != "" && resp.StatusCode == http.StatusOK {
		a.stream, a.conn = bufio.NewScanner(resp.Body), conn
		a.stream.Buffer(nil, 4<<20)
		return a, nil
	}
	b, err := io.ReadAll(resp.Body)
	a.body = string(b)
	return a, err
}

// readAnswer passes over 100 Continue.
func readAnswer(r *bufio.Reader, method string) (*http.Response, error) {
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err == nil && resp.StatusCode == http.StatusContinue {
		return readAnswer(r, method)
	}
	return resp, err
}

// wireRequest is the request as it goes over the wire.
func wireRequest(q httpStep, host string) string {
	body := q.body
	q.headers = q.withDefault("Host", host)
	q.headers = q.withDefault("Connection", "close")
	switch q.encode {
	case "gzip":
		body = gzipped(body)
		q.headers = q.withDefault("Content-Encoding", "gzip")
	case "chunked":
		q.headers = append(q.headers, "Transfer-Encoding: chunked")
		body = inChunks(body)
	}
	if q.encode != "chunked" && (body != "" || q.method == http.MethodPost) {
		q.headers = q.withDefault("Content-Length", strconv.Itoa(len(body)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", q.method, q.path)
	for _, line := range q.headers {
		if !strings.HasSuffix(line, ": -") {
			b.WriteString(line + "\r\n")
		}
	}
	return b.String() + "\r\n" + body
}

func gzipped(body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, body)
	_ = w.Close()
	return b.String()
}

// inChunks is body in two chunks.
func inChunks(body string) string {
	var b strings.Builder
	half := len(body) / 2
	for _, part := range []string{body[:half], body[half:]} {
		if part != "" {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
		}
	}
	return b.String() + "0\r\n\r\n"
}
