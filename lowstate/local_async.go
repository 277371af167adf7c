package lowstate

import (
	"context"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
)

// localAsync is the client local_async: it publishes, and answers with the jid
// and the targeted minions.
type localAsync struct{ *Master }

func (localAsync) Name() string { return "local_async" }

func (l localAsync) Prepare(c Chunk) (Job, error) {
	p, err := l.publication(c)
	if err != nil {
		return nil, err
	}
	return &asyncJob{l.Master, p}, nil
}

type asyncJob struct {
	*Master
	pub saltmaster.Publication
}

func (j *asyncJob) Command() Command                   { return commandOf(&j.pub) }
func (j *asyncJob) restrictTarget(tgt, tgtType string) { restrictTarget(&j.pub, tgt, tgtType) }

func (j *asyncJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	if j.pub.JID == "" {
		j.pub.JID = j.JIDs.Next()
	}
	done, err := j.publish(ctx, grant, j.pub, rec)
	if err != nil {
		return nil, err
	}
	return Published{JID: done.JID, Minions: done.Minions}, nil
}
