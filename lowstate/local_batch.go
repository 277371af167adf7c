package lowstate

import (
	"bytes"
	"context"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// localBatch is the client local_batch: it runs a function on some of the
// minions at a time, the next ones as others are done, and hands out what each
// returned as it comes.
type localBatch struct{ *Master }

func (localBatch) Name() string  { return "local_batch" }
func (localBatch) Streams() bool { return true }

func (l localBatch) Prepare(c Chunk) (Job, error) {
	p, err := l.publication(c)
	if err != nil {
		return nil, err
	}
	p.JID = "" // each part has one of its own
	j := &batchJob{Master: l.Master, pub: p, raw: c.truthy("raw"), failHard: l.FailHard}
	if j.size, err = c.batch(); err != nil {
		return nil, err
	}
	if j.timeout, err = c.patience("timeout", l.Timeout); err != nil {
		return nil, err
	}
	if j.gather, err = c.gather(l.GatherJobTimeout); err != nil {
		return nil, err
	}
	if j.pause, err = c.pause("batch_wait"); err != nil {
		return nil, err
	}
	if _, ok := c.present("failhard"); ok {
		j.failHard = c.truthy("failhard")
	}
	return j, nil
}

type batchJob struct {
	*Master
	pub      saltmaster.Publication
	size     batchSize     // batch
	pause    time.Duration // batch_wait: from the end of one minion to the begin of the next
	failHard bool          // failhard: whether it is over when a function fails
	raw      bool          // raw: whole events in place of returns
	timeout  time.Duration // as for local, of each part
	gather   time.Duration
}

var _ Streamer = (*batchJob)(nil)

func (j *batchJob) Command() Command                   { return commandOf(&j.pub) }
func (j *batchJob) restrictTarget(tgt, tgtType string) { restrictTarget(&j.pub, tgt, tgtType) }

// Run returns the items as they stand in a list.
func (j *batchJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	var items [][]byte
	err := j.Stream(ctx, grant, rec, func(item Answer) error {
		items = append(items, item.JSON())
		return nil
	})
	return Returns(bytes.Join(items, []byte(", "))), err
}

// Stream asks first who is there, as LocalClient does: those who do not answer
// are left out.
func (j *batchJob) Stream(ctx context.Context, grant eauth.Grant, rec *Record, yield func(item Answer) error) error {
	var there []string
	ping := &localJob{Master: j.Master, pub: asking(j.pub, "test.ping"), timeout: j.timeout, gather: j.gather}
	_, err := ping.collect(ctx, grant, &Record{}, func(id string, _ result) error {
		there = append(there, id)
		return nil
	})
	if err != nil {
		return err
	}
	rec.Minions = len(there)
	return newBatch(j, grant, there, rec, yield).run(ctx)
}

// part is a job of the batch for some of its minions.
func (j *batchJob) part(tgt msgpack.Raw, tgtType string) *localJob {
	p := j.pub
	p.Tgt, p.TgtType = tgt, tgtType
	return &localJob{Master: j.Master, pub: p, timeout: j.timeout, gather: j.gather}
}

// item is what goes out for a minion's return.
func (j *batchJob) item(id string, r result) Returns {
	if j.raw {
		return rawItem(id, r)
	}
	b := append(msgpack.AppendJSONString([]byte("{"), id), ": "...)
	return append(AppendReturn(b, r.ret), '}')
}

// silentItem is what goes out for a minion that did not return.
func (j *batchJob) silentItem(id string) Returns {
	if j.raw {
		return append(msgpack.AppendJSONString([]byte(`{"data": {"id": `), id), `, "return": {}, "retcode": 0}}`...)
	}
	return append(msgpack.AppendJSONString([]byte("{"), id), ": {}}"...)
}
