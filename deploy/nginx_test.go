// Package deploy_test runs what deploy/ ships, as far as a test can: a real
// nginx with nginx.conf, and libpam with pam.d/saltern.
package deploy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/internal/freeport"
)

const (
	serverName = "salt.example.com"
	patience   = 20 * time.Second
)

// wrapper is the least configuration that includes a site.
const wrapper = `
daemon off;
master_process off;
pid %[1]s/pid;
error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	include %[1]s/saltern.conf;
}
`

// proxy is a running nginx before a Go server that stands in for Saltern.
type proxy struct {
	dir  string
	addr string
	tls  *tls.Config
}

// answer is what a client got.
type answer struct {
	status int
	proto  string
	header http.Header
	body   string
}

func TestNginx(t *testing.T) {
	type seen struct {
		peer, host, proto, forwarded string
		size                         int
		files                        []string
	}
	requests := make(chan seen, 10)
	release := make(chan struct{})
	var p proxy

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		requests <- seen{
			peer: r.RemoteAddr, host: r.Host, size: len(body),
			proto: r.Header.Get("X-Forwarded-Proto"), forwarded: r.Header.Get("X-Forwarded-For"),
			files: files(t, p.dir, "body"),
		}
		_, _ = io.WriteString(w, `{"return": []}`)
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		<-release
		_, _ = io.WriteString(w, "second\n")
	})
	mux.HandleFunc("/die", func(http.ResponseWriter, *http.Request) {
		requests <- seen{}
		panic(http.ErrAbortHandler)
	})
	backend := httptest.NewServer(mux)
	t.Cleanup(backend.Close)
	p = startNginx(t, backend.Listener.Addr().String())

	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(version, func(t *testing.T) {
			c := p.client(t, version == "HTTP/2.0")
			send := func(method, path string, body []byte) answer {
				req, err := http.NewRequestWithContext(t.Context(), method, "https://"+serverName+path, bytes.NewReader(body))
				require.NoError(t, err)
				req.Header.Set("X-Forwarded-For", "192.0.2.1")
				res, err := c.Do(req)
				require.NoError(t, err)
				text, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				return answer{res.StatusCode, res.Proto, res.Header, string(text)}
			}

			got := send(http.MethodPost, "/", []byte("[]"))
			require.Equal(t, version, got.proto)
			require.Equal(t, http.StatusOK, got.status)
			require.Equal(t, `{"return": []}`, got.body)
			require.Equal(t, "max-age=31536000", got.header.Get("Strict-Transport-Security"))
			require.Equal(t, "nginx", got.header.Get("Server"), "no version")
			first := <-requests
			require.Equal(t, serverName, first.host)
			require.Equal(t, "https", first.proto)
			require.Equal(t, "127.0.0.1", first.forwarded, "a client's own word does not pass")

			require.Equal(t, http.StatusOK, send(http.MethodGet, "/", nil).status)
			require.Equal(t, first.peer, (<-requests).peer, "connections to Saltern are kept")

			got = send(http.MethodPost, "/", bytes.Repeat([]byte{' '}, 5<<20))
			require.Equal(t, http.StatusOK, got.status)
			large := <-requests
			require.Equal(t, 5<<20, large.size)
			require.Empty(t, large.files, "no body is written to disk")

			require.Equal(t, http.StatusBadGateway, send(http.MethodPost, "/die", []byte("[]")).status)
			<-requests
			require.Empty(t, requests, "a request that may have run is not sent again")
		})
	}

	t.Run("body limit", func(t *testing.T) {
		c := p.client(t, false)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+serverName+"/", http.NoBody)
		require.NoError(t, err)
		req.Body = io.NopCloser(strings.NewReader(strings.Repeat(" ", 1<<20)))
		req.ContentLength = 100<<20 + 1
		req.Header.Set("Expect", "100-continue")
		res, err := c.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
		require.Empty(t, requests)
	})

	t.Run("stream", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+serverName+"/stream", nil)
		require.NoError(t, err)
		res, err := p.client(t, false).Do(req)
		require.NoError(t, err)
		defer func() { require.NoError(t, res.Body.Close()) }()
		line := make([]byte, len("first\n"))
		_, err = io.ReadFull(res.Body, line)
		require.NoError(t, err)
		require.Equal(t, "first\n", string(line), "it arrives while the rest is still to come")
		close(release)
		rest, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, "second\n", string(rest))
	})

	t.Run("old TLS", func(t *testing.T) {
		old := p.tls.Clone()
		old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		_, err := tls.Dial("tcp", p.addr, old)
		require.ErrorContains(t, err, "protocol version")
	})
}

// startNginx runs nginx.conf with nothing changed but addresses and paths.
func startNginx(t *testing.T, backend string) proxy {
	t.Helper()
	nginx := findNginx(t)
	p := proxy{dir: t.TempDir()}
	roots := p.writePair(t)
	p.tls = &tls.Config{RootCAs: roots, ServerName: serverName, MinVersion: tls.VersionTLS12}

	port, err := freeport.Find()
	require.NoError(t, err)
	p.addr = fmt.Sprintf("127.0.0.1:%d", port)

	text, err := os.ReadFile("nginx.conf")
	require.NoError(t, err)
	site := string(text)
	for _, change := range [][2]string{
		{"server 127.0.0.1:8000;", "server " + backend + ";"},
		{"listen 443 ssl", "listen " + p.addr + " ssl"},
		{"listen [::]:443 ssl http2;", ""},
		{"/etc/ssl/salt.example.com.crt", p.path("crt")},
		{"/etc/ssl/private/salt.example.com.key", p.path("key")},
	} {
		require.Equal(t, 1, strings.Count(site, change[0]), change[0])
		site = strings.Replace(site, change[0], change[1], 1)
	}
	require.NoError(t, os.WriteFile(p.path("saltern.conf"), []byte(site), 0o600))
	require.NoError(t, os.WriteFile(p.path("nginx.conf"), fmt.Appendf(nil, wrapper, p.dir), 0o600))

	args := []string{"-p", p.dir, "-e", p.path("error.log"), "-c", p.path("nginx.conf")}
	out, err := exec.Command(nginx, append([]string{"-t"}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)

	cmd := exec.Command(nginx, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(p.path("error.log"))
			t.Logf("nginx: %s", log)
		}
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, patience, 10*time.Millisecond)
	return p
}

func findNginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} { // sbin is not in every user's PATH
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "nginx is not installed, so deploy/nginx.conf is not tested (Debian: nginx-light)"
	if os.Getenv("SALTERN_REQUIRE_NGINX") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

func (p *proxy) path(name string) string { return filepath.Join(p.dir, name) }

// client reaches the proxy under its name, whatever that resolves to.
func (p *proxy) client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	tr := &http.Transport{
		TLSClientConfig:       p.tls.Clone(),
		ForceAttemptHTTP2:     http2,
		ExpectContinueTimeout: patience,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, p.addr)
		},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience}
}

// writePair writes a self-signed pair and returns it as the only root.
func (p *proxy) writePair(t *testing.T) *x509.CertPool {
	t.Helper()
	pair := certtest.New(t, nil, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses, c.IsCA = []string{serverName}, nil, false })
	pair.Write(t, p.path("crt"), p.path("key"))
	return pair.Pool()
}

// files lists the files in a folder of the proxy.
func files(t *testing.T, dir, name string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, name, "*"))
	if err != nil {
		t.Error(err)
	}
	return found
}
