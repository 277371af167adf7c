package eventstream

import (
	"encoding/json"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// GapTag is the tag of frames that are no event of the master but say that some were lost.
const GapTag = "saltern/gap"

// Frame is one event, ready to be sent. Many readers share it: its bytes must not be changed.
type Frame struct {
	// ID names the frame's place in the stream, for [Request.After].
	ID string
	// Tag is the event's.
	Tag string
	// Gap says why events were lost here, and is empty for an event.
	Gap string

	text []byte // tag line, data line and an empty one
	json int    // where in text the JSON begins
}

// What stands around the JSON in a frame's text.
const (
	dataField = "data: "
	dataHead  = `{"data": `
	blockEnd  = "\n\n"
)

// JSON is {"data": ..., "tag": "..."} as salt-api writes it. That of a gap has the same form.
func (f Frame) JSON() []byte { return f.text[f.json : len(f.text)-len(blockEnd)] }

// Data is the JSON as a data line and an empty line, which is what salt-api's websocket sends.
func (f Frame) Data() []byte { return f.text[f.json-len(dataField):] }

// Block is what salt-api's /events sends for an event: a tag line, a data line and an empty line.
func (f Frame) Block() []byte { return f.text }

// data is the event's data in the JSON.
func (f Frame) data() []byte {
	return f.text[f.json+len(dataHead) : len(f.text)-len(appendEnd(nil, f.Tag))]
}

// frameOverhead is about what a frame costs beside its text.
const frameOverhead = 128

func (f Frame) size() int64 { return int64(cap(f.text) + len(f.Tag) + len(f.ID) + frameOverhead) }

// newFrame makes a frame without an id. The error is that the data cannot be JSON.
func newFrame(tag string, data msgpack.Raw) (Frame, error) {
	const around = len("tag: \ndata: {\"data\": , \"tag\": \"\"}\n\n")
	text := make([]byte, 0, 2*len(tag)+len(data)+len(data)/4+around)
	text = append(append(text, "tag: "...), oneLine(tag)...)
	text = append(text, "\n"+dataField...)
	f := Frame{Tag: tag, json: len(text)}
	text = append(text, dataHead...)
	text, err := msgpack.AppendJSON(text, data)
	if err != nil {
		return Frame{}, err
	}
	f.text = appendEnd(text, tag)
	return f, nil
}

func appendEnd(text []byte, tag string) []byte {
	text = msgpack.AppendJSONString(append(text, `, "tag": `...), tag)
	return append(text, "}"+blockEnd...)
}

// oneLine keeps a tag from being more than one field of the stream.
func oneLine(tag string) string {
	if !strings.ContainsAny(tag, "\r\n") {
		return tag
	}
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(tag)
}

// gap makes a frame that says that events were lost.
func gap(id, reason string) Frame {
	f := Notice(GapTag, reason)
	f.ID, f.Gap = id, reason
	return f
}

// Notice makes a frame of the gateway's own, for the reader: {"data": {"reason": "..."}, "tag": ...}.
// It has no id.
func Notice(tag, reason string) Frame {
	text := []byte("tag: " + oneLine(tag) + "\n" + dataField)
	f := Frame{Tag: tag, json: len(text)}
	text = msgpack.AppendJSONString(append(text, dataHead+`{"reason": `...), reason)
	f.text = appendEnd(append(text, '}'), tag)
	return f
}

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
