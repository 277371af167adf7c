package lowstate

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Answer is what a job has returned. Its type says of what kind of client it
// is; JSON is made of it when it goes out.
type Answer interface {
	// JSON is the answer as salt-api writes it. The caller does not change it.
	JSON() []byte
}

// Returns is what minions or hosts returned: a JSON object with an entry for
// each. It is JSON from the start: returns are transcoded one by one as they
// come, and are never kept in two forms.
type Returns []byte

// JSON implements [Answer].
func (r Returns) JSON() []byte { return r }

// Published is a job that local_async has published. Its zero value stands for
// a target that matched no minion.
type Published struct {
	JID     string
	Minions []string // the targeted ones, as the master listed them
}

// JSON implements [Answer].
func (p Published) JSON() []byte {
	if p.JID == "" {
		return []byte("{}")
	}
	out := append(make([]byte, 0, 256), `{"jid": `...)
	out = msgpack.AppendJSONString(out, p.JID)
	out = append(out, `, "minions": [`...)
	for i, id := range p.Minions {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = msgpack.AppendJSONString(out, id)
	}
	return append(out, "]}"...)
}

// Started is a runner or wheel function that runs on the master.
type Started struct {
	Tag string // of its events: "salt/run/<jid>" or "salt/wheel/<jid>"
	JID string
}

// JSON implements [Answer].
func (s Started) JSON() []byte {
	b := msgpack.AppendJSONString([]byte(`{"tag": `), s.Tag)
	b = msgpack.AppendJSONString(append(b, `, "jid": `...), s.JID)
	return append(b, '}')
}

// RunnerReturn is what a runner function returned.
type RunnerReturn struct {
	Return msgpack.Raw

	// Data and Tag are the whole event of the runner's end, where the chunk
	// has full_return; nil and "" elsewhere.
	Data msgpack.Raw
	Tag  string
}

// JSON implements [Answer].
func (r RunnerReturn) JSON() []byte {
	if r.Data == nil {
		return AppendReturn(nil, r.Return)
	}
	out := append(AppendReturn([]byte(`{"data": `), r.Data), `, "tag": `...)
	out = msgpack.AppendJSONString(out, r.Tag)
	return append(out, '}')
}

// WheelReturn is the master's answer to a wheel function, with the function's
// return among its data.
type WheelReturn struct{ msgpack.Raw }

// JSON implements [Answer].
func (w WheelReturn) JSON() []byte { return AppendReturn(nil, w.Raw) }

// Return is what the function returned, or an empty map when the answer has no
// return. ok is false when it is no wheel function's answer.
func (w WheelReturn) Return() (ret msgpack.Raw, ok bool) {
	data, _ := w.Lookup("data")
	if data.Kind() != msgpack.Map {
		return nil, false
	}
	if ret, ok := data.Lookup("return"); ok {
		return ret, true
	}
	return msgpack.AppendMap(nil, 0), true
}

func (w WheelReturn) jid() string {
	data, _ := w.Lookup("data")
	return data.LookupStr("jid")
}

// textNotJSON is what salt-api says, for all returns at once.
const textNotJSON = "Could not serialize the return data from Salt"

// AppendReturn appends a return as JSON. One that cannot be written so, such as
// one that is nested too deep, is the text that it cannot: it must not take the
// others with it.
func AppendReturn(b []byte, ret msgpack.Raw) []byte {
	b, err := msgpack.AppendJSON(b, ret)
	if err != nil {
		b = msgpack.AppendJSONString(b, fmt.Sprintf("%s: %v.", textNotJSON, err))
	}
	return b
}
