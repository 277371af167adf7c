package recorder

import (
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// sizeKey is the key of the size of a value that Trim took out of an event.
const sizeKey = "saltern_size"

// Trim returns an event without a value that is too large to be recorded, so
// that it does not wait in memory or in files.
func (r *Recorder) Trim(e eventbus.Event) eventbus.Event { return r.decoder.trim(e) }

func (d Decoder) trim(e eventbus.Event) eventbus.Event {
	if len(e.Data) <= d.MaxValue {
		return e
	}
	value, ok := e.Data.Lookup("return")
	if !ok || len(value) <= d.MaxValue {
		return e
	}
	out := msgpack.AppendMap(nil, e.Data.Len()+1)
	err := e.Data.Each(func(key, v msgpack.Raw) error {
		if name, _ := key.Str(); name == "return" {
			v = msgpack.AppendString(nil, trimMark)
		}
		out = append(append(out, key...), v...)
		return nil
	})
	if err != nil {
		return eventbus.Event{Tag: e.Tag, Data: msgpack.AppendNil(nil)} // it is not valid, and not recorded
	}
	out = msgpack.AppendInt(msgpack.AppendString(out, sizeKey), int64(len(value)))
	return eventbus.Event{Tag: e.Tag, Data: out}
}
