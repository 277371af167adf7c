package arguments

import (
	"errors"
	"math"

	"github.com/saltern-api/saltern/internal/credname"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Hidden replaces the value of an argument that is named like a credential.
const Hidden = "HIDDEN"

var errEnough = errors.New("more than is wanted")

// Writer writes values as JSON up to a limit.
type Writer struct {
	most int
	out  []byte
}

// NewWriter returns a writer of at most most bytes.
func NewWriter(most int) *Writer { return &Writer{most: most} }

// maxDepth is how deep the written values may nest.
const maxDepth = 32

// Member is a value and its name.
type Member struct {
	Key   string
	Value msgpack.Raw
}

// Object writes members as an object.
func (w *Writer) Object(members []Member) error {
	w.out = append(w.out, '{')
	first := true
	for _, m := range members {
		w.comma(&first)
		r := msgpack.NewReader(m.Value)
		if err := w.member(m.Key, &r, 1); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

// Value writes one value.
func (w *Writer) Value(v msgpack.Raw) error {
	r := msgpack.NewReader(v)
	return w.value(&r, 1)
}

// Bytes returns what was written, which is not more than the limit. whole is
// false if that is only the beginning, as after an error.
func (w *Writer) Bytes() (text []byte, whole bool) {
	return w.out[:min(len(w.out), w.most)], len(w.out) <= w.most
}

func (w *Writer) comma(first *bool) {
	if !*first {
		w.out = append(w.out, ',')
	}
	*first = false
}

// member writes a key and the next value.
func (w *Writer) member(key string, r *msgpack.Reader, depth int) error {
	w.text(key)
	w.out = append(w.out, ':')
	if credname.Is(key) {
		w.text(Hidden)
		return r.Skip()
	}
	return w.value(r, depth)
}

// value writes the next value. Every byte is read once, at any depth.
func (w *Writer) value(r *msgpack.Reader, depth int) error {
	if len(w.out) > w.most || depth > maxDepth {
		return errEnough
	}
	switch r.Kind() {
	case msgpack.Map:
		return w.object(r, depth)
	case msgpack.Array:
		return w.array(r, depth)
	default:
		v, err := r.Raw()
		if err != nil {
			return errEnough
		}
		return w.scalar(v)
	}
}

func (w *Writer) object(r *msgpack.Reader, depth int) error {
	n, err := r.MapLen()
	if err != nil {
		return err
	}
	w.out = append(w.out, '{')
	first := true
	for range n {
		if k := r.Kind(); k == msgpack.Map || k == msgpack.Array {
			return errEnough // whatever it contains
		}
		k, err := r.Raw()
		if err != nil {
			return err
		}
		key, ok := k.Str()
		if !ok { // possible in YAML
			b, err := msgpack.AppendJSON(nil, k)
			if err != nil {
				return errEnough
			}
			key = string(b)
		}
		w.comma(&first)
		if err := w.member(key, r, depth+1); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *Writer) array(r *msgpack.Reader, depth int) error {
	n, err := r.ArrayLen()
	if err != nil {
		return err
	}
	w.out = append(w.out, '[')
	first := true
	for range n {
		w.comma(&first)
		if err := w.value(r, depth+1); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

func (w *Writer) scalar(v msgpack.Raw) error {
	switch v.Kind() {
	case msgpack.Str, msgpack.Bin:
		s, _ := v.Str()
		if name, ok := credname.Assigned(s); ok {
			s = name + "=" + Hidden
		}
		w.text(s)
		return nil
	case msgpack.Float:
		if f, _ := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			w.out = append(w.out, "null"...) // JSON has no such number
			return nil
		}
	case msgpack.Nil, msgpack.Bool, msgpack.Int:
	default:
		w.out = append(w.out, "null"...)
		return nil
	}
	var err error
	if w.out, err = msgpack.AppendJSON(w.out, v); err != nil {
		return errEnough
	}
	return nil
}

// text writes text, up to the limit.
func (w *Writer) text(s string) {
	w.out = msgpack.AppendJSONString(w.out, s[:min(len(s), w.most+1)])
}
