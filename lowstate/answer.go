package lowstate

import (
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Answer is the result of a job. Its type depends on the kind of client; it is
// encoded as JSON when it is sent.
type Answer interface {
	// JSON returns the answer as salt-api writes it, whole: it is for small
	// answers. The caller must not change it.
	JSON() []byte
}

// Put returns the part of a spool that has an answer as JSON: of the given one,
// to which it is written, unless it is in one already. The error is that of the
// spool.
func Put(to *spool.Spool, a Answer) (spool.Section, error) {
	if s, ok := a.(Spooled); ok {
		return s.Section, nil
	}
	mark := to.Size()
	if w, ok := a.(interface{ writeTo(to *spool.Spool) error }); ok {
		err := w.writeTo(to)
		return to.Since(mark), err
	}
	_, err := to.Write(a.JSON())
	return to.Since(mark), err
}

// written returns what an answer writes to a spool.
func written(a interface{ writeTo(to *spool.Spool) error }) []byte {
	to := (*spool.Store)(nil).New()
	defer to.Close()  //nolint:errcheck // it is in memory
	_ = a.writeTo(to) // as above
	b, _ := to.Since(0).Bytes()
	return b
}

// Spooled is an answer in the spool of its call: the returns of minions, as an
// object with an entry for each. They are transcoded to JSON one by one as they
// come, and never kept in two forms.
type Spooled struct{ spool.Section }

// JSON implements [Answer]. It returns nil if the spool cannot be read.
func (s Spooled) JSON() []byte {
	b, err := s.Bytes()
	if err != nil {
		return nil
	}
	return b
}

// Returns are the returns of a few minions or hosts, as JSON.
type Returns []byte

// JSON implements [Answer].
func (r Returns) JSON() []byte { return r }

// Published is a job that local_async has published. Its zero value stands for
// a target that matched no minion.
type Published struct {
	JID     string
	Minions []string // the targeted ones, in the master's order
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

// Started is a runner or wheel function that was started on the master.
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

// RunnerReturn is the return of a runner function.
type RunnerReturn struct {
	Return msgpack.Section

	// Data and Tag are the whole event of the runner's end, if the chunk has
	// full_return, or else empty.
	Data msgpack.Section
	Tag  string
}

// JSON implements [Answer].
func (r RunnerReturn) JSON() []byte { return written(r) }

func (r RunnerReturn) writeTo(to *spool.Spool) error {
	if r.Tag == "" {
		return WriteSection(to, r.Return)
	}
	_, _ = to.WriteString(`{"data": `) // an error stays
	_ = WriteSection(to, r.Data)
	_, err := to.Write(append(msgpack.AppendJSONString([]byte(`, "tag": `), r.Tag), '}'))
	return err
}

// WheelReturn is the master's answer to a wheel function, with the function's
// return among its data.
type WheelReturn struct{ msgpack.Raw }

// JSON implements [Answer].
func (w WheelReturn) JSON() []byte { return AppendReturn(nil, w.Raw) }

func (w WheelReturn) writeTo(to *spool.Spool) error { return WriteReturn(to, w.Raw) }

// Return returns the return of the function, or an empty map if the answer has
// none. ok is false if it is not the answer of a wheel function.
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

// textNotJSON is salt-api's text, which it sends for all returns at once.
const textNotJSON = "Could not serialize the return data from Salt"

var errUnreadable = errors.New("it cannot be read from the job cache any more")

// AppendReturn appends a return as JSON. One that cannot be encoded, such as
// one that is nested too deep, is replaced by an error text, so that the other
// returns are still sent.
func AppendReturn(b []byte, ret msgpack.Raw) []byte {
	b, err := msgpack.AppendJSON(b, ret)
	if err != nil {
		b = appendNotJSON(b, err)
	}
	return b
}

// WriteReturn is AppendReturn for a spool, whose error it returns.
func WriteReturn(to *spool.Spool, ret msgpack.Raw) error {
	return WriteSection(to, msgpack.InMemory(ret))
}

// WriteSection is WriteReturn for a return that need not be in memory.
func WriteSection(to *spool.Spool, ret msgpack.Section) error {
	return writeReturn(msgpack.NewJSONWriter(to), to, ret)
}

func writeReturn(w *msgpack.JSONWriter, to *spool.Spool, ret msgpack.Section) error {
	if err := w.WriteSection(ret); err != nil && to.Err() == nil {
		_, _ = to.Write(appendNotJSON(nil, err))
	}
	return to.Err()
}

func appendNotJSON(b []byte, err error) []byte {
	if errors.Is(err, msgpack.ErrSource) {
		err = errUnreadable // it would name the file
	}
	return msgpack.AppendJSONString(b, fmt.Sprintf("%s: %v.", textNotJSON, err))
}
