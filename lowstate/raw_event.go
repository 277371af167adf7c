package lowstate

import (
	"fmt"
	"slices"

	"saltern/saltmaster/msgpack"
)

// rawItem is a whole event: its own data, but with all of a return of which
// the bus had no room for all.
func rawItem(id string, r result) ([]byte, error) {
	tag, data := r.event.Tag, r.event.Data
	if data == nil {
		tag = fmt.Sprintf("salt/job/%s/ret/%s", r.jid, id)
		data = fromCacheOnly(id, r)
	}
	b := []byte(`{"data": {`)
	n := 0
	err := data.Each(func(k, v msgpack.Raw) (err error) {
		if key, _ := k.Str(); key == "return" {
			v = r.ret
		}
		if n++; n > 1 {
			b = append(b, ", "...)
		}
		if b, err = msgpack.AppendJSON(b, k); err != nil {
			return err
		}
		b, err = msgpack.AppendJSON(append(b, ": "...), v)
		return err
	})
	if err != nil {
		return nil, err
	}
	b = msgpack.AppendJSONString(append(b, `}, "tag": `...), tag)
	return append(b, '}'), nil
}

// fromCacheOnly is what is known of an event that was missed.
func fromCacheOnly(id string, r result) msgpack.Raw {
	fields := []field{
		{"id", msgpack.AppendString(nil, id)},
		{"return", r.ret},
		{"retcode", r.retcode},
		{"out", r.out},
		{"jid", msgpack.AppendString(nil, r.jid)},
	}
	return object(slices.DeleteFunc(fields, func(f field) bool { return f.value == nil }))
}
