package yaml11

import (
	"iter"
	"math"
	"math/big"
	"slices"
)

// Item is one entry of a Map and the place where it was written.
type Item struct {
	Key, Value any
	File       string
	Line       int
}

// Map is a mapping that keeps the order of its keys. Two keys are the same where Python says so: 1, 1.0 and true are one
// key. The zero Map is empty and ready for use; a nil *Map can be read.
type Map struct {
	items []Item
	index map[any]int
}

// Len returns the number of entries.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.items)
}

// All yields the entries in order.
func (m *Map) All() iter.Seq[Item] {
	if m == nil {
		return slices.Values([]Item(nil))
	}
	return slices.Values(m.items)
}

// Get returns the value of key.
func (m *Map) Get(key any) (any, bool) {
	it, ok := m.Item(key)
	return it.Value, ok
}

// Item returns the whole entry of key.
func (m *Map) Item(key any) (Item, bool) {
	if m == nil {
		return Item{}, false
	}
	i, ok := m.index[identity(key)]
	if !ok {
		return Item{}, false
	}
	return m.items[i], true
}

// Set adds an entry, or replaces the one with the same key, which keeps its place in the order.
func (m *Map) Set(it Item) {
	id := identity(it.Key)
	if i, ok := m.index[id]; ok {
		m.items[i] = it
		return
	}
	if m.index == nil {
		m.index = make(map[any]int)
	}
	m.index[id] = len(m.items)
	m.items = append(m.items, it)
}

type (
	bigKey   string
	bytesKey string
	nanKey   struct{}
)

// identity maps scalars that are equal in Python to one comparable value. It returns its argument for lists and maps,
// which are never keys.
func identity(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		return bigKey(v.String())
	case float64:
		switch {
		case math.IsNaN(v):
			return nanKey{}
		case v != math.Trunc(v) || math.IsInf(v, 0):
			return v
		}
		i, _ := big.NewFloat(v).Int(nil)
		return identity(i)
	case []byte:
		return bytesKey(v)
	default:
		return v
	}
}

// Equal reports whether Python's == holds between two values: numbers by their value, maps without regard to order.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case *Map:
		b, ok := b.(*Map)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for it := range a.All() {
			if v, ok := b.Get(it.Key); !ok || !Equal(it.Value, v) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case []any, *Map:
		return false
	}
	return identity(a) == identity(b)
}
