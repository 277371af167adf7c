package eventbus

import (
	"strings"
	"time"
)

// recent are the jobs of the last returns, in a ring.
type recent struct {
	jobs [256]struct {
		jid, minion string // minion is empty for a runner or wheel function
		at          time.Time
	}
	next uint8
}

func (r *recent) add(jid, tag string) {
	_, minion, _ := strings.Cut(tag, "/ret/")
	job := &r.jobs[r.next]
	job.jid, job.minion, job.at = strings.Clone(jid), strings.Clone(minion), time.Now()
	r.next++
}

// LastReturns returns the minions of the returns of a job that came, and when the last
// event of its answer did, as far as these are among the last 256 of all jobs.
func (b *Bus) LastReturns(jid string) (minions []string, last time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.recent.jobs {
		job := &b.recent.jobs[i]
		if job.jid != jid || job.at.IsZero() {
			continue
		}
		if job.minion != "" {
			minions = append(minions, job.minion)
		}
		if job.at.After(last) {
			last = job.at
		}
	}
	return minions, last
}
