package events

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/web"
)

// jobsView is the newest jobs, oldest first, within bounds.
type jobsView struct {
	jobs  []*jobView
	bytes int
}

// jobView is a job. Data of the bus is kept as its JSON.
type jobView struct {
	jid     string
	head    []byte // the members before "minions"; none if the job's start was not seen
	tail    []byte // those after it
	state   string
	minions []*resultView
	bytes   int
}

// resultView is a minion of a job.
type resultView struct {
	id                    string
	awaited               bool            // it was expected before it returned
	ret, retcode, success json.RawMessage // nil until it has returned
}

// resultOverhead is about the size of a minion in a view besides its texts.
const resultOverhead = 64

// begin adds a new job.
func (v *jobsView) begin(e eventstream.View) bool {
	for _, key := range []string{"jid", "_stamp", "fun", "tgt", "tgt_type", "minions"} {
		if e.JSON(key) == nil {
			return false
		}
	}
	j := &jobView{jid: e.Text("jid"), state: "running"}
	if j.jid == "" {
		return false
	}
	j.head = slices.Concat([]byte(`"jid": `), e.JSON("jid"), []byte(`, "start_time": `), e.JSON("_stamp"), []byte(", "))
	j.tail = slices.Concat([]byte(`, "fun": `), e.JSON("fun"), []byte(`, "tgt": `), e.JSON("tgt"),
		[]byte(`, "tgt_type": `), e.JSON("tgt_type"))
	size := len(j.head) + len(j.tail)
	for _, id := range e.Texts("minions") {
		j.minions = append(j.minions, &resultView{id: id, awaited: true})
		size += len(id) + resultOverhead
	}
	v.drop(j.jid)
	return v.add(j, size)
}

// returned adds a minion's return.
func (v *jobsView) returned(jid, id string, e eventstream.View) bool {
	ret, retcode, success := e.JSON("return"), e.JSON("retcode"), e.JSON("success")
	if ret == nil || retcode == nil || success == nil {
		return false
	}
	j := v.job(jid)
	if j == nil {
		return false
	}
	m := v.minion(j, id)
	if m == nil {
		return false
	}
	v.grow(j, -len(m.ret)-len(m.retcode)-len(m.success))
	m.ret, m.retcode, m.success = nil, nil, nil
	if !v.makeRoom(len(ret), j) {
		ret = json.RawMessage(trimmed)
	}
	m.ret, m.retcode, m.success = ret, retcode, success
	v.grow(j, len(ret)+len(retcode)+len(success))
	if !slices.ContainsFunc(j.minions, func(m *resultView) bool { return string(m.success) != "true" }) {
		j.state = "complete"
	}
	return true
}

// job returns a job, a new one if its start was not seen; nil if there is no
// room.
func (v *jobsView) job(jid string) *jobView {
	if i := v.find(jid); i >= 0 {
		return v.jobs[i]
	}
	j := &jobView{jid: jid}
	if !v.add(j, len(jid)) {
		return nil
	}
	return j
}

// minion returns a job's minion, a new one if needed; nil if there is no room.
func (v *jobsView) minion(j *jobView, id string) *resultView {
	for _, m := range j.minions {
		if m.id == id {
			return m
		}
	}
	size := len(id) + resultOverhead
	if !v.makeRoom(size, j) {
		return nil
	}
	m := &resultView{id: id}
	j.minions = append(j.minions, m)
	v.grow(j, size)
	return m
}

func (v *jobsView) find(jid string) int {
	return slices.IndexFunc(v.jobs, func(j *jobView) bool { return j.jid == jid })
}

func (v *jobsView) add(j *jobView, size int) bool {
	if len(v.jobs) == maxViewedJobs {
		v.drop(v.jobs[0].jid)
	}
	if !v.makeRoom(size, nil) {
		return false
	}
	v.jobs = append(v.jobs, j)
	v.grow(j, size)
	return true
}

func (v *jobsView) grow(j *jobView, n int) {
	j.bytes += n
	v.bytes += n
}

// makeRoom drops the oldest jobs, but not keep, until n more bytes fit, and
// reports whether they do.
func (v *jobsView) makeRoom(n int, keep *jobView) bool {
	for v.bytes+n > maxViewBytes {
		i := slices.IndexFunc(v.jobs, func(j *jobView) bool { return j != keep })
		if i < 0 {
			return false
		}
		v.drop(v.jobs[i].jid)
	}
	return true
}

func (v *jobsView) drop(jid string) {
	if i := v.find(jid); i >= 0 {
		v.bytes -= v.jobs[i].bytes
		v.jobs = slices.Delete(v.jobs, i, i+1)
	}
}

func (v *jobsView) message(style viewStyle) []byte {
	var b bytes.Buffer
	b.WriteString(`{"jobs": {`)
	for i, j := range v.jobs {
		comma(&b, i)
		b.WriteString(web.JSONText(j.jid) + ": {")
		b.Write(j.head)
		b.WriteString(`"minions": {`)
		for i, m := range j.minions {
			comma(&b, i)
			b.WriteString(web.JSONText(m.id) + ": {" + m.members() + "}")
		}
		b.WriteByte('}')
		b.Write(j.tail)
		if j.state != "" {
			b.WriteString(`, "state": "` + j.state + `"`)
		}
		b.WriteByte('}')
	}
	b.WriteString("}}" + style.end)
	return b.Bytes()
}

// members returns the members in the order of Python's dict, whose keys stay
// where they were inserted first.
func (m *resultView) members() string {
	if m.success == nil {
		return `"success": false`
	}
	success := `"success": ` + string(m.success)
	members := []string{`"return": ` + string(m.ret), `"retcode": ` + string(m.retcode), success}
	if m.awaited {
		members = []string{success, members[0], members[1]}
	}
	return strings.Join(members, ", ")
}
