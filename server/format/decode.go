package format

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// Bodies are read as YAML a few at a time, and wait in turns of the address
// prefixes that they come from: the parser takes hundreds of times the memory
// that JSON takes.
const (
	yamlAtOnce    = 2
	yamlPerPrefix = 1
	yamlWaiting   = 64
)

// Decoder reads request bodies. Make it with NewDecoder; it may be used by
// many goroutines.
type Decoder struct {
	yaml *fair.Slots // for readers of YAML
}

// NewDecoder makes a decoder.
func NewDecoder() *Decoder {
	return &Decoder{yaml: fair.NewSlots(fair.Options{Slots: yamlAtOnce, PerPrefix: yamlPerPrefix, Queue: yamlWaiting})}
}

// reader makes a value of a body that is not empty.
type reader func(d *Decoder, ctx context.Context, b *budget.Budget, body []byte) (msgpack.Raw, error)

// readers are the types that rest_cherrypy takes.
var readers = map[string]reader{
	"application/json":   (*Decoder).json,
	"application/x-yaml": (*Decoder).document,
	"text/yaml":          (*Decoder).document,
	formType:             (*Decoder).form,
	"text/plain":         (*Decoder).plain,
}

// Decode returns the value of a body. An empty one is nil, whatever it is
// called; one without a type is refused, as by salt-api.
//
// YAML is read as yamlin.Document says, forms as parse_qsl and rest_cherrypy do. Text is JSON, or
// else a string. All must be UTF-8, see [Text]. Errors are *Error, those
// of the budget, or the context's when that ends while others are being read.
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

// Supports reports whether Decode reads bodies of a type: the error is an
// *Error, or nil. Nobody need wait for a body that is not wanted.
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

// MediaType returns the media type that a Content-Type names, in lower case.
// Params may be any, as in salt-api, malformed ones too.
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

// enter waits for a place among the readers of YAML. Too many who wait are an
// *Error.
func (d *Decoder) enter(ctx context.Context) (leave func(), err error) {
	leave, err = d.yaml.Acquire(ctx, fair.Key{From: fair.PrefixOf(ctx)})
	if errors.Is(err, fair.ErrFull) {
		return nil, &Error{Status: http.StatusServiceUnavailable, Text: "Too many YAML bodies at once", Err: err}
	}
	return leave, err
}
