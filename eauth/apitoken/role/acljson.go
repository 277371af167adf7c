package role

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/saltern-api/saltern/eauth/acl"
)

// maxDepth is more than any rule needs: list, target, list, function, list,
// arguments, args.
const maxDepth = 8

// UnmarshalJSON reads rules and keeps the order of the keys of mappings.
func (a *ACL) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return fmt.Errorf("acl: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("acl: more than one value")
	}
	list, ok := v.([]any)
	if !ok && v != nil {
		return errors.New("acl: must be a list")
	}
	*a = list
	return nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	mark, ok := t.(json.Delim)
	switch {
	case !ok:
		return t, nil
	case depth >= maxDepth:
		return nil, errors.New("nested too deeply")
	case mark == '[':
		return readList(d, depth+1)
	default:
		return readMap(d, depth+1)
	}
}

func readList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := readValue(d, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func readMap(d *json.Decoder, depth int) (any, error) {
	m := acl.Map{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := m.Get(key); twice {
			return nil, fmt.Errorf("the key %q stands there twice", key)
		}
		v, err := readValue(d, depth)
		if err != nil {
			return nil, err
		}
		m = append(m, acl.Pair{Key: key, Value: v})
	}
	_, err := d.Token()
	return m, err
}

// MarshalJSON writes rules that [Role.Check] accepts.
func (a ACL) MarshalJSON() ([]byte, error) { return appendValue(nil, []any(a)) }

func appendValue(b []byte, v any) (_ []byte, err error) {
	switch v := v.(type) {
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, e); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case acl.Map:
		b = append(b, '{')
		for i, p := range v {
			key, ok := p.Key.(string)
			if !ok {
				return nil, errors.New("the key of a mapping must be text")
			}
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, key); err != nil {
				return nil, err
			}
			if b, err = appendValue(append(b, ':'), p.Value); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	default: // text and null
		js, err := json.Marshal(v)
		return append(b, js...), err
	}
}
