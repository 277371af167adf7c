package acl

import (
	"math"
	"math/big"
	"slices"
)

// Map is a mapping in the order in which it was written. Its keys are scalars and distinct.
type Map []Pair

// Pair is one entry of a [Map].
type Pair struct{ Key, Value any }

// Get returns the value of a text key.
func (m Map) Get(key string) (any, bool) { return m.find(key) }

// truthy reports whether a value is true in Python.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []byte:
		return len(v) > 0
	case []any:
		return len(v) > 0
	case Map:
		return len(v) > 0
	default:
		n, ok := number(v)
		return !ok || n.Sign() != 0
	}
}

// items returns the items of Python's iteration over a value: the letters of a text, the keys of a mapping. ok is false
// for a value that cannot be iterated.
func items(v any) (list []any, ok bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case string:
		for _, r := range v {
			list = append(list, string(r))
		}
		return list, true
	case Map:
		for _, p := range v {
			list = append(list, p.Key)
		}
		return list, true
	case []byte:
		for _, b := range v {
			list = append(list, int64(b))
		}
		return list, true
	default:
		return nil, false
	}
}

// number returns the value of what is a number in Python, booleans included. NaN and the infinities are excluded.
func number(v any) (*big.Float, bool) {
	f := new(big.Float)
	switch v := v.(type) {
	case bool:
		if v {
			f.SetInt64(1)
		}
	case int:
		f.SetInt64(int64(v))
	case int64:
		f.SetInt64(v)
	case uint64:
		f.SetUint64(v)
	case *big.Int:
		f.SetInt(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		f.SetFloat64(v)
	default:
		return nil, false
	}
	return f, true
}

// equal reports whether a == b in Python.
func equal(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x.Cmp(y) == 0
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		b, ok := b.(string)
		return ok && a == b
	case []byte:
		b, ok := b.([]byte)
		return ok && slices.Equal(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case Map:
		b, ok := b.(Map)
		return ok && len(a) == len(b) && !slices.ContainsFunc(a, func(p Pair) bool { return !b.holds(p) })
	case float64: // NaN is equal to nothing
		b, ok := b.(float64)
		return ok && a == b
	default:
		return false
	}
}

func (m Map) holds(p Pair) bool {
	v, ok := m.find(p.Key)
	return ok && equal(v, p.Value)
}

// find returns the value of a key of any type: the last one, if the key occurs twice.
func (m Map) find(key any) (any, bool) {
	for _, p := range slices.Backward(m) {
		if equal(p.Key, key) {
			return p.Value, true
		}
	}
	return nil, false
}
