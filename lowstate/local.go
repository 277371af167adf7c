package lowstate

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
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
	j := &localJob{Master: l.Master, pub: p, full: c.truthy("full_return"), expect: l.ExpectMinions(), spool: c.spool}
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
	spool   *spool.Spool  // takes the answer
}

func (j *localJob) Command() Command                   { return commandOf(&j.pub) }
func (j *localJob) restrictTarget(tgt, tgtType string) { restrictTarget(&j.pub, tgt, tgtType) }

func (j *localJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	w, err := j.collect(ctx, grant, rec, nil)
	switch {
	case err != nil:
		return nil, notKept(err, rec.JID)
	case w == nil:
		return Returns("{}"), nil
	}
	rec.Minions = w.targets
	return w.answer(), notKept(w.results.to.Err(), rec.JID)
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
	if each == nil && j.spool != nil && j.spool.Full() {
		return nil, spool.ErrFull
	}
	if j.pub.JID == "" {
		j.pub.JID = j.JIDs.Next()
	}
	sub := j.Bus.Subscribe(j.pub.JID)
	defer sub.Close()
	if j.OrderMasters {
		j.pub.Timeout = j.timeout
	}
	done, err := j.publish(ctx, grant, j.pub, rec)
	if err != nil || done.JID == "" {
		return nil, err
	}
	w := newWait(j, grant, sub, done)
	w.results.each = each
	return w, w.run(ctx)
}

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

// localSubset is the client local_subset: it runs a function on some of the
// minions that have it, chosen at random.
type localSubset struct{ *Master }

func (localSubset) Name() string { return "local_subset" }

func (l localSubset) Prepare(c Chunk) (Job, error) {
	job, err := local(l).Prepare(c)
	if err != nil {
		return nil, err
	}
	size, err := c.subset()
	return &subsetJob{localJob: job.(*localJob), size: size}, err
}

// defaultSubset is the default of LocalClient.cmd_subset.
const defaultSubset = 3

// subset returns the number of minions. The older of its two names takes
// precedence, as in Salt.
func (c Chunk) subset() (int, error) {
	for _, key := range []string{"sub", "subset"} {
		v, ok := c.given(key)
		if !ok {
			continue
		}
		n, ok := number(v)
		if !ok {
			return 0, errors.New(key + " must be a number")
		}
		return int(max(1, min(n, 1<<31))), nil // at least one minion, as in Salt
	}
	return defaultSubset, nil
}

type subsetJob struct {
	*localJob
	size int
}

// Run lists the functions of all minions first, as LocalClient does. If none
// has the function it is published nevertheless, so that the master checks
// whether the caller may call it.
func (j *subsetJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	able, err := j.able(ctx, grant, rec)
	if err != nil {
		return nil, err
	}
	rand.Shuffle(len(able), func(a, b int) { able[a], able[b] = able[b], able[a] })
	j.pub.Tgt, j.pub.TgtType = stringArray(able[:min(j.size, len(able))]), "list"
	return j.localJob.Run(ctx, grant, rec)
}

// able returns the minions that have the function, or all functions of a list.
func (j *subsetJob) able(ctx context.Context, grant eauth.Grant, rec *Record) ([]string, error) {
	var able []string
	list := *j.localJob
	list.pub = query(j.pub, "sys.list_functions")
	_, err := list.collect(ctx, grant, rec.part(), func(id string, r result) error {
		if functions, err := r.ret.Raw(); err == nil && hasAll(functions, j.pub) {
			able = append(able, id)
		}
		return nil
	})
	return able, err
}

func hasAll(functions msgpack.Raw, p saltmaster.Publication) bool {
	if functions.Kind() != msgpack.Array {
		return false
	}
	wanted := map[string]bool{p.Fun: true}
	if p.Funs != nil {
		wanted = make(map[string]bool)
		_ = p.Funs.Elems(func(e msgpack.Raw) error {
			name, _ := e.Str()
			wanted[name] = true
			return nil
		})
	}
	_ = functions.Elems(func(e msgpack.Raw) error {
		name, _ := e.Str()
		delete(wanted, name)
		return nil
	})
	return len(wanted) == 0
}
