package lowstate

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
)

// local is the client local: it publishes, waits for the minions, and answers
// with their returns.
type local struct{ *Master }

func (local) Name() string { return "local" }

func (l local) Prepare(c Chunk) (Job, error) {
	p, err := l.publication(c)
	if err != nil {
		return nil, err
	}
	j := &localJob{Master: l.Master, pub: p, full: c.truthy("full_return"), expect: l.ExpectMinions()}
	if j.timeout, err = c.lenientDuration("timeout", l.Timeout); err != nil {
		return nil, err
	}
	if j.gather, err = c.gatherTimeout(l.GatherJobTimeout); err != nil {
		return nil, err
	}
	if _, ok := c.Get("expect_minions"); ok {
		j.expect = c.truthy("expect_minions")
	}
	return j, nil
}

type localJob struct {
	*Master
	pub     saltmaster.Publication
	timeout time.Duration // until find_job is sent for a silent minion, and how long its reply counts
	gather  time.Duration // how long the replies to that may take
	full    bool          // full_return
	expect  bool          // expect_minions
}

func (j *localJob) Command() Command                   { return commandOf(&j.pub) }
func (j *localJob) restrictTarget(tgt, tgtType string) { restrictTarget(&j.pub, tgt, tgtType) }

func (j *localJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	w, err := j.collect(ctx, grant, rec, nil)
	switch {
	case err != nil:
		return nil, err
	case w == nil:
		return Returns("{}"), nil
	}
	rec.Minions = len(w.targeted)
	return w.answer(), nil
}

// collect publishes the job and waits until it is over. It returns nil if no
// minion matched. If each is not nil, it is called with the returns as they
// come, and the answer is empty; its error ends the wait.
//
// It subscribes to the jid before it publishes, so that no return is missed.
func (j *localJob) collect(
	ctx context.Context, grant eauth.Grant, rec *Record, each func(id string, r result) error,
) (*wait, error) {
	if !j.Bus.Connected() {
		return nil, saltmaster.ErrDown
	}
	if j.pub.JID == "" {
		j.pub.JID = j.JIDs.Next()
	}
	sub := j.Bus.Subscribe(j.pub.JID)
	defer sub.Close()
	done, err := j.publish(ctx, grant, j.pub, rec)
	if err != nil || done.JID == "" {
		return nil, err
	}
	w := newWait(j, grant, sub, done)
	w.results.each = each
	return w, w.run(ctx)
}
