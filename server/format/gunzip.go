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

// Decompress returns a reader of the plain body of a request with these
// headers. Where they name gzip and the body begins as gzip does, it reads at
// most limit bytes, both of what came and of what that becomes: one more is an
// *Error with status 413, and bytes that are not gzip, or not all of it, are one
// with 400. Errors of body itself are passed on as they are. What comes out of
// gzip is paid for from the budget, whose errors are those of the reader, too.
//
// As in salt-api, which looks at no Content-Encoding, a body that is only said
// to be compressed, or said to be what nobody has heard of, is what it is: there
// is a client that sends UTF-8 there. See [Text] for those that are not.
//
// The body is returned as it is, without a limit, when gzip is not named. When
// it is, its Content-Length says nothing of what will be read.
func Decompress(h http.Header, body io.Reader, limit int64, b *budget.Budget) (io.Reader, error) {
	for coding := range codings(h) {
		if coding == "gzip" || coding == "x-gzip" {
			source := &boundedReader{from: body, left: limit}
			return &gunzipReader{source: source, plain: boundedReader{left: limit}, budget: b}, nil
		}
	}
	return body, nil
}

// codings are the codings that a Content-Encoding names, in lower case.
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

// PlainSize returns how many bytes seem to come out of gzip, which says so at
// its end.
func PlainSize(packed []byte) int64 {
	if len(packed) < 4 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
}

var errTooLarge = &Error{Status: http.StatusRequestEntityTooLarge, Text: "The request body is too large"}

// boundedReader fails where io.LimitedReader ends. It keeps its error.
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

// gunzipReader tells trouble with the body from trouble with its gzip. It
// reads nothing before the first Read, as no limit of time may be set yet.
type gunzipReader struct {
	source *boundedReader
	plain  boundedReader
	budget *budget.Budget
	unpaid int // bytes
}

// payAfter is how many bytes are paid for at once.
const payAfter = 16 << 10

// pay ends the reading when the budget is used up.
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

// gzipMagic is what gzip begins with (RFC 1952, 2.3.1), and no text does.
const gzipMagic = "\x1f\x8b"

// gunzip returns a reader of what is gzip, or else of source itself.
func gunzip(source io.Reader) (io.Reader, error) {
	b := bufio.NewReader(source)
	if magic, _ := b.Peek(len(gzipMagic)); string(magic) != gzipMagic {
		return b, nil // which has the error, if there was one
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
