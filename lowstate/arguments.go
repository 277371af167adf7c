package lowstate

import (
	"errors"
	"math"
	"slices"

	"github.com/saltern-api/saltern/internal/credname"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

const (
	// Hidden replaces the value of an argument that is named like a credential.
	Hidden = "HIDDEN"

	// NotRead replaces a large value of a chunk that was refused before it was
	// decoded.
	NotRead = "NOT READ"
)

// notArguments are the keys of a [Summary], and those of credentials.
var notArguments = []string{"client", "fun", "tgt", "tgt_type", "username", "eauth", "password", "token"}

// Arguments returns the values of a chunk besides its [Summary], as a JSON
// object. If it is longer than most bytes or nested very deep, only its
// beginning is returned, which is not valid JSON. Values that are named like a
// credential are hidden, at any depth. Positional values are not hidden: the
// documentation of the audit log's setting warns of that.
func (c Chunk) Arguments(most int) []byte {
	text, _ := c.arguments(most)
	return text
}

func (c Chunk) arguments(most int) (text []byte, whole bool) {
	w := argumentWriter{most: most}
	if err := w.chunk(c); err != nil || len(w.out) > most {
		return w.out[:min(len(w.out), most)], false
	}
	return w.out, true
}

var (
	errNotText = errors.New("not text")
	errEnough  = errors.New("more than is wanted")
)

// argumentWriter writes values as JSON up to a limit.
type argumentWriter struct {
	most int
	out  []byte
}

// maxArgumentDepth is how deep the written values may nest.
const maxArgumentDepth = 32

func (w *argumentWriter) chunk(c Chunk) error {
	w.out = append(w.out, '{')
	first := true
	for _, f := range c.fields {
		// If "fun" is a whole command line, it is an argument too.
		if slices.Contains(notArguments, f.key) && (f.key != "fun" || !c.truthy("raw_shell")) {
			continue
		}
		v := f.value
		if _, ok := c.deferred[f.key]; ok {
			v = msgpack.AppendString(nil, NotRead)
		}
		w.comma(&first)
		r := msgpack.NewReader(v)
		if err := w.member(f.key, &r, 1); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *argumentWriter) comma(first *bool) {
	if !*first {
		w.out = append(w.out, ',')
	}
	*first = false
}

// member writes a key and the next value.
func (w *argumentWriter) member(key string, r *msgpack.Reader, depth int) error {
	w.text(key)
	w.out = append(w.out, ':')
	if credname.Is(key) {
		w.text(Hidden)
		return r.Skip()
	}
	return w.value(r, depth)
}

// value writes the next value. Every byte is read once, at any depth.
func (w *argumentWriter) value(r *msgpack.Reader, depth int) error {
	if len(w.out) > w.most || depth > maxArgumentDepth {
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

func (w *argumentWriter) object(r *msgpack.Reader, depth int) error {
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

func (w *argumentWriter) array(r *msgpack.Reader, depth int) error {
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

func (w *argumentWriter) scalar(v msgpack.Raw) error {
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
func (w *argumentWriter) text(s string) {
	w.out = msgpack.AppendJSONString(w.out, s[:min(len(s), w.most+1)])
}
