package masterconf

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// options reads typed values out of one mapping: the configuration itself or a section of it. A value that cannot be
// used is reported and gives the default.
type options struct {
	set    *yaml11.Map
	prefix string // "rest_cherrypy." in a section
	rep    *report
	mild   bool // a value that cannot be used is a warning, as nothing here depends on it
}

// unused returns the same options for those that nothing here depends on.
func (o options) unused() options {
	o.mild = true
	return o
}

// problem reports a value that cannot be used.
func (o options) problem(at where, format string, args ...any) {
	if o.mild {
		o.rep.warn(at, format, args...)
		return
	}
	o.rep.problem(at, format, args...)
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
		o.problem(at, "an sdb:// address cannot be resolved here; write the value itself")
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
		o.problem(at, "has to be text, not %s", kind(v))
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

// scalar reads a name of which not every release takes notice: what is no text is
// taken as Python prints it.
func (o options) scalar(key, def string) string {
	v, at, _ := o.value(key)
	switch v.(type) {
	case nil, string:
		return o.text(key, def)
	}
	if !truthy(v) {
		return def
	}
	o.rep.warn(at, "is %s and not a name", kind(v))
	return keyText(v)
}

// path reads text that Salt does not start without.
func (o options) path(key, def string) string {
	v, at, ok := o.value(key)
	if !ok {
		return def
	}
	s, ok := v.(string)
	if !ok {
		o.problem(at, "has to be text, not %s", kind(v))
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
	if hi >= math.MaxInt32 { // a limit and no port
		switch x := v.(type) {
		case *big.Int:
			v = hi * int64(x.Sign()) // a limit that is never reached
		case float64:
			if math.Abs(x) < math.MaxInt32 {
				v = int64(x)
			}
		}
	}
	i, ok := v.(int64)
	switch {
	case !ok:
		o.problem(at, "has to be an integer, not %s", kind(v))
		return def
	case i > hi && hi >= math.MaxInt32:
		return hi
	case i < lo || i > hi:
		o.problem(at, "%d is not from %d to %d", i, lo, hi)
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
			o.problem(at, "has to be a number of seconds")
			return def
		}
		s = float64(i)
	case *big.Int:
		s = maxSeconds * float64(x.Sign())
	default:
		o.problem(at, "has to be a number of seconds, not %s", kind(v))
		return def
	}
	switch {
	case s > maxSeconds: // Salt never comes to the end of that either
		s = maxSeconds
	case !(s >= 0): // NaN is neither
		o.problem(at, "%v is not a number of seconds from 0 on", s)
		return def
	}
	return time.Duration(s * float64(time.Second))
}

// flag reads a boolean. Salt only checks whether a value is true in Python's sense, so that the text "no" is true.
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

// section returns a mapping inside these options, or false where salt-api does
// not start it, which it takes no notice of: "port" has to be in it.
func (o options) section(key string) (options, where, bool) {
	v, at, ok := o.item(key)
	if !ok {
		return options{}, at, false
	}
	m, isMap := v.(*yaml11.Map)
	s := options{set: m, prefix: o.prefix + key + ".", rep: o.rep}
	_, _, hasPort := s.item("port")
	switch {
	case !truthy(v):
		o.rep.warn(at, "is empty: salt-api does not start it")
	case !isMap:
		o.rep.idle(at, "has to be a mapping, not %s", kind(v))
	case !hasPort:
		at.key = s.prefix + "port"
		o.rep.idle(at, "is missing: salt-api does not start the section without it")
	}
	return s, at, hasPort
}
