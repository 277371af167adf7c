package mastertest

import (
	"context"
	"slices"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func (m *Master) publish(load msgpack.Raw) answer {
	fun, tgt := mustLookup(load, "fun"), mustLookup(load, "tgt")
	_, hasUser := load.Lookup("user")
	_, hasFun := load.Lookup("fun")
	_, hasJID := load.Lookup("jid")
	if !hasUser || !hasFun || !hasJID || tgt == nil {
		return plain(text(exception))
	}
	kwargs, _ := load.Lookup("kwargs")
	c := m.authenticate(kwargs)
	if !c.known {
		return m.refusePublish(load, "AuthenticationError", "Authentication error occurred.")
	}
	if !slices.ContainsFunc(functions(fun), func(f string) bool { return m.mayPublish(c.user, f) }) {
		return m.refusePublish(load, "AuthorizationError", "Authorization error occurred.")
	}
	tgtType, hasType := load.Lookup("tgt_type")
	if !hasType { // taken for a glob until the load is needed whole
		tgtType = text("glob")
	}
	typeName, _ := tgtType.Str()
	minions, missing := m.target(tgt, typeName)
	if len(minions) == 0 {
		return plain(object(pair{"enc", text("clear")}, pair{"load", object(
			pair{"jid", msgpack.AppendNil(nil)}, pair{"minions", texts(nil)},
			pair{"error", text("Master could not resolve minions for target " + printed(tgt))})}))
	}
	jid := lookupText(load, "jid")
	if jid == "" {
		jid = m.newJID()
	}
	if m.release.jidEvent {
		m.Fire(jid, object(pair{"minions", texts(minions)}, m.stamp()))
	}
	if !hasType {
		return plain(text(exception))
	}
	arg, metadata := mustLookup(load, "arg"), mustLookup(kwargs, "metadata")
	m.sayNew(load, c.user, jid, minions, missing, metadata)
	m.saveJob(load, c.user, jid, minions)
	job := Job{JID: jid, User: c.user, TgtType: typeName, Tgt: tgt, Arg: elements(arg), fun: fun, arg: arg, extra: m.release.jobExtra}
	job.Fun, _ = fun.Str()
	reply := object(pair{"jid", text(jid)}, pair{"minions", texts(minions)}, pair{"missing", texts(missing)})
	return answer{
		reply: object(pair{"enc", text("clear")}, pair{"load", reply}),
		then:  func() { m.sendOut(job, minions, metadata) },
	}
}

// sayNew says the events with which a job begins.
func (m *Master) sayNew(load msgpack.Raw, user, jid string, minions, missing []string, metadata msgpack.Raw) {
	get := func(key string) pair { return pair{key, mustLookup(load, key)} }
	m.Fire("salt/job/"+jid+"/new", object(pair{"jid", text(jid)}, get("tgt_type"), get("tgt"), pair{"user", text(user)},
		get("fun"), get("arg"), pair{"minions", texts(minions)}, pair{"missing", texts(missing)}, m.stamp()))
	if !m.release.publishEvent {
		return
	}
	data := []pair{get("fun"), get("arg"), get("tgt"), {"jid", text(jid)}, get("ret"), get("tgt_type")}
	if metadata != nil {
		data = append(data, pair{"metadata", metadata})
	}
	m.Fire("salt/job/"+jid+"/publish", object(append(data, pair{"user", text(user)}, m.stamp())...))
}

// refusePublish says the load, credentials and all, on the bus, as the master does.
func (m *Master) refusePublish(load msgpack.Raw, name, message string) answer {
	var data []pair
	_ = load.Each(func(key, val msgpack.Raw) error {
		k, _ := key.Str()
		data = append(data, pair{k, val})
		return nil
	})
	m.Fire("salt/job/"+lookupText(load, "jid")+"/error",
		object(append(data, pair{"error", failureValue(name, message)}, m.stamp())...))
	return plain(failure(name, message))
}

// sendOut lets the targeted minions work. Those that answer at once do so in order.
func (m *Master) sendOut(job Job, minions []string, metadata msgpack.Raw) {
	ctx := m.lifetime()
	var quick []Job
	for _, id := range minions {
		minion, job := m.minions[id], job
		job.Minion = id
		switch {
		case minion.Silent, minion.Misses != nil && minion.Misses(job.Fun):
		case job.Fun == "saltutil.find_job", minion.Delay == 0 && minion.Answer == nil && job.Fun != "test.sleep":
			quick = append(quick, job)
		default:
			m.work(job, true)
			m.jobs.Go(func() {
				defer m.work(job, false)
				m.answerLater(ctx, minion, job, metadata)
			})
		}
	}
	for _, job := range quick {
		answer := Builtin
		if job.Fun == "saltutil.find_job" {
			answer = m.findJob
		}
		m.returned(job, job.answer(ctx, answer), metadata)
	}
}

func (m *Master) answerLater(ctx context.Context, minion Minion, job Job, metadata msgpack.Raw) {
	if pause.For(ctx, minion.Delay) != nil {
		return
	}
	answer := Builtin
	if minion.Answer != nil {
		answer = minion.Answer
	}
	if r := job.answer(ctx, answer); ctx.Err() == nil {
		m.returned(job, r, metadata)
	}
}

// Return fires a minion's return on the bus, whether there is a job of it or not, and keeps it in the job cache.
func (m *Master) Return(job Job, r Return) { m.returned(job, r, nil) }

func (m *Master) returned(job Job, r Return, metadata msgpack.Raw) {
	if r.Return == nil {
		r.Return = msgpack.AppendNil(nil)
	}
	f := m.currentFaults()
	if f.CacheDelay == 0 {
		m.saveReturn(job, r)
	} else {
		ctx := m.lifetime()
		m.jobs.Go(func() {
			if pause.For(ctx, f.CacheDelay) == nil {
				m.saveReturn(job, r)
			}
		})
	}
	ret := r.Return
	if f.TrimReturns || len(ret) > m.opts.MaxEventSize {
		ret = text("VALUE_TRIMMED")
	}
	data := []pair{{"cmd", text("_return")}, {"id", text(job.Minion)}, {"success", boolean(!r.Failed)}, {"return", ret}}
	retcode := pair{"retcode", number(int64(r.Retcode))}
	if r.retcodes != nil {
		retcode.val = r.retcodes
	}
	switch {
	case r.Out == "":
		data = append(data, retcode)
	case job.Fun == "test.exception": // the one place where the master's minions put it first
		data = append(data, pair{"out", text(r.Out)}, retcode)
	default:
		data = append(data, retcode, pair{"out", text(r.Out)})
	}
	data = append(data, pair{"jid", text(job.JID)}, pair{"fun", job.function()}, pair{"fun_args", array(job.Arg...)},
		pair{"user", text(job.User)})
	if metadata != nil {
		data = append(data, pair{"metadata", metadata})
	}
	data = append(data, m.stamp(), pair{"ts", number(time.Now().Unix())})
	m.Fire("salt/job/"+job.JID+"/ret/"+job.Minion, object(data...))
	if f.DuplicateReturns {
		m.Fire("salt/job/"+job.JID+"/ret/"+job.Minion, object(data...))
	}
}

// mustLookup is nil where m has no such key.
func mustLookup(m msgpack.Raw, key string) msgpack.Raw {
	v, ok := m.Lookup(key)
	if !ok {
		return nil
	}
	return v
}
