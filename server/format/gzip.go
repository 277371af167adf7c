package format

import (
	"compress/gzip"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	// minCompressed is the size in bytes from which a response is compressed: a
	// smaller one fits into one packet anyhow.
	minCompressed = 1024

	// compressionLevel takes a third of the time of the default 6, for a few
	// percent more bytes.
	compressionLevel = 3
)

// Compress is a Compressor as middleware. A response that ends in a panic is
// left without the end of its gzip, so that no client takes it for complete.
func Compress(next http.Handler) http.Handler {
	c := new(Compressor)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cw := c.Writer(w, r)
		next.ServeHTTP(cw, r)
		_ = cw.Close() // a closed connection is noticed by the handler, if at all
	})
}

// Compressor compresses responses with gzip for the clients that accept it. The
// zero value is ready; it is safe for concurrent use.
type Compressor struct {
	idle sync.Pool // of *gzip.Writer
}

// Writer returns a writer for the response to r. It must be closed once the
// handler has returned, unless the response is to be truncated.
//
// Responses of JSON, YAML and other text types are compressed if their
// Content-Length is at least 1 KiB, if they grow to that, or if they are
// flushed before they end. Not compressed are event streams, ranges, responses
// that already have a coding, and those with no-transform.
func (c *Compressor) Writer(w http.ResponseWriter, r *http.Request) *CompressedWriter {
	return &CompressedWriter{
		ResponseWriter: w,
		from:           c,
		wanted:         r.Method != http.MethodHead && acceptsGzip(r.Header["Accept-Encoding"]),
	}
}

func (c *Compressor) get(w http.ResponseWriter) *gzip.Writer {
	if gz, ok := c.idle.Get().(*gzip.Writer); ok {
		gz.Reset(w)
		return gz
	}
	gz, _ := gzip.NewWriterLevel(w, compressionLevel) // fails for a bad level only
	return gz
}

// CompressedWriter is the http.ResponseWriter of one response. It works with
// http.ResponseController.
type CompressedWriter struct {
	http.ResponseWriter // of the uncompressed response; its Write and Flush are not ours

	from   *Compressor
	wanted bool

	status int          // 0 until the handler has set it
	held   []byte       // bytes written while it is undecided whether to compress
	open   bool         // whether that is undecided
	gz     *gzip.Writer // nil unless compressing
	closed bool
}

var (
	_ http.ResponseWriter                       = (*CompressedWriter)(nil)
	_ interface{ FlushError() error }           = (*CompressedWriter)(nil)
	_ interface{ Unwrap() http.ResponseWriter } = (*CompressedWriter)(nil)
)

// errClosed is for a handler that writes after it has returned.
var errClosed = errors.New("write the answer: it has ended")

// Unwrap is for http.ResponseController.
func (w *CompressedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader decides whether to compress, or leaves that to the first writes.
func (w *CompressedWriter) WriteHeader(status int) {
	if w.status != 0 || w.closed {
		return
	}
	if status < http.StatusOK && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status) // it is informational: more will follow
		return
	}
	w.status = status
	h := w.Header()
	if !compressible(status, h) {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	h.Add("Vary", "Accept-Encoding")
	size, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	switch known := err == nil; {
	case !w.wanted || known && size < minCompressed:
		w.ResponseWriter.WriteHeader(status)
	case known:
		w.compress()
	default:
		w.open = true
	}
}

// Write implements io.Writer.
func (w *CompressedWriter) Write(p []byte) (int, error) {
	if w.closed {
		return 0, errClosed
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.open {
		if len(w.held)+len(p) < minCompressed {
			w.held = append(w.held, p...)
			return len(p), nil
		}
		if err := w.decide(true); err != nil {
			return 0, err
		}
	}
	if w.gz != nil {
		return w.gz.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// FlushError flushes what has been written. A response that is flushed is a
// stream, and compressed however short it is so far.
func (w *CompressedWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if err := w.decide(true); err != nil {
		return err
	}
	if w.gz != nil {
		if err := w.gz.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (w *CompressedWriter) Flush() { _ = w.FlushError() }

// Close ends the response. It may be called twice.
func (w *CompressedWriter) Close() error {
	if w.closed {
		return nil
	}
	err := w.decide(false)
	w.closed = true
	if w.gz == nil {
		return err
	}
	err = errors.Join(err, w.gz.Close())
	w.gz.Reset(nil) // releases the connection
	w.from.idle.Put(w.gz)
	w.gz = nil
	return err
}

// decide decides whether to compress.
func (w *CompressedWriter) decide(compress bool) error {
	if !w.open {
		return nil
	}
	w.open = false
	held := w.held
	w.held = nil
	if compress {
		w.compress()
		_, err := w.gz.Write(held)
		return err
	}
	w.ResponseWriter.WriteHeader(w.status)
	if len(held) == 0 {
		return nil
	}
	_, err := w.ResponseWriter.Write(held) //nolint:gosec // G705: the handler's own answer, as it wrote it
	return err
}

func (w *CompressedWriter) compress() {
	h := w.Header()
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	h.Set("Content-Encoding", "gzip")
	if tag := h.Get("Etag"); strings.HasPrefix(tag, `"`) {
		h.Set("Etag", "W/"+tag) // the bytes differ, the content does not
	}
	w.ResponseWriter.WriteHeader(w.status)
	w.gz = w.from.get(w.ResponseWriter)
}

// compressible reports whether a response is compressed for clients that accept
// gzip.
func compressible(status int, h http.Header) bool {
	switch status {
	case http.StatusSwitchingProtocols, http.StatusNoContent, http.StatusPartialContent, http.StatusNotModified:
		return false
	}
	if h.Get("Content-Encoding") != "" || h.Get("Content-Range") != "" ||
		strings.Contains(h.Get("Cache-Control"), "no-transform") {
		return false
	}
	mediaType, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	kind, subtype, _ := strings.Cut(mediaType, "/")
	switch {
	case mediaType == "text/event-stream":
		return false
	case kind == "text":
		return true
	}
	for _, ending := range []string{"json", "yaml", "javascript", "xml"} {
		if strings.HasSuffix(subtype, ending) {
			return true
		}
	}
	return false
}

// acceptsGzip reports whether the client accepts gzip and does not prefer the
// uncompressed response (RFC 9110, 12.5.3).
func acceptsGzip(headers []string) bool {
	gzipped, plain, others := -1.0, -1.0, 0.0
	for _, r := range acceptRanges(headers) {
		switch r.value {
		case "gzip", "x-gzip":
			gzipped = max(gzipped, r.q)
		case "identity":
			plain = max(plain, r.q)
		case "*":
			others = r.q
		}
	}
	if gzipped < 0 {
		gzipped = others
	}
	return gzipped > 0 && gzipped >= plain
}
