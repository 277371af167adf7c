package masterconf

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"saltern/saltmaster/masterconf/yaml11"
)

// options reads typed values out of one mapping: the configuration itself or a section of it. A value that cannot be
// used is reported and gives the default.
type options struct {
	set    *yaml11.Map
	prefix string // "rest_cherrypy." in a section
	rep    *report
}

// item returns an option that is set, and its place.
func (o options) item(key string) (v any, at where, ok bool) {
	it, ok := o.set.Item(key)
	return it.Value, where{it.File, it.Line, o.prefix + key}, ok
}

// value returns an option that is set to something that can be read here.
func (o options) value(key string) (v any, at where, ok bool) {
	v, at, ok = o.item(key)
	if hasSDB(v) {
		o.rep.problem(at, "an sdb:// address cannot be resolved here; write the value itself")
		return nil, at, false
	}
	return v, at, ok
}

// text reads text. A number is taken as it prints; nothing is the default.
func (o options) text(key, def string) string {
	v, at, ok := o.value(key)
	if !ok {
		return def
	}
	switch v := v.(type) {
	case string:
		return v
	case nil:
		if def != "" {
			o.rep.warn(at, "is empty: %q is used", def)
		}
		return def
	case int64, *big.Int, float64:
		return keyText(v)
	default:
		o.rep.problem(at, "has to be text, not %s", kind(v))
		return def
	}
}

// name reads the name of something that a false value switches off.
func (o options) name(key, def string) string {
	if v, _, ok := o.item(key); ok && !truthy(v) {
		return ""
	}
	return o.text(key, def)
}

// path reads text that Salt does not start without.
func (o options) path(key, def string) string {
	v, at, ok := o.value(key)
	if !ok {
		return def
	}
	s, ok := v.(string)
	if !ok {
		o.rep.problem(at, "has to be text, not %s", kind(v))
		return def
	}
	return s
}

// number reads an integer from lo to hi, which may be written as text.
func (o options) number(key string, def, lo, hi int64) int64 {
	v, at, ok := o.value(key)
	if !ok {
		return def
	}
	switch x := v.(type) {
	case nil:
		o.rep.warn(at, "is empty: %d is used", def)
		return def
	case string:
		if i, err := strconv.ParseInt(strings.TrimSpace(x), 10, 64); err == nil {
			v = i
		}
	}
	i, ok := v.(int64)
	switch {
	case !ok:
		o.rep.problem(at, "has to be an integer, not %s", kind(v))
		return def
	case i < lo || i > hi:
		o.rep.problem(at, "%d is not from %d to %d", i, lo, hi)
		return def
	}
	return i
}

func (o options) port(key string, def int) int {
	return int(o.number(key, int64(def), 1, math.MaxUint16))
}

// maxSeconds keeps every time far from the end of time.Duration.
const maxSeconds = 100 * 365 * 24 * 3600

// seconds reads a number of seconds, which may be a fraction or written as text.
func (o options) seconds(key string, def time.Duration) time.Duration {
	v, at, ok := o.value(key)
	if !ok {
		return def
	}
	var s float64
	switch x := v.(type) {
	case nil:
		o.rep.warn(at, "is empty: %v is used", def)
		return def
	case int64:
		s = float64(x)
	case float64:
		s = x
	case bool: // a number in Python
		if x {
			s = 1
		}
		o.rep.warn(at, "is a boolean: Salt takes it for %v seconds", s)
	case string:
		i, err := strconv.ParseInt(strings.TrimSpace(x), 10, 64)
		if err != nil {
			o.rep.problem(at, "has to be a number of seconds")
			return def
		}
		s = float64(i)
	default:
		o.rep.problem(at, "has to be a number of seconds, not %s", kind(v))
		return def
	}
	if !(s >= 0 && s <= maxSeconds) { // NaN is neither
		o.rep.problem(at, "%v is not from 0 to %d seconds", s, maxSeconds)
		return def
	}
	return time.Duration(s * float64(time.Second))
}

// flag reads a boolean. Salt only asks whether a value is true in Python's sense, so that the text "no" is true.
func (o options) flag(key string, def bool) bool {
	v, at, ok := o.value(key)
	if !ok {
		return def
	}
	b, ok := v.(bool)
	if !ok {
		b = truthy(v)
		o.rep.warn(at, "is %s and not a boolean: Salt takes it for %t", kind(v), b)
	}
	return b
}

// raw returns a value of any type.
func (o options) raw(key string) any {
	v, at, _ := o.item(key)
	if hasSDB(v) {
		o.rep.warn(at, "holds an sdb:// address, which is not resolved here")
	}
	return v
}

// section returns a mapping inside these options, or false where there is none or an empty one.
func (o options) section(key string) (options, where, bool) {
	v, at, ok := o.item(key)
	if !ok {
		return options{}, at, false
	}
	m, isMap := v.(*yaml11.Map)
	switch {
	case !truthy(v):
		o.rep.warn(at, "is empty: salt-api does not start it")
	case !isMap:
		o.rep.problem(at, "has to be a mapping, not %s", kind(v))
	}
	return options{set: m, prefix: o.prefix + key + ".", rep: o.rep}, at, m.Len() > 0
}
