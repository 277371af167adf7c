package format_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/format"
)

// answer runs a handler behind the middleware.
func answer(t *testing.T, method, acceptEncoding string, h http.HandlerFunc) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
	if acceptEncoding != "" {
		r.Header.Set("Accept-Encoding", acceptEncoding)
	}
	w := httptest.NewRecorder()
	format.Compress(h).ServeHTTP(w, r)
	return w.Result()
}

// plainText decompresses a response.
func plainText(t *testing.T, r *http.Response) string {
	t.Helper()
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		gz, err := gzip.NewReader(r.Body)
		require.NoError(t, err)
		body = gz
	}
	b, err := io.ReadAll(body)
	require.NoError(t, err)
	return string(b)
}

func sending(contentType, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = io.WriteString(w, body)
	}
}

func TestCompressChooses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("[1, 2, 3]\n", 200)
	length := strconv.Itoa(len(long))
	for name, c := range map[string]struct {
		method, accept string
		handler        http.HandlerFunc
		gzip, vary     bool
	}{
		"json":           {"POST", "gzip", sending("application/json", long), true, true},
		"known length":   {"POST", "gzip, deflate, br", sending("application/json", long, "Content-Length", length), true, true},
		"yaml":           {"GET", "gzip", sending("application/x-yaml", long), true, true},
		"html":           {"GET", "gzip;q=0.5", sending("text/html; charset=utf-8", long), true, true},
		"script":         {"GET", "*", sending("text/javascript", long), true, true},
		"svg":            {"GET", "gzip", sending("image/svg+xml", long), true, true},
		"openapi":        {"GET", "gzip", sending("application/openapi+json", long), true, true},
		"x-gzip":         {"GET", "x-gzip", sending("text/plain", long), true, true},
		"short":          {"GET", "gzip", sending("application/json", "[]"), false, true},
		"known short":    {"GET", "gzip", sending("application/json", "[]", "Content-Length", "2"), false, true},
		"not asked":      {"GET", "", sending("application/json", long), false, true},
		"refused":        {"GET", "gzip;q=0", sending("application/json", long), false, true},
		"refused in all": {"GET", "*;q=0", sending("application/json", long), false, true},
		"others only":    {"GET", "br, deflate", sending("application/json", long), false, true},
		"rather plain":   {"GET", "identity, gzip;q=0.5", sending("application/json", long), false, true},
		"all but gzip":   {"GET", "gzip;q=0, *", sending("application/json", long), false, true},
		"head":           {"HEAD", "gzip", sending("application/json", "", "Content-Length", length), false, true},
		"events":         {"GET", "gzip", sending("text/event-stream;charset=utf-8", long), false, false},
		"image":          {"GET", "gzip", sending("image/png", long), false, false},
		"tar":            {"GET", "gzip", sending("application/x-tar", long), false, false},
		"coded":          {"GET", "gzip", sending("text/plain", long, "Content-Encoding", "br"), false, false},
		"no transform":   {"GET", "gzip", sending("text/plain", long, "Cache-Control", "private, no-transform"), false, false},
		"no type":        {"GET", "gzip", sending("", long), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := answer(t, c.method, c.accept, c.handler)
			require.Equal(t, c.gzip, r.Header.Get("Content-Encoding") == "gzip")
			require.Equal(t, c.vary, r.Header.Get("Vary") == "Accept-Encoding")
			text := plainText(t, r)
			switch {
			case c.gzip:
				require.Empty(t, r.Header.Get("Content-Length"))
				require.Equal(t, long, text)
			case c.method == http.MethodHead:
				require.Equal(t, length, r.Header.Get("Content-Length"))
			default:
				require.Contains(t, []string{long, "[]"}, text)
			}
			require.NoError(t, r.Body.Close())
		})
	}
}

func TestCompressLeavesStatusesAlone(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNoContent, http.StatusNotModified, http.StatusPartialContent} {
		r := answer(t, http.MethodGet, "gzip", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Etag", `"a"`)
			w.WriteHeader(status)
			w.WriteHeader(http.StatusTeapot) // does nothing
		})
		require.NoError(t, r.Body.Close())
		require.Equal(t, status, r.StatusCode)
		require.Empty(t, r.Header.Get("Content-Encoding"))
		require.Equal(t, `"a"`, r.Header.Get("Etag"))
	}
	r := answer(t, http.MethodGet, "gzip", sending("text/plain", strings.Repeat("x", 2000), "Etag", `"a"`, "Accept-Ranges", "bytes"))
	require.NoError(t, r.Body.Close())
	require.Equal(t, `W/"a"`, r.Header.Get("Etag"))
	require.Empty(t, r.Header.Get("Accept-Ranges"))

	r = answer(t, http.MethodGet, "gzip", func(http.ResponseWriter, *http.Request) {})
	require.NoError(t, r.Body.Close())
	require.Equal(t, http.StatusOK, r.StatusCode)
}

// TestCompressedStream shows over a real connection that every flush arrives at
// once, that responses share the writers, and that a panic truncates.
func TestCompressedStream(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		control := http.NewResponseController(w)
		for i := range 3 {
			fmt.Fprintf(w, "line %d\n", i)
			if control.Flush() != nil {
				return
			}
			<-next
		}
	})
	mux.HandleFunc("/panic", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	server := httptest.NewServer(format.Compress(mux))
	defer server.Close()
	get := func(path string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Encoding", "gzip")
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		require.Equal(t, "gzip", answer.Header.Get("Content-Encoding"))
		return answer
	}

	for range 3 {
		r := get("/stream")
		gz, err := gzip.NewReader(r.Body)
		require.NoError(t, err)
		lines := bufio.NewReader(gz)
		for i := range 3 {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("line %d\n", i), line)
			next <- struct{}{}
		}
		_, err = lines.ReadByte()
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, r.Body.Close())
	}

	r := get("/panic")
	gz, err := gzip.NewReader(r.Body)
	if err == nil {
		_, err = io.Copy(io.Discard, gz)
	}
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, r.Body.Close())
}

func TestCompressedWriterEnds(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	rec := httptest.NewRecorder()
	w := new(format.Compressor).Writer(rec, r)
	require.Same(t, rec, w.Unwrap())
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusAccepted)
	_, err := io.WriteString(w, "short")
	require.NoError(t, err)
	require.Empty(t, rec.Body.String())
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	require.Equal(t, "short", rec.Body.String())
	require.Equal(t, http.StatusAccepted, rec.Code)
	_, err = io.WriteString(w, "more")
	require.Error(t, err)
	require.NoError(t, http.NewResponseController(w).Flush())
	require.Equal(t, "short", rec.Body.String())
}

// Nothing is written after a panic: not what the writer still holds, and not the
// end of the gzip.
func TestCompressPanic(t *testing.T) {
	t.Parallel()
	answer := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	atPanic := 0
	h := format.Compress(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, strings.Repeat("x", 5000))
		atPanic = answer.Body.Len()
		panic(http.ErrAbortHandler)
	}))
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { h.ServeHTTP(answer, r) })
	require.Equal(t, atPanic, answer.Body.Len())
	gz, err := gzip.NewReader(answer.Body)
	if err == nil {
		_, err = io.Copy(io.Discard, gz)
	}
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
