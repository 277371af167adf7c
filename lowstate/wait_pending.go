package lowstate

import "time"

// pending are the minions of a wait that have not returned, in the table of all of its
// minions: a job may have hundreds of thousands. Each is waited for until a time after
// the wait's begin, which most of them have in common.
type pending struct {
	marks marks
	n     int
	until time.Duration            // of those that are not in other
	other map[string]time.Duration // nil for none
}

func (p *pending) has(id string) bool { return p.marks.has(id, isPending) }

func (p *pending) len() int { return p.n }

// add waits for a minion, for as long as for most.
func (p *pending) add(id string) {
	if !p.has(id) {
		p.marks.add(id, isPending)
		p.n++
	}
	delete(p.other, id)
}

// addUntil waits for a minion until a time of its own.
func (p *pending) addUntil(id string, until time.Duration) {
	p.add(id)
	if p.other == nil {
		p.other = make(map[string]time.Duration)
	}
	p.other[id] = until
}

func (p *pending) remove(id string) {
	if p.has(id) {
		p.marks[id] &^= isPending
		p.n--
		delete(p.other, id)
	}
}

// allUntil has all minions be waited for until the same time.
func (p *pending) allUntil(until time.Duration) { p.until, p.other = until, nil }

// last returns until when the last minion is waited for; 0 if there is none.
func (p *pending) last() (last time.Duration) {
	if p.n > len(p.other) {
		last = p.until
	}
	for _, until := range p.other {
		last = max(last, until)
	}
	return last
}

// ids returns the minions in no order.
func (p *pending) ids() []string {
	ids := make([]string, 0, p.n)
	for id, m := range p.marks {
		if m&isPending != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}
