package lowstate

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// maxTimeout is the longest timeout of a chunk: a year.
const maxTimeout = 365 * 24 * time.Hour

// function returns the chunk's fun.
func (c Chunk) function() (string, error) {
	v, ok := c.present("fun")
	if !ok {
		return "", errors.New("fun is missing")
	}
	return functionName(v)
}

func functionName(v msgpack.Raw) (string, error) {
	fun, ok := text(v)
	switch {
	case !ok:
		return "", errors.New("fun must be a string")
	case fun == "":
		return "", errEmptyFunction
	}
	return fun, nil
}

var errEmptyFunction = errors.New("fun is empty")

// duration returns a number of seconds, as a number or as text, or def when
// the key is absent or empty.
func (c Chunk) duration(key string, def time.Duration) (time.Duration, error) {
	v, ok := c.given(key)
	if !ok {
		return def, nil
	}
	seconds, ok := number(v)
	if !ok || !(seconds > 0) {
		return 0, fmt.Errorf("%s must be a positive number of seconds", key)
	}
	return time.Duration(min(seconds, maxTimeout.Seconds()) * float64(time.Second)), nil
}

// lenientDuration is duration as LocalClient reads it: def for a value that is
// not a number.
func (c Chunk) lenientDuration(key string, def time.Duration) (time.Duration, error) {
	v, _ := c.given(key)
	if _, ok := number(v); !ok {
		return def, nil
	}
	return c.duration(key, def)
}

// pause returns a number of seconds that may be zero. A negative one counts as
// zero.
func (c Chunk) pause(key string) (time.Duration, error) {
	v, ok := c.given(key)
	if seconds, isNumber := number(v); !ok || isNumber && seconds <= 0 {
		return 0, nil
	}
	return c.duration(key, 0)
}

// gatherTimeout returns how long minions may take to return from find_job.
func (c Chunk) gatherTimeout(def time.Duration) (time.Duration, error) {
	v, ok := c.given("gather_job_timeout")
	if seconds, isNumber := number(v); ok && isNumber && seconds <= 0 {
		return noTime, nil
	}
	return c.duration("gather_job_timeout", def)
}

// noTime is the shortest time to wait.
const noTime = time.Millisecond

// number returns a number, or text that reads as one. True is 1, as in Python.
func number(v msgpack.Raw) (float64, bool) {
	switch v.Kind() {
	case msgpack.Bool:
		yes, _ := v.Bool()
		return float64(btoi(yes)), true
	case msgpack.Int, msgpack.Float:
		f, ok := v.Float()
		return f, ok && !math.IsInf(f, 0) && !math.IsNaN(f)
	case msgpack.Str:
		s, _ := v.Str()
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	}
	return 0, false
}

// jobID returns the jid in the chunk, or "".
func (c Chunk) jobID() (string, error) {
	v, ok := c.given("jid")
	if !ok || !v.Truthy() {
		return "", nil
	}
	jid, ok := v.Str()
	if !ok {
		if n, isInt := v.Uint(); isInt {
			jid = strconv.FormatUint(n, 10)
		}
	}
	if !saltmaster.IsJID(jid) {
		return "", errors.New("jid must be 20 digits")
	}
	return jid, nil
}

// list returns the elements of an array. Another value is a list of one, as in
// rest_cherrypy.
func (c Chunk) list(key string) []msgpack.Raw {
	v, ok := c.present(key)
	if !ok {
		return nil
	}
	if v.Kind() != msgpack.Array {
		return []msgpack.Raw{v}
	}
	elems := make([]msgpack.Raw, 0, v.Len())
	_ = v.Elems(func(e msgpack.Raw) error {
		elems = append(elems, e)
		return nil
	})
	return elems
}

// mapping returns the entries of an object, or none if the key is absent or its
// value is false in Python. Any other value is an error, since it may contain
// arguments, such as the text test=True, and the call must not run without
// them.
func (c Chunk) mapping(key string) ([]field, error) {
	v, ok := c.given(key)
	if !ok || !v.Truthy() {
		return nil, nil
	}
	if v.Kind() != msgpack.Map {
		return nil, fmt.Errorf("%s must be an object", key)
	}
	fields := make([]field, 0, v.Len())
	err := v.Each(func(k, val msgpack.Raw) error {
		name, ok := k.Str()
		if !ok { // possible in YAML
			return fmt.Errorf("the keys of %s must be strings", key)
		}
		fields = append(fields, field{name, val})
		return nil
	})
	return fields, err
}

// conditioned returns arguments as Salt publishes them: a number that looks
// like a jid becomes text, since minions would not get all of its digits, and
// keyword arguments become one marked map at the end.
func conditioned(args []msgpack.Raw, kwargs []field) msgpack.Raw {
	n := len(args)
	if len(kwargs) > 0 {
		n++
	}
	b := msgpack.AppendArray(nil, n)
	for _, a := range args {
		if s, ok := jidLike(a); ok {
			b = msgpack.AppendString(b, s)
			continue
		}
		b = append(b, a...)
	}
	if len(kwargs) == 0 {
		return b
	}
	marked := true
	for _, kw := range kwargs {
		marked = marked && kw.key != "__kwarg__"
	}
	b = msgpack.AppendMap(b, len(kwargs)+btoi(marked))
	if marked {
		b = msgpack.AppendString(b, "__kwarg__")
		b = msgpack.AppendBool(b, true)
	}
	return appendFields(b, kwargs)
}

func appendFields(b []byte, fields []field) []byte {
	for _, f := range fields {
		b = msgpack.AppendString(b, f.key)
		b = append(b, f.value...)
	}
	return b
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// jidLike reports whether a value is an integer whose text has the length of a
// jid.
func jidLike(v msgpack.Raw) (string, bool) {
	if v.Kind() != msgpack.Int {
		return "", false
	}
	var s string
	if u, ok := v.Uint(); ok {
		s = strconv.FormatUint(u, 10)
	} else if i, ok := v.Int(); ok {
		s = strconv.FormatInt(i, 10)
	}
	return s, len(s) == 20
}

// text is Str for values that must be text, not bytes.
func text(v msgpack.Raw) (string, bool) {
	if v.Kind() != msgpack.Str {
		return "", false
	}
	return v.Str()
}

// printable bounds a name from a client for a response.
func printable(name string) string {
	const most = 64
	if r := []rune(name); len(r) > most {
		return string(r[:most]) + "..."
	}
	return name
}
