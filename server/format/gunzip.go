package format

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
)

// Decompress returns a reader of the decompressed body of a request with these
// headers. If they name gzip and the body begins with gzip's magic bytes, it
// reads at most limit bytes, both compressed and decompressed: one more is an
// *Error with status 413, and invalid or truncated gzip is one with 400. Errors
// of body itself are returned unchanged. The decompressed bytes are charged to
// the budget, whose errors are those of the reader, too.
//
// As in salt-api, which ignores Content-Encoding, a body that is not compressed
// despite the header, or that has an unknown coding, is returned as it is: there
// is a client that sends UTF-8 there. See [Text] for those that are not UTF-8.
//
// The body is returned as it is, without a limit, if gzip is not named. If it
// is, the Content-Length is not the number of bytes read.
func Decompress(h http.Header, body io.Reader, limit int64, b *budget.Budget) (io.Reader, error) {
	for coding := range codings(h) {
		if coding == "gzip" || coding == "x-gzip" {
			source := &boundedReader{from: body, left: limit}
			return &gunzipReader{source: source, plain: boundedReader{left: limit}, budget: b}, nil
		}
	}
	return body, nil
}

// codings yields the codings of a Content-Encoding, in lower case.
func codings(h http.Header) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, value := range h["Content-Encoding"] {
			for coding := range strings.SplitSeq(value, ",") {
				if !yield(strings.ToLower(strings.TrimSpace(coding))) {
					return
				}
			}
		}
	}
}

// PlainSize returns the decompressed size of gzip according to its trailer.
func PlainSize(packed []byte) int64 {
	if len(packed) < 4 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
}

var errTooLarge = &Error{Status: http.StatusRequestEntityTooLarge, Text: "The request body is too large"}

// boundedReader fails where io.LimitedReader ends. The error is sticky.
type boundedReader struct {
	from io.Reader
	left int64
	err  error
}

func (r *boundedReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1]
	}
	var n int
	n, r.err = r.from.Read(p)
	if int64(n) > r.left {
		n, r.err = int(r.left), errTooLarge
	}
	r.left -= int64(n)
	return n, r.err
}

// gunzipReader distinguishes errors of the body from errors of its gzip. It
// reads nothing before the first Read, since the deadline may not be set yet.
type gunzipReader struct {
	source *boundedReader
	plain  boundedReader
	budget *budget.Budget
	unpaid int // bytes
}

// payAfter is how many bytes are charged at once.
const payAfter = 16 << 10

// pay charges n bytes, and returns an error if the budget is spent.
func (r *gunzipReader) pay(n int) error {
	if r.unpaid += n; r.unpaid < payAfter {
		return nil
	}
	n, r.unpaid = r.unpaid, 0
	if err := r.budget.Spend(budget.Bytes(n)); err != nil {
		r.plain.err = err
		return err
	}
	return nil
}

func (r *gunzipReader) Read(p []byte) (int, error) {
	if r.plain.from == nil {
		from, err := gunzip(r.source)
		if err != nil {
			r.plain.err = r.explain(err)
			return 0, r.plain.err
		}
		r.plain.from = from
	}
	n, err := r.plain.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, r.explain(err)
	}
	if spent := r.pay(n); spent != nil {
		return n, spent
	}
	return n, err
}

// gzipMagic is the beginning of gzip (RFC 1952, 2.3.1), and of no text.
const gzipMagic = "\x1f\x8b"

// gunzip returns a reader of the decompressed source, or else of source itself.
func gunzip(source io.Reader) (io.Reader, error) {
	b := bufio.NewReader(source)
	if magic, _ := b.Peek(len(gzipMagic)); string(magic) != gzipMagic {
		return b, nil // which returns the error, if there was one
	}
	return gzip.NewReader(b)
}

func (r *gunzipReader) explain(err error) error {
	if err == error(errTooLarge) || budget.IsSpent(err) {
		return err
	}
	if r.source.err != nil && !errors.Is(r.source.err, io.EOF) {
		return r.source.err
	}
	return badRequest("The request body is not gzip", fmt.Errorf("gunzip: %w", err))
}
