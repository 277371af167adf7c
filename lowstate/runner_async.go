package lowstate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// runnerAsync is the client runner_async: it sends a runner function to the
// master, and answers with its jid.
type runnerAsync struct {
	*Master
	signatures *signatures
	seen       *seenNames
}

func (runnerAsync) Name() string { return "runner_async" }

func (r runnerAsync) Prepare(c Chunk) (Job, error) {
	j := &runnerAsyncJob{runnerJob{Master: r.Master, signatures: r.signatures}, r.seen}
	reserved := notForRunner
	if fun, _ := c.function(); r.signatures.isStock(fun) {
		// salt-api does not use these itself, and some functions take them.
		reserved = reserved[:len(reserved)-len(notForRunnerSync)]
	}
	return j, j.read(c, reserved)
}

type runnerAsyncJob struct {
	runnerJob
	seen *seenNames
}

// Run answers at once for a function that the master was seen to start before.
// The first time it waits for the start, since an unknown function is an error,
// as in salt-api.
func (j *runnerAsyncJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	if j.seen.has(j.call.Fun) || !j.Bus.Connected() {
		if err := j.send(ctx, grant, rec); err != nil {
			return nil, err
		}
		return Started{Tag: "salt/run/" + rec.JID, JID: rec.JID}, nil
	}
	sub := j.Bus.Expect("salt/run/")
	defer sub.Close()
	if err := j.send(ctx, grant, rec); err != nil {
		return nil, err
	}
	sub.Bind(rec.JID)
	if err := j.awaitStart(ctx, grant, sub); err != nil {
		return nil, err
	}
	return Started{Tag: "salt/run/" + rec.JID, JID: rec.JID}, nil
}

// listMost is how long the caller of a function that was never seen and does
// not start waits for the list of all functions.
const listMost = 10 * time.Second

// awaitStart returns when the function has started, when there is no such
// function, or when neither can be determined.
func (j *runnerAsyncJob) awaitStart(ctx context.Context, grant eauth.Grant, sub *eventbus.Sub) error {
	inner, cancel := context.WithTimeout(ctx, startDoubtful)
	defer cancel()
	ev, err := sub.Next(inner)
	switch {
	case err == nil:
		if ret, ok := ev.Data.Lookup("return"); ok {
			if err := j.unknown(msgpack.InMemory(ret)); err != nil {
				return err
			}
		}
		j.seen.add(j.call.Fun)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		has, err := j.hasFunction(ctx, grant, listMost)
		if err == nil && !has {
			return j.notAvailable()
		}
	}
	return nil
}

// seenNames are runner functions that the master has started. Its zero value is
// ready.
type seenNames struct {
	mu    sync.Mutex
	names map[string]bool
}

// maxSeen is far more functions than a master has.
const maxSeen = 10000

func (s *seenNames) has(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[name]
}

func (s *seenNames) add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil || len(s.names) >= maxSeen {
		s.names = make(map[string]bool)
	}
	s.names[name] = true
}
