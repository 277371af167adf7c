package lowstate

import (
	"errors"
	"math"
	"slices"

	"saltern/internal/credname"
	"saltern/saltmaster/msgpack"
)

const (
	// Hidden stands in place of what looks like a credential among arguments.
	Hidden = "HIDDEN"

	// NotRead stands in place of a large value of a chunk that was refused
	// before it was read.
	NotRead = "NOT READ"
)

// notArguments are the keys that [Asked] has, and those that say who asks.
var notArguments = []string{"client", "fun", "tgt", "tgt_type", "username", "eauth", "password", "token"}

// Arguments returns what a chunk has besides what [Asked] tells, as a JSON
// object; only its beginning, which is none, where that is longer than most
// bytes or nested very deep. Values that are named like a credential are
// hidden, at any depth. What stands there without a name is not looked through:
// an operator who has arguments written down has to know that.
func (c Chunk) Arguments(most int) []byte {
	text, _ := c.arguments(most)
	return text
}

func (c Chunk) arguments(most int) (text []byte, whole bool) {
	w := argumentWriter{most: most}
	err := w.object(0, func(field func(key string, v msgpack.Raw) error) error {
		for _, f := range c.fields {
			// Where "fun" is a whole command line, it is an argument too.
			if slices.Contains(notArguments, f.key) && (f.key != "fun" || !c.truthy("raw_shell")) {
				continue
			}
			v := f.value
			if _, ok := c.later[f.key]; ok {
				v = msgpack.AppendString(nil, NotRead)
			}
			if err := field(f.key, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(w.out) > most {
		return w.out[:min(len(w.out), most)], false
	}
	return w.out, true
}

var (
	errNotText = errors.New("not text")
	errEnough  = errors.New("more than is wanted")
)

// argumentWriter writes values as JSON until it is enough.
type argumentWriter struct {
	most int
	out  []byte
}

// maxArgumentDepth is how deep values may nest that are written.
const maxArgumentDepth = 32

func (w *argumentWriter) object(depth int, each func(field func(key string, v msgpack.Raw) error) error) error {
	w.out = append(w.out, '{')
	first := true
	err := each(func(key string, v msgpack.Raw) error {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		w.text(key)
		w.out = append(w.out, ':')
		if credname.Is(key) {
			w.text(Hidden)
			return nil
		}
		return w.value(v, depth+1)
	})
	if err == nil {
		w.out = append(w.out, '}')
	}
	return err
}

func (w *argumentWriter) value(v msgpack.Raw, depth int) error {
	if len(w.out) > w.most || depth > maxArgumentDepth {
		return errEnough
	}
	switch v.Kind() {
	case msgpack.Map:
		return w.object(depth, func(field func(key string, v msgpack.Raw) error) error {
			return v.Each(func(k, e msgpack.Raw) error {
				key, ok := k.Str()
				if !ok { // YAML has such keys
					if k.Kind() == msgpack.Map || k.Kind() == msgpack.Array {
						return errEnough // whatever is in it
					}
					b, err := msgpack.AppendJSON(nil, k)
					if err != nil {
						return errEnough
					}
					key = string(b)
				}
				return field(key, e)
			})
		})
	case msgpack.Array:
		return w.array(v, depth)
	case msgpack.Str, msgpack.Bin:
		s, _ := v.Str()
		if name, ok := credname.Assigned(s); ok {
			s = name + "=" + Hidden
		}
		w.text(s)
		return nil
	case msgpack.Float:
		if f, _ := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			w.out = append(w.out, "null"...) // JSON has no word for it
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

func (w *argumentWriter) array(v msgpack.Raw, depth int) error {
	w.out = append(w.out, '[')
	first := true
	err := v.Elems(func(e msgpack.Raw) error {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		return w.value(e, depth+1)
	})
	if err == nil {
		w.out = append(w.out, ']')
	}
	return err
}

// text writes text, of which no more than is wanted.
func (w *argumentWriter) text(s string) {
	w.out = msgpack.AppendJSONString(w.out, s[:min(len(s), w.most+1)])
}
