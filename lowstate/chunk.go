package lowstate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Chunk is one command of a lowstate: its keys and values in the order in
// which the client wrote them. Values stay in the form in which they go to
// the master. Keys are compared byte by byte, as Python does: a Chunk is
// never decoded into a struct, where ClIeNt would become client.
type Chunk struct {
	fields   []field
	deferred map[string]Deferred // of the fields whose values are not read yet
	budget   *budget.Budget      // pays for what else is made of the values
}

type field struct {
	key   string
	value msgpack.Raw
}

// maxKeys is the most keys that a chunk may have: far more than any command
// takes, and few enough to cost nothing before the caller is authenticated.
const maxKeys = 1000

// NewChunk makes a chunk of a msgpack map. The error names what is wrong with
// its keys.
func NewChunk(m msgpack.Raw) (Chunk, error) {
	if n := m.Len(); n > maxKeys {
		return Chunk{}, tooManyKeys(n)
	}
	var b chunkBuilder
	err := m.Each(func(k, v msgpack.Raw) error {
		key, ok := k.Str()
		if !ok {
			return fmt.Errorf("keys must be strings")
		}
		_, err := b.add(key, v)
		return err
	})
	return b.chunk, err
}

func tooManyKeys(n int) error {
	return fmt.Errorf("%d keys are more than the %d that a chunk may have", n, maxKeys)
}

// chunkBuilder collects the fields of a chunk. Its zero value is ready.
type chunkBuilder struct {
	chunk Chunk
	seen  map[string]int // where each key is among the fields, by the key in lower case
}

// add returns where the field is. Of equal keys the last value counts, at the
// first one's place.
func (b *chunkBuilder) add(key string, v msgpack.Raw) (int, error) {
	folded := strings.ToLower(key)
	if i, ok := b.seen[folded]; ok {
		f := &b.chunk.fields[i]
		if f.key != key {
			return i, fmt.Errorf("the keys %q and %q differ in case only", printable(f.key), printable(key))
		}
		f.value = v
		delete(b.chunk.deferred, key)
		return i, nil
	}
	if b.seen == nil {
		b.seen = make(map[string]int)
	}
	i := len(b.chunk.fields)
	b.seen[folded] = i
	b.chunk.fields = append(b.chunk.fields, field{key, v})
	return i, nil
}

// Get returns the value of a key.
func (c Chunk) Get(key string) (msgpack.Raw, bool) {
	for _, f := range slices.Backward(c.fields) {
		if f.key == key {
			return f.value, true
		}
	}
	return nil, false
}

func (c Chunk) has(key string) bool {
	_, ok := c.Get(key)
	return ok
}

// present is Get, with null taken for absent, as the default None is.
func (c Chunk) present(key string) (msgpack.Raw, bool) {
	v, ok := c.Get(key)
	if !ok || v.IsNil() {
		return nil, false
	}
	return v, true
}

// given is present, with what a template or another language has in place of
// nothing taken for absent, too: an empty or blank text, list or object.
func (c Chunk) given(key string) (msgpack.Raw, bool) {
	v, ok := c.present(key)
	if !ok || isBlank(v) {
		return nil, false
	}
	return v, true
}

func isBlank(v msgpack.Raw) bool {
	switch v.Kind() {
	case msgpack.Map, msgpack.Array:
		return v.Len() == 0
	case msgpack.Str:
		s, _ := v.Str()
		return strings.TrimSpace(s) == ""
	}
	return false
}

// truthy is what Python's "if" makes of a value; an absent one is false.
func (c Chunk) truthy(key string) bool {
	if _, ok := c.deferred[key]; ok {
		return true // it is too long for an empty one
	}
	v, ok := c.present(key)
	return ok && truthy(v)
}

func truthy(v msgpack.Raw) bool {
	switch v.Kind() {
	case msgpack.Nil:
		return false
	case msgpack.Bool:
		b, _ := v.Bool()
		return b
	case msgpack.Int, msgpack.Float:
		f, _ := v.Float()
		return f != 0
	case msgpack.Map, msgpack.Array:
		return v.Len() > 0
	default:
		s, _ := v.Str()
		return s != ""
	}
}

// stringOr returns a string value, or def when the key is absent or null. ok
// is false for a value of another type.
func (c Chunk) stringOr(key, def string) (s string, ok bool) {
	v, found := c.present(key)
	if !found {
		return def, true
	}
	return v.Str()
}
