package lowstate

import (
	"slices"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// results is the answer of a local job under construction: a JSON object with
// one entry per minion, written as the returns come.
type results struct {
	full bool                            // full_return
	each func(id string, v result) error // called with the returns in place of writing JSON, if set
	json []byte
	seen map[string]bool
}

// result is one minion's return. Nil values are omitted.
type result struct {
	ret, out, retcode msgpack.Raw
	jid               string
	event             eventbus.Event // zero if it was read from the job cache
}

func newResults(full bool) results {
	return results{full: full, json: []byte("{"), seen: make(map[string]bool)}
}

func (r *results) has(id string) bool { return r.seen[id] }

func (r *results) add(id string, v result) error {
	if r.each != nil {
		r.seen[id] = true
		return r.each(id, v)
	}
	r.key(id)
	r.json = slices.Grow(r.json, len(v.ret)+len(v.ret)/8) // JSON is seldom larger
	if !r.full {
		r.json = AppendReturn(r.json, v.ret)
		return nil
	}
	r.json = AppendReturn(append(r.json, `{"ret": `...), v.ret)
	for _, f := range []struct {
		key   string
		value msgpack.Raw
	}{{"out", v.out}, {"retcode", v.retcode}} {
		if f.value == nil {
			continue
		}
		r.json = append(append(append(r.json, `, "`...), f.key...), `": `...)
		r.json = AppendReturn(r.json, f.value)
	}
	if v.jid != "" {
		r.json = append(r.json, `, "jid": `...)
		r.json = msgpack.AppendJSONString(r.json, v.jid)
	}
	r.json = append(r.json, '}')
	return nil
}

// addSilent adds an entry for a minion that did not return, with the text said.
// LocalClient puts out first here, and no jid.
func (r *results) addSilent(id, said string) {
	r.key(id)
	if !r.full {
		r.json = msgpack.AppendJSONString(r.json, said)
		return
	}
	r.json = append(r.json, `{"out": "no_return", "ret": `...)
	r.json = msgpack.AppendJSONString(r.json, said)
	r.json = append(r.json, `, "retcode": 1}`...)
}

// addFalse adds false for a minion without any sign of life.
func (r *results) addFalse(id string) {
	r.key(id)
	r.json = append(r.json, "false"...)
}

func (r *results) key(id string) {
	r.seen[id] = true
	if len(r.json) > 1 {
		r.json = append(r.json, ", "...)
	}
	r.json = msgpack.AppendJSONString(r.json, id)
	r.json = append(r.json, ": "...)
}

func (r *results) close() Returns { return append(r.json, '}') }
