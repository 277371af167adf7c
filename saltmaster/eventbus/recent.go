package eventbus

import (
	"strings"
	"time"
)

// recent are the jobs of the last returns, in a ring.
type recent struct {
	jobs [256]struct {
		jid string
		at  time.Time
	}
	next uint8
}

func (r *recent) add(jid string) {
	job := &r.jobs[r.next]
	job.jid, job.at = strings.Clone(jid), time.Now()
	r.next++
}

// LastReturn returns when the last event of a job's answer came, if that is
// among the last 256 of all jobs, and else the zero time.
func (b *Bus) LastReturn(jid string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	var last time.Time
	for i := range b.recent.jobs {
		if job := &b.recent.jobs[i]; job.jid == jid && job.at.After(last) {
			last = job.at
		}
	}
	return last
}
