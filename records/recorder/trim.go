package recorder

import (
	"slices"

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

// maxCut is the most bytes of a value that [Decoder.cut] keeps, beside that of a return.
const maxCut = 1 << 20

// cutKeys are the keys whose values are decoded.
func cutKeys() []string {
	return []string{"jid", "fun", "fun_args", "arg", "user", "tgt", "tgt_type", "_stamp", "retcode", "success"}
}

// cut returns a map as it is, if that is in memory, and otherwise with what is decoded: a
// return that is too large to be recorded is taken out, as Trim does it.
func (d Decoder) cut(data msgpack.Section) (msgpack.Raw, error) {
	if data.IsInMemory() {
		return data.Raw()
	}
	var out msgpack.Entries
	keys := cutKeys()
	err := data.Each(func(key msgpack.Raw, v msgpack.Section) error {
		name, _ := key.Str()
		switch {
		case name == "return" && v.Size() > int64(d.MaxValue):
			out.Add(sizeKey, msgpack.InMemory(msgpack.AppendInt(nil, v.Size())))
			v = msgpack.InMemory(msgpack.AppendString(nil, trimMark))
		case name != "return" && (v.Size() > maxCut || !slices.Contains(keys, name)):
			return nil
		}
		raw, err := v.Raw()
		if err == nil {
			err = msgpack.Valid(raw)
		}
		out.AddRaw(key, msgpack.InMemory(raw))
		return err
	})
	if err != nil {
		return nil, err
	}
	return out.Section().Raw()
}
