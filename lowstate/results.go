package lowstate

import (
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// results is the answer of a local job under construction: a JSON object with
// one entry per minion, written to a spool as the returns come.
type results struct {
	full bool                            // full_return
	each func(id string, v result) error // called with the returns in place of writing JSON, if set
	to   *spool.Spool
	mark int64 // where the answer begins
	json *msgpack.JSONWriter

	marks marks
	any   bool // whether there is an entry
}

// marks are what is known of each minion, in one table: a job may have hundreds of
// thousands.
type marks map[string]mark

type mark uint8

const (
	isTargeted mark = 1 << iota // its returns count
	isAnswered                  // the answer has an entry for it
	isPending                   // it has not returned
)

func (m marks) add(id string, what mark)      { m[id] |= what }
func (m marks) has(id string, what mark) bool { return m[id]&what != 0 }

// result is one minion's return. Nil values are omitted.
type result struct {
	ret          msgpack.Section
	out, retcode msgpack.Raw
	jid          string
	event        eventbus.Event // zero if it was read from the job cache
}

// newResults returns results without an entry. A nil spool stands for one
// without a limit.
// minions is about how many there will be.
func newResults(full bool, to *spool.Spool, minions int) results {
	if to == nil {
		to = (*spool.Store)(nil).New()
	}
	return results{full: full, to: to, mark: to.Size(), json: msgpack.NewJSONWriter(to), marks: make(marks, minions)}
}

func (r *results) has(id string) bool { return r.marks.has(id, isAnswered) }

// add adds a return. The error is that of each, or of the spool.
func (r *results) add(id string, v result) error {
	if r.each != nil {
		r.marks.add(id, isAnswered)
		return r.each(id, v)
	}
	b := r.key(id)
	if !r.full {
		r.write(b)
		return r.value(v.ret)
	}
	r.write(append(b, `{"ret": `...))
	_ = r.value(v.ret) // an error of the spool stays
	for _, f := range []struct {
		before string
		value  msgpack.Raw
	}{{`, "out": `, v.out}, {`, "retcode": `, v.retcode}} {
		if f.value == nil {
			continue
		}
		r.write([]byte(f.before))
		_ = r.value(msgpack.InMemory(f.value))
	}
	if b = b[:0]; v.jid != "" {
		b = msgpack.AppendJSONString(append(b, `, "jid": `...), v.jid)
	}
	r.write(append(b, '}'))
	return r.to.Err()
}

// value writes a return. The error is that of the spool.
func (r *results) value(v msgpack.Section) error { return writeReturn(r.json, r.to, v) }

func (r *results) write(b []byte) { _, _ = r.to.Write(b) }

// addSilent adds an entry for a minion that did not return, with the text said.
// LocalClient puts out first here, and no jid.
func (r *results) addSilent(id, said string) {
	b := r.key(id)
	if !r.full {
		r.write(msgpack.AppendJSONString(b, said))
		return
	}
	b = append(b, `{"out": "no_return", "ret": `...)
	b = msgpack.AppendJSONString(b, said)
	r.write(append(b, `, "retcode": 1}`...))
}

// addFalse adds false for a minion without any sign of life.
func (r *results) addFalse(id string) { r.write(append(r.key(id), "false"...)) }

// key returns the text before an entry.
func (r *results) key(id string) []byte {
	b := append(make([]byte, 0, len(id)+64), '{')
	if r.any {
		b = append(b[:0], ", "...)
	}
	r.any = true
	r.marks.add(id, isAnswered)
	b = msgpack.AppendJSONString(b, id)
	return append(b, ": "...)
}

// close ends the answer, which is of no use if the spool has an error.
func (r *results) close() Spooled {
	end := "}"
	if r.to.Size() == r.mark {
		end = "{}"
	}
	_, _ = r.to.WriteString(end)
	return Spooled{r.to.Since(r.mark)}
}
