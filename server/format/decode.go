package format

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// A few bodies are parsed as YAML at a time, in turns of the address prefixes
// that they come from: the parser takes hundreds of times the memory of the one
// for JSON.
const (
	yamlAtOnce    = 2
	yamlPerPrefix = 1
	yamlWaiting   = 64
)

// Decoder decodes request bodies. It is created by NewDecoder, and is safe for
// concurrent use.
type Decoder struct {
	yaml *fair.Slots // bounds the concurrent parsers of YAML
}

// NewDecoder returns a Decoder.
func NewDecoder() *Decoder {
	return &Decoder{yaml: fair.NewSlots(fair.Options{Slots: yamlAtOnce, PerPrefix: yamlPerPrefix, Queue: yamlWaiting})}
}

// reader decodes a body that is not empty.
type reader func(d *Decoder, ctx context.Context, b *budget.Budget, body []byte) (msgpack.Raw, error)

// readers are the types that rest_cherrypy accepts.
var readers = map[string]reader{
	"application/json":   (*Decoder).json,
	"application/x-yaml": (*Decoder).document,
	"text/yaml":          (*Decoder).document,
	formType:             (*Decoder).form,
	"text/plain":         (*Decoder).plain,
}

// Decode returns the value of a body. An empty one is nil, whatever its type;
// one without a type is refused, as by salt-api.
//
// YAML is read as by yamlin.Document, forms as by parse_qsl and rest_cherrypy.
// Text is JSON, or else a string. All must be UTF-8, see [Text]. Errors are
// *Error, those of the budget, or the context's if that ends while waiting for
// other bodies.
func (d *Decoder) Decode(ctx context.Context, b *budget.Budget, contentType string, body []byte) (msgpack.Raw, error) {
	if len(body) == 0 {
		return msgpack.AppendNil(nil), nil
	}
	read, err := readerOf(contentType)
	if err != nil {
		return nil, err
	}
	return read(d, ctx, b, body)
}

// Supports returns nil if Decode reads bodies of a type, and an *Error
// otherwise, so that a body of another type need not be read.
func Supports(contentType string) error {
	_, err := readerOf(contentType)
	return err
}

func readerOf(contentType string) (reader, error) {
	read, ok := readers[MediaType(contentType)]
	if !ok {
		return nil, unsupported("Content type not supported")
	}
	return read, nil
}

// MediaType returns the media type of a Content-Type, in lower case. Any params
// are ignored, malformed ones too, as in salt-api.
func MediaType(contentType string) string {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

func (d *Decoder) json(_ context.Context, b *budget.Budget, body []byte) (msgpack.Raw, error) {
	v, err := msgpack.AppendFromJSONWithin(b, nil, body)
	switch {
	case budget.IsSpent(err):
		return nil, err
	case err != nil:
		return nil, badRequest("Invalid JSON document", err)
	}
	return v, nil
}

func (d *Decoder) plain(ctx context.Context, b *budget.Budget, body []byte) (msgpack.Raw, error) {
	v, err := d.json(ctx, b, body)
	if err == nil || budget.IsSpent(err) {
		return v, err
	}
	if !utf8.Valid(body) {
		return nil, badRequest("The request body is not UTF-8", nil)
	}
	return msgpack.AppendString(nil, body), nil
}

func (d *Decoder) document(ctx context.Context, b *budget.Budget, body []byte) (msgpack.Raw, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	v, err := yamlin.Document(b, body)
	switch {
	case budget.IsSpent(err):
		return nil, err
	case err != nil:
		return nil, badRequest("Invalid YAML document: "+err.Error(), nil)
	}
	return v, nil
}

// enter waits for a place among the parsers of YAML. If too many wait, the
// error is an *Error.
func (d *Decoder) enter(ctx context.Context) (leave func(), err error) {
	leave, err = d.yaml.Acquire(ctx, fair.Key{From: fair.PrefixOf(ctx)})
	if errors.Is(err, fair.ErrFull) {
		return nil, &Error{Status: http.StatusServiceUnavailable, Text: "Too many YAML bodies at once", Err: err}
	}
	return leave, err
}

// Error is a body that is refused.
type Error struct {
	Status int    // of the response: 400, 406, 413, 415 or 503
	Text   string // for the client
	Err    error  // for the log; may be nil. Quotes nothing from the body
}

var _ error = (*Error)(nil)

// Error returns the text for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Text
	}
	return fmt.Sprintf("%s: %v", e.Text, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func badRequest(text string, err error) *Error {
	return &Error{Status: http.StatusBadRequest, Text: text, Err: err}
}

func unsupported(text string) *Error {
	return &Error{Status: http.StatusNotAcceptable, Text: text}
}
