package eventstream

import (
	"encoding/json"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// View is the data of one event, by its keys. Values stay the JSON that the
// frame has of them: a frame is kept once, for all of its readers.
type View struct{ fields map[string]json.RawMessage }

// View returns the frame's data. ok is false when that is no map.
func (f Frame) View() (v View, ok bool) {
	v.fields = make(map[string]json.RawMessage)
	js := f.data()
	if js[0] != '{' {
		return v, false
	}
	_, err := msgpack.SkimJSON(js, msgpack.Outline{Entry: func(key, js []byte) error {
		v.fields[string(key)] = js
		return nil
	}})
	return v, err == nil
}

// JSON is the value of a key, or nil when there is none. It is shared with the
// frame: its bytes must not be changed.
func (v View) JSON(key string) json.RawMessage { return v.fields[key] }

// Text is a value that is text; "" for any other.
func (v View) Text(key string) string {
	var s string
	_ = json.Unmarshal(v.fields[key], &s)
	return s
}

// Texts is a value that is a list of texts; nil for any other.
func (v View) Texts(key string) []string {
	var list []string
	_ = json.Unmarshal(v.fields[key], &list)
	return list
}
