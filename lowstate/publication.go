package lowstate

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// passedOn are the chunk's keys that the master reads among a publication's
// keywords. No other keys of a client are sent.
var passedOn = []string{
	"delimiter", "nocache", "master_id", "id", "ret_config", "metadata",
	"module_executors", "executor_opts", "ret_kwargs", "start_event",
}

// publication returns the publication of a chunk of the local clients. Its JID
// is the chunk's own, or "".
func (m *Master) publication(c Chunk) (saltmaster.Publication, error) {
	tgt, tgtType, err := m.target(c)
	if err != nil {
		return saltmaster.Publication{}, err
	}
	run, err := c.minionCall()
	if err != nil {
		return saltmaster.Publication{}, err
	}
	jid, err := c.jobID()
	if err != nil {
		return saltmaster.Publication{}, err
	}
	ret, _ := c.Text("ret") // minions ignore other types
	p := saltmaster.Publication{
		Tgt: tgt, TgtType: tgtType, Fun: run.fun, Funs: run.funs, Arg: run.arg, JID: jid,
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

// query returns a publication that queries the minions of another one before
// that is sent.
func query(p saltmaster.Publication, fun string) saltmaster.Publication {
	q := saltmaster.Publication{Tgt: p.Tgt, TgtType: p.TgtType, Fun: fun, Arg: msgpack.AppendArray(nil, 0)}
	for _, e := range p.Extra {
		if e.Key == "delimiter" {
			q.Extra = append(q.Extra, e)
		}
	}
	return q
}

// publish sends a publication with the caller's authority. The JID is "" if no
// minion matched and nothing was sent.
func (m *Master) publish(ctx context.Context, grant eauth.Grant, p saltmaster.Publication, rec *Record) (saltmaster.Published, error) {
	var done saltmaster.Published
	err := withGrant(ctx, grant, func(ctx context.Context, as proof) (err error) {
		p := p
		p.Token, p.Login = as.token, as.login
		done, err = m.Commands.Publish(ctx, p)
		if errors.Is(err, saltmaster.ErrUnauthorized) {
			grant.Exposed(as.token)
		}
		return err
	})
	if err != nil {
		return saltmaster.Published{}, err
	}
	if len(done.Minions) == 0 && !m.OrderMasters {
		done.JID = ""
	}
	rec.JID, rec.Minions = done.JID, len(done.Minions)
	return done, nil
}
