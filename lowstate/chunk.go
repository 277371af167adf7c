package lowstate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Chunk is one command of a lowstate: its keys and values in the client's
// order. Values stay in the form that is sent to the master. Keys are compared
// byte by byte, as in Python: a Chunk is never decoded into a struct, where
// ClIeNt would match client.
type Chunk struct {
	fields   []field
	deferred map[string]Deferred // of the fields whose values are not decoded yet
	budget   *budget.Budget      // charged for what is derived from the values
	spool    *spool.Spool        // takes the answer
}

type field struct {
	key   string
	value msgpack.Raw
}

// Kept returns chunks as they are kept for a line of the log, without what belongs to
// their request: a request may wait for hours after its call.
func Kept(chunks []Chunk) []Chunk {
	kept := slices.Clone(chunks)
	for i := range kept {
		kept[i].budget, kept[i].spool = nil, nil
	}
	return kept
}

// maxKeys is the maximum number of keys of a chunk: far more than any command
// needs, and few enough to be cheap before the caller is authenticated.
const maxKeys = 1000

// NewChunk returns a chunk for a msgpack map. The error is about its keys.
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
	seen  map[string]int // the index of each field, by its key in lower case
}

// add returns the index of the field. Of equal keys the last value counts, in
// the place of the first.
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

// present is Get with null counted as absent, like the default None.
func (c Chunk) present(key string) (msgpack.Raw, bool) {
	v, ok := c.Get(key)
	if !ok || v.IsNil() {
		return nil, false
	}
	return v, true
}

// given is present with empty values of templates and other languages counted
// as absent: an empty or blank text, list or object.
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

// truthy returns the truth value in Python; an absent value is false.
func (c Chunk) truthy(key string) bool {
	if _, ok := c.deferred[key]; ok {
		return true // too long for an empty one
	}
	v, ok := c.present(key)
	return ok && v.Truthy()
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

// Pair is a key of a chunk with a text value.
type Pair struct{ Key, Value string }

// Compose makes a chunk of texts, for front ends that have commands of their
// own.
//
//	c := lowstate.Compose(lowstate.Pair{"client", "wheel"}, lowstate.Pair{"fun", "key.list_all"})
func Compose(pairs ...Pair) Chunk {
	return Chunk{}.With(pairs...)
}

// With returns the chunk with the values of some keys replaced.
func (c Chunk) With(pairs ...Pair) Chunk {
	fields := append(make([]field, 0, len(c.fields)+len(pairs)), c.fields...)
	for _, p := range pairs {
		fields = slices.DeleteFunc(fields, func(f field) bool { return f.key == p.Key })
		fields = append(fields, field{p.Key, msgpack.AppendString(nil, p.Value)})
	}
	c.fields = fields
	for _, p := range pairs {
		c.deferred = without(c.deferred, p.Key)
	}
	return c
}

// WithInt returns the chunk with the value of a key replaced by a number.
func (c Chunk) WithInt(key string, n int64) Chunk {
	fields := slices.DeleteFunc(slices.Clone(c.fields), func(f field) bool { return f.key == key })
	c.fields, c.deferred = append(fields, field{key, msgpack.AppendInt(nil, n)}), without(c.deferred, key)
	return c
}

// without returns the chunk without a key.
func (c Chunk) without(key string) Chunk {
	c.fields = slices.DeleteFunc(slices.Clone(c.fields), func(f field) bool { return f.key == key })
	c.deferred = without(c.deferred, key)
	return c
}

// Renamed returns the chunk with a key renamed. A former value of the new key
// is dropped.
func (c Chunk) Renamed(from, to string) Chunk {
	if _, ok := c.Get(from); !ok {
		return c
	}
	fields := slices.DeleteFunc(slices.Clone(c.fields), func(f field) bool { return f.key == to })
	for i := range fields {
		if fields[i].key == from {
			fields[i].key = to
		}
	}
	read, isDeferred := c.deferred[from]
	c.fields, c.deferred = fields, without(c.deferred, from, to)
	if isDeferred {
		c.deferred[to] = read
	}
	return c
}

// HasCredentials reports whether the chunk has credentials of its own.
func (c Chunk) HasCredentials() bool {
	_, token := c.Get("token")
	_, eauth := c.Get("eauth")
	return token || eauth
}

// Text returns a text value; ok is false for any other.
func (c Chunk) Text(key string) (s string, ok bool) {
	v, found := c.present(key)
	if !found {
		return "", false
	}
	return text(v)
}

// Number returns a number, or text that reads as one.
func (c Chunk) Number(key string) (n float64, ok bool) {
	v, found := c.present(key)
	if !found {
		return 0, false
	}
	return number(v)
}
