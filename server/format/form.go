package format

import (
	"bytes"
	"context"
	"unicode/utf8"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// maxFields is the maximum number of fields of a form.
const maxFields = 10_000

// form decodes a form as rest_cherrypy does: one chunk, in which a repeated
// field is a list, arg is always a list whose elements are parsed as YAML, and
// kwarg is parsed as YAML unless it is repeated.
func (d *Decoder) form(ctx context.Context, b *budget.Budget, body []byte) (msgpack.Raw, error) {
	fields, err := formFields(body)
	if err != nil {
		return nil, err
	}
	out := msgpack.AppendMap(make([]byte, 0, len(body)), len(fields))
	for _, f := range fields {
		value := f.text()
		if f.isYAML() {
			if value, err = d.yamlField(ctx, b, f); err != nil {
				return nil, err
			}
		}
		out = append(msgpack.AppendString(out, f.name), value...)
	}
	return out, nil
}

// Later decodes a part of a body once its sender is authenticated. Errors are
// those of [Decoder.Decode].
type Later = func(ctx context.Context, b *budget.Budget) (msgpack.Raw, error)

// DecodeForm is Decode of a form without the fields that are YAML: those are
// nil in the value, and decoded by later.
func (d *Decoder) DecodeForm(body []byte) (value msgpack.Raw, later map[string]Later, err error) {
	fields, err := formFields(body)
	if err != nil {
		return nil, nil, err
	}
	later = make(map[string]Later)
	value = msgpack.AppendMap(make([]byte, 0, len(body)), len(fields))
	for _, f := range fields {
		value = msgpack.AppendString(value, f.name)
		if !f.isYAML() {
			value = append(value, f.text()...)
			continue
		}
		value = msgpack.AppendNil(value)
		later[f.name] = func(ctx context.Context, b *budget.Budget) (msgpack.Raw, error) {
			return d.yamlField(ctx, b, f)
		}
	}
	return value, later, nil
}

// IsForm reports whether a type is that of forms.
func IsForm(contentType string) bool { return MediaType(contentType) == formType }

const formType = "application/x-www-form-urlencoded"

// yamlField returns the value of arg or kwarg.
func (d *Decoder) yamlField(ctx context.Context, b *budget.Budget, f field) (msgpack.Raw, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out msgpack.Raw
	if f.name == "arg" {
		out = msgpack.AppendArray(nil, len(f.values))
	}
	for _, v := range f.values {
		arg, err := yamlin.Argument(b, v)
		if err != nil {
			return nil, err
		}
		out = append(out, arg...)
	}
	return out, nil
}

// field is a field of a form with all its values.
type field struct {
	name   string
	values []string
}

// isYAML reports whether the field is parsed as YAML.
func (f field) isYAML() bool { return f.name == "arg" || f.name == "kwarg" && len(f.values) == 1 }

// text returns the value of any other field.
func (f field) text() msgpack.Raw {
	if len(f.values) == 1 {
		return msgpack.AppendString(nil, f.values[0])
	}
	b := msgpack.AppendArray(nil, len(f.values))
	for _, v := range f.values {
		b = msgpack.AppendString(b, v)
	}
	return b
}

// formFields splits a form as Python's urllib.parse.parse_qsl does: only &
// separates, fields without a value are omitted, and a % that starts no escape
// is literal. The order is that of the first values.
//
// Where Python replaces bytes that are not UTF-8, the form is refused: a
// password must not be changed.
func formFields(body []byte) ([]field, error) {
	if n := 1 + bytes.Count(body, []byte("&")); n > maxFields {
		return nil, badRequest("The form has too many fields", nil)
	}
	var fields []field
	at := make(map[string]int)
	for part := range bytes.SplitSeq(body, []byte("&")) {
		rawName, rawValue, _ := bytes.Cut(part, []byte("="))
		if len(rawValue) == 0 {
			continue
		}
		name, value := unescaped(rawName), unescaped(rawValue)
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, badRequest("The form is not UTF-8", nil)
		}
		i, known := at[name]
		if !known {
			i = len(fields)
			at[name] = i
			fields = append(fields, field{name: name})
		}
		fields[i].values = append(fields[i].values, value)
	}
	return fields, nil
}

// unescaped decodes + and %XX.
func unescaped(s []byte) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(s):
			high, okHigh := hexDigit(s[i+1])
			low, okLow := hexDigit(s[i+2])
			if okHigh && okLow {
				c = high<<4 | low
				i += 2
			}
		}
		out = append(out, c)
	}
	return string(out)
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
