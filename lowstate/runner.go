package lowstate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// runner is the client runner: it sends a runner function to the master and
// waits for its result.
type runner struct {
	*Master
	signatures *signatures
}

func (runner) Name() string { return "runner" }

func (r runner) Prepare(c Chunk) (Job, error) {
	j := &runnerJob{Master: r.Master, signatures: r.signatures, full: c.truthy("full_return")}
	if err := j.read(c, notForRunner); err != nil {
		return nil, err
	}
	timeout, err := c.runnerTimeout(r.RestTimeout)
	j.timeout = timeout
	return j, err
}

// runnerTimeout returns how long a chunk waits for a runner. With 0
// RunnerClient waits without a limit.
func (c Chunk) runnerTimeout(def time.Duration) (time.Duration, error) {
	v, ok := c.given("timeout")
	if seconds, isNumber := number(v); ok && isNumber && seconds == 0 {
		return maxTimeout, nil
	}
	return c.duration("timeout", def)
}

type runnerJob struct {
	*Master
	signatures *signatures
	call       saltmaster.RunnerCall
	known      bool // whether the function is known to take all arguments of the call
	leftOut    []string
	timeout    time.Duration
	full       bool // full_return
	filePermit
}

// read reads the function of a chunk, with all keys except reserved as
// arguments.
func (j *runnerJob) read(c Chunk, reserved []string) error {
	call, err := c.masterCall(reserved)
	if err != nil {
		return err
	}
	j.call = saltmaster.RunnerCall{Fun: call.fun, Arg: call.arg, Kwarg: call.kwarg}
	sig, known := j.signatures.of(call.fun)
	if j.known = known; known {
		j.take(sig)
	}
	return nil
}

func (j *runnerJob) Command() Command {
	return Command{Fun: j.call.Fun, Arg: j.call.Arg, Kwarg: j.call.Kwarg}
}

func (j *runnerJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	if ret, ok := j.fromFiles(ctx); ok {
		rec.FromFiles = true
		return RunnerReturn{Return: ret}, nil
	}
	data, err := j.result(ctx, grant, rec)
	if err != nil {
		return nil, err
	}
	ret, ok, err := data.Lookup("return")
	if err != nil {
		return nil, fmt.Errorf("job cache: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: runner event without return", saltmaster.ErrProtocol)
	}
	if err := j.unknown(ret); err != nil {
		return nil, err
	}
	answer := RunnerReturn{Return: ret}
	if j.full {
		answer.Data, answer.Tag = data, returnTag(rec.JID)
	}
	return answer, nil
}

// result runs the runner and returns the data of its last event. All runners'
// events are collected until the master has replied with this one's jid: the
// master chooses the jid, and the runner may end before the reply.
func (j *runnerJob) result(ctx context.Context, grant eauth.Grant, rec *Record) (none msgpack.Section, err error) {
	if !j.Bus.Connected() {
		return none, saltmaster.ErrDown
	}
	sub := j.Bus.Expect("salt/run/")
	defer sub.Close()
	if err := j.send(ctx, grant, rec); err != nil {
		return none, err
	}
	sub.Bind(rec.JID)
	data, err := j.wait(ctx, grant, sub, rec.JID)
	if err != nil || !data.IsInMemory() {
		return data, err
	}
	if raw, _ := data.Raw(); !trimmed(raw) {
		return data, nil
	}
	whole, ok, err := j.awaitCache(ctx, func() (jobcache.Return, bool, error) { return j.Cache.OnlyReturn(rec.JID) })
	if err != nil || !ok {
		return data, err
	}
	return whole.Return, nil
}

// send starts the runner on the master and sets its jid.
func (j *runnerJob) send(ctx context.Context, grant eauth.Grant, rec *Record) error {
	var jid string
	err := withGrant(ctx, grant, func(ctx context.Context, as proof) (err error) {
		call := j.call
		call.Token, call.Login = as.token, as.login
		jid, err = j.Commands.Runner(ctx, call)
		return err
	})
	if err != nil {
		return err
	}
	rec.started(jid, "runner."+j.call.Fun)
	return nil
}

func returnTag(jid string) string { return "salt/run/" + jid + "/ret" }

// wait returns the data of the event of the runner's end. If the connection
// broke in between, the result may only be in the job cache: the master writes
// it there first.
func (j *runnerJob) wait(ctx context.Context, grant eauth.Grant, sub *eventbus.Sub, jid string) (none msgpack.Section, err error) {
	doubt := newDoubt(j, grant)
	end := time.Now().Add(j.timeout)
	for {
		inner, cancel := context.WithDeadline(ctx, earlier(end, doubt.at))
		ev, err := sub.Next(inner)
		timeUp := ctx.Err() == nil && inner.Err() != nil
		cancel()
		switch {
		case err == nil && ev.Tag == returnTag(jid):
			return msgpack.InMemory(ev.Data), nil
		case err == nil:
			doubt.settled() // it has started
		case errors.Is(err, eventbus.ErrGap), errors.Is(err, eventbus.ErrOverflow):
			doubt.settled() // the event of its start may have been missed
			if data, ok := j.fromCache(ctx, jid); ok {
				return data, nil
			}
		case timeUp:
			if data, ok := j.fromCache(ctx, jid); ok {
				return data, nil
			}
			if time.Now().Before(end) {
				if err := doubt.check(ctx); err != nil {
					return none, err
				}
				continue
			}
			return none, &Error{Kind: Timeout, Text: textRunnerTimedOut,
				Err: fmt.Errorf("runner %s did not end within %s", jid, j.timeout)}
		default:
			return none, err
		}
	}
}

// fromCache reads a result whose event was missed from the job cache.
func (j *runnerJob) fromCache(ctx context.Context, jid string) (msgpack.Section, bool) {
	r, ok, err := j.Cache.OnlyReturn(jid)
	if err != nil {
		j.Log.WarnContext(ctx, "job cache cannot be read", slog.Any("error", err))
		return msgpack.Section{}, false
	}
	return r.Return, ok
}
