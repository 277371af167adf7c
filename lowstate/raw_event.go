package lowstate

import (
	"fmt"
	"slices"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// rawItem is a whole event: its own data, but with all of a return of which
// the bus had no room for all.
func rawItem(id string, r result) Returns {
	tag, data := r.event.Tag, r.event.Data
	if data == nil {
		tag = fmt.Sprintf("salt/job/%s/ret/%s", r.jid, id)
		data = fromCacheOnly(id, r)
	}
	b := AppendReturn([]byte(`{"data": `), withReturn(data, r.ret))
	b = msgpack.AppendJSONString(append(b, `, "tag": `...), tag)
	return append(b, '}')
}

// withReturn is an event's data with another return.
func withReturn(data, ret msgpack.Raw) msgpack.Raw {
	b := msgpack.AppendMap(nil, data.Len())
	_ = data.Each(func(k, v msgpack.Raw) error {
		if key, _ := k.Str(); key == "return" {
			v = ret
		}
		b = append(append(b, k...), v...)
		return nil
	})
	return b
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
