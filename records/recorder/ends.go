package recorder

import (
	"container/list"
	"time"

	"github.com/saltern-api/saltern/records"
)

// maxOpen is how many jobs are watched for their end. The store has the others.
const maxOpen = 50_000

// ends are the jobs that have not ended, in the order of when something was
// heard of them last.
type ends struct {
	asked, unasked, called time.Duration

	byJID map[string]*list.Element
	order *list.List
}

type open struct {
	jid    string
	heard  time.Time
	asked  bool // a caller finds out which minions work on it
	called bool // a runner or wheel function
}

func newEnds(asked, unasked, called time.Duration) *ends {
	return &ends{asked: asked, unasked: unasked, called: called, byJID: make(map[string]*list.Element), order: list.New()}
}

// heard notes something about a job, and adds it if add is set.
func (e *ends) heard(jid string, at time.Time, add bool, change func(*open)) {
	el := e.byJID[jid]
	if el == nil {
		if !add {
			return
		}
		if e.order.Len() >= maxOpen {
			e.remove(e.order.Front().Value.(*open).jid)
		}
		el = e.order.PushBack(&open{jid: jid})
		e.byJID[jid] = el
	}
	o := el.Value.(*open)
	if at.After(o.heard) {
		o.heard = at
	}
	if change != nil {
		change(o)
	}
	e.order.MoveToBack(el)
}

func (e *ends) remove(jid string) {
	if el := e.byJID[jid]; el != nil {
		e.order.Remove(el)
		delete(e.byJID, jid)
	}
}

// note notes an entry that was recorded.
func (e *ends) note(n Entry) {
	if n.Job != nil && !n.Note { // what was noted of a job that has ended does not open it again
		e.heard(n.Job.JID, n.At, true, func(o *open) { o.called = o.called || isCall(n.Job.Client) })
	}
	if n.Return != nil {
		e.heard(n.Return.JID, n.At, true, nil)
	}
	for _, jid := range n.Asked {
		e.heard(jid, time.Time{}, false, func(o *open) { o.asked = true })
	}
	for _, jid := range n.Working {
		e.heard(jid, n.At, false, func(o *open) { o.asked = true })
	}
}

func isCall(client string) bool {
	switch client {
	case "runner", "runner_async", "wheel", "wheel_async":
		return true
	}
	return false
}

// due returns at most n jobs of which nothing was heard for too long.
func (e *ends) due(now time.Time, n int) (all []records.End) {
	for el := e.order.Front(); el != nil && len(all) < n; el = el.Next() {
		o := el.Value.(*open)
		wait := e.unasked
		switch {
		case o.called:
			wait = e.called
		case o.asked:
			wait = e.asked
		}
		if now.Sub(o.heard) >= wait {
			all = append(all, records.End{JID: o.jid, Time: now})
		}
	}
	return all
}
