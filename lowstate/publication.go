package lowstate

import (
	"errors"

	"saltern/saltmaster"
)

// passedOn are the chunk's keys that the master looks for among a
// publication's keywords. Nothing else a client writes gets that far.
var passedOn = []string{
	"delimiter", "nocache", "master_id", "id", "ret_config", "metadata",
	"module_executors", "executor_opts", "ret_kwargs", "start_event",
}

// publication makes of a chunk what the local clients publish. Its JID is the
// chunk's own, or "".
func (m *Master) publication(c Chunk) (saltmaster.Publication, error) {
	tgt, tgtType, err := m.target(c)
	if err != nil {
		return saltmaster.Publication{}, err
	}
	fun, err := c.function()
	if err != nil {
		return saltmaster.Publication{}, err
	}
	kwargs, err := c.mapping("kwarg")
	if err != nil {
		return saltmaster.Publication{}, err
	}
	jid, err := c.jobID()
	if err != nil {
		return saltmaster.Publication{}, err
	}
	ret, ok := c.stringOr("ret", "")
	if !ok {
		return saltmaster.Publication{}, errors.New("ret must be a string")
	}
	p := saltmaster.Publication{
		Tgt: tgt, TgtType: tgtType, Fun: fun, JID: jid,
		Arg: conditioned(c.list("arg"), kwargs),
		Ret: m.returners(ret),
	}
	for _, key := range passedOn {
		if v, ok := c.Get(key); ok {
			p.Extra = append(p.Extra, saltmaster.Extra{Key: key, Value: v})
		}
	}
	return p, nil
}

// returners adds the operator's ext_job_cache to the chunk's own returners.
func (m *Master) returners(ret string) string {
	switch {
	case m.ExtJobCache == "":
		return ret
	case ret == "":
		return m.ExtJobCache
	default:
		return ret + "," + m.ExtJobCache
	}
}
