package lowstate

import (
	"slices"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

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
	fields := slices.Clone(c.fields)
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
