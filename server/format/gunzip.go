package format

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"saltern/internal/budget"
)

// Decompress returns a reader of the plain body of a request with these
// headers. It reads at most limit bytes, both of what came and of what that
// becomes: one more is an *Error with status 413. Bytes that are not gzip, or
// not all of it, are one with 400; a coding other than gzip is one with 415,
// before anything is read. Errors of body itself are passed on as they are.
// What comes out of gzip is paid for from the budget, whose errors are those
// of the reader, too.
//
// The body is returned as it is, without a limit, when it is not compressed.
// When it is, its Content-Length says nothing of what will be read.
func Decompress(h http.Header, body io.Reader, limit int64, b *budget.Budget) (io.Reader, error) {
	switch coding := strings.ToLower(strings.Join(h["Content-Encoding"], ", ")); coding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		source := &boundedReader{from: body, left: limit}
		return &gunzipReader{source: source, plain: boundedReader{left: limit}, budget: b}, nil
	default:
		return nil, &Error{Status: http.StatusUnsupportedMediaType, Text: "Content-Encoding is not supported: only gzip is"}
	}
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
		gz, err := gzip.NewReader(r.source)
		if err != nil {
			r.plain.err = r.explain(err)
			return 0, r.plain.err
		}
		r.plain.from = gz
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

func (r *gunzipReader) explain(err error) error {
	if err == error(errTooLarge) || budget.IsSpent(err) {
		return err
	}
	if r.source.err != nil && !errors.Is(r.source.err, io.EOF) {
		return r.source.err
	}
	return badRequest("The request body is not gzip", fmt.Errorf("gunzip: %w", err))
}
