package recorder

import (
	"container/list"
	"time"

	"github.com/saltern-api/saltern/records"
)

// maxOpen is how many jobs are watched for their end. The store has the others.
const maxOpen = 50_000

// ends are the jobs that have not ended. Those that end after the same time are in a
// list, in the order of when something was heard of them last: the first ones are due
// first.
type ends struct {
	byJID map[string]*list.Element
	lists [wayCount]*list.List
	waits [wayCount]time.Duration
}

// way is how a job ends of which nothing is heard.
type way int

const (
	alone    way = iota
	followed     // a caller finds out which minions work on it
	called       // a runner or wheel function
	wayCount
)

type open struct {
	jid   string
	heard time.Time
	way   way
}

func newEnds(o Options) *ends {
	e := &ends{byJID: make(map[string]*list.Element), waits: [wayCount]time.Duration{alone: o.Unasked, followed: o.Asked, called: o.Called}}
	for w := range e.lists {
		e.lists[w] = list.New()
	}
	return e
}

func (e *ends) len() int { return len(e.byJID) }

// heard notes something about a job, and adds it if add is set.
func (e *ends) heard(jid string, at time.Time, add bool, w way) {
	el := e.byJID[jid]
	if el == nil {
		if !add {
			return
		}
		if e.len() >= maxOpen {
			e.removeOne()
		}
		e.insert(&open{jid: jid, heard: at, way: w})
		return
	}
	o := el.Value.(*open)
	if !at.After(o.heard) && w <= o.way {
		return
	}
	e.lists[o.way].Remove(el)
	if at.After(o.heard) {
		o.heard = at
	}
	o.way = max(o.way, w)
	e.insert(o)
}

// insert adds a job to its list. Most are the last there.
func (e *ends) insert(o *open) {
	l := e.lists[o.way]
	after := l.Back()
	for after != nil && after.Value.(*open).heard.After(o.heard) {
		after = after.Prev()
	}
	if after == nil {
		e.byJID[o.jid] = l.PushFront(o)
	} else {
		e.byJID[o.jid] = l.InsertAfter(o, after)
	}
}

func (e *ends) remove(jid string) {
	if el := e.byJID[jid]; el != nil {
		e.lists[el.Value.(*open).way].Remove(el)
		delete(e.byJID, jid)
	}
}

// removeOne removes one of which nothing was heard for long.
func (e *ends) removeOne() {
	var oldest *open
	for _, l := range e.lists {
		if el := l.Front(); el != nil {
			if o := el.Value.(*open); oldest == nil || o.heard.Before(oldest.heard) {
				oldest = o
			}
		}
	}
	e.remove(oldest.jid)
}

// note notes an entry that was recorded.
func (e *ends) note(n Entry) {
	if n.Job != nil && !n.Note { // what was noted of a job that has ended does not open it again
		w := alone
		if isCall(n.Job.Client) {
			w = called
		}
		e.heard(n.Job.JID, n.At, true, w)
	}
	if n.Return != nil {
		e.heard(n.Return.JID, n.At, true, alone)
	}
	for _, jid := range n.Asked {
		e.heard(jid, time.Time{}, false, followed)
	}
	for _, jid := range n.Working {
		e.heard(jid, n.At, false, followed)
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
	for w, l := range e.lists {
		for el := l.Front(); el != nil && len(all) < n; el = el.Next() {
			o := el.Value.(*open)
			if now.Sub(o.heard) < e.waits[w] {
				break
			}
			all = append(all, records.End{JID: o.jid, Time: now})
		}
	}
	return all
}
