package lowstate

import (
	"context"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// event handles one event of the job or of a find_job round. Anything but a
// return of a targeted minion is ignored. The master, minions and programs on
// the master's host can fire events; a minion's id in an event does not prove
// that it is the minion's. With [Master.Verified], returns are read from the
// job cache instead.
func (w *wait) event(ctx context.Context, ev eventbus.Event) error {
	jid, id, isReturn := splitReturnTag(ev.Tag)
	if !isReturn {
		w.announced(ev)
		return nil
	}
	if w.findJobs[jid] {
		w.stillWorking(id, ev.Data)
		return nil
	}
	if jid != w.job.pub.JID {
		return nil
	}
	data := readReturn(ev.Data)
	if data.id != id {
		return nil
	}
	if w.job.Verified {
		return w.reported(ctx, id, ev.Data)
	}
	if !w.wanted(id) {
		return nil
	}
	return w.returned(ctx, ev, data)
}

// returnData is what counts of an event's data.
type returnData struct {
	id, resource      string
	ret, out, retcode msgpack.Raw // nil if there is none
}

// readReturn reads the data of a return in one pass. Malformed data has nothing.
func readReturn(data msgpack.Raw) (d returnData) {
	err := data.Each(func(k, v msgpack.Raw) error {
		name, _ := k.Str()
		switch name {
		case "id":
			d.id, _ = v.Str()
		case "resource_id":
			d.resource, _ = v.Str()
		case "return":
			d.ret = v
		case "out":
			d.out = v
		case "retcode":
			d.retcode = v
		}
		return nil
	})
	if err != nil {
		return returnData{}
	}
	return d
}

// wanted reports whether a return of this minion counts. Minions behind a
// syndic are unknown until they return.
func (w *wait) wanted(id string) bool {
	if w.pending.has(id) {
		return true
	}
	if w.job.OrderMasters && !w.isTargeted(id) {
		w.expect(id)
		return true
	}
	// A managing minion returns once for itself and once for each resource.
	return w.isTargeted(id)
}

func (w *wait) returned(ctx context.Context, ev eventbus.Event, data returnData) error {
	if data.ret == nil {
		return nil
	}
	id, shown := data.id, data.id
	if data.resource != "" {
		shown = data.resource
	} else if !w.pending.has(id) {
		return nil // a duplicate
	}
	if w.results.has(shown) {
		return nil
	}
	r := result{ret: msgpack.InMemory(data.ret), out: data.out, retcode: data.retcode, jid: w.job.pub.JID, event: ev}
	if trimmed(data.ret) {
		whole, ok, err := w.job.wholeReturn(ctx, w.job.pub.JID, id)
		if err != nil {
			return err
		}
		if ok {
			r.ret = whole.Return
		}
	}
	w.pending.remove(shown)
	return w.results.add(shown, r)
}

// maxOthers bounds the minions behind syndics that events may name.
const maxOthers = 100_000

// announced adds the minions that other masters name.
func (w *wait) announced(ev eventbus.Event) {
	if !w.job.OrderMasters {
		return
	}
	minions, _ := ev.Data.Lookup("minions")
	_ = minions.Elems(func(e msgpack.Raw) error {
		if id, ok := e.Str(); ok && !w.isTargeted(id) && len(w.order)-w.own < maxOthers {
			w.order = append(w.order, id)
			w.expect(id)
		}
		return nil
	})
}

// stillWorking handles a minion's return from find_job: an empty map if it is
// not running the job (any more), and a description of the job otherwise.
func (w *wait) stillWorking(id string, data msgpack.Raw) {
	if !w.pending.has(id) {
		return
	}
	if code, ok := data.Lookup("retcode"); ok {
		if n, _ := code.Int(); n > 0 && !w.job.Verified {
			w.pending.remove(id) // find_job failed; LocalClient stops waiting for the minion
			return
		}
	}
	ret, ok := data.Lookup("return")
	if !ok || ret.Kind() != msgpack.Map || ret.Len() == 0 {
		return
	}
	if inner, ok := ret.Lookup("return"); ok && inner.Kind() == msgpack.Map && inner.Len() == 0 {
		return
	}
	w.waitFor(id)
	w.anyWorking = true
}

// splitReturnTag splits salt/job/<jid>/ret/<id>.
func splitReturnTag(tag string) (jid, id string, ok bool) {
	rest, ok := strings.CutPrefix(tag, "salt/job/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/ret/")
}
