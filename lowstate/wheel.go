package lowstate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// wheel is the client wheel: it sends a wheel function to the master and
// answers with the master's reply at its end.
type wheel struct {
	*Master
	running *wheels
}

func (wheel) Name() string { return "wheel" }

func (w wheel) Prepare(c Chunk) (Job, error) {
	call, err := wheelCall(c)
	if err != nil {
		return nil, err
	}
	timeout := wheelTimeout(c, w.RestTimeout)
	return &wheelJob{Master: w.Master, running: w.running, call: call, timeout: timeout}, nil
}

// wheelTimeout returns how long a chunk's function may take. salt-api has no
// timeout for wheels, and answers any value with success.
func wheelTimeout(c Chunk, def time.Duration) time.Duration {
	timeout, err := c.lenientDuration("timeout", def)
	if err != nil {
		return def
	}
	return timeout
}

// notForWheel are the chunk's keys that are never a wheel function's arguments.
// Those with underscores are the master's own, which a master of 3006 would
// accept from a client.
var notForWheel = []string{
	"client", "cmd", "fun", "arg", "kwarg",
	"token", "username", "password", "eauth",
	"timeout", "full_return", "print_event",
	"__jid__", "__tag__", "__user__",
}

// wheelCall refuses keyword arguments named arg and kwarg, which no wheel
// function has. The argument rules of external_auth check those: a caller that
// could set them could have other arguments checked than the function gets.
func wheelCall(c Chunk) (saltmaster.WheelCall, error) {
	call, err := c.masterCall(notForWheel)
	if err != nil {
		return saltmaster.WheelCall{}, err
	}
	for _, name := range []string{"arg", "kwarg"} {
		if _, ok := call.kwarg.Lookup(name); ok {
			return saltmaster.WheelCall{}, fmt.Errorf("no wheel function has an argument named %s", name)
		}
	}
	return saltmaster.WheelCall{Fun: call.fun, Arg: call.arg, Kwarg: call.kwarg}, nil
}

type wheelJob struct {
	*Master
	running *wheels
	call    saltmaster.WheelCall
	timeout time.Duration
}

func (j *wheelJob) Command() Command {
	return Command{Fun: j.call.Fun, Arg: j.call.Arg, Kwarg: j.call.Kwarg}
}

func (j *wheelJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	inner, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	answer, err := j.answer(inner, grant, rec.User)
	if err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			err = &Error{Kind: Timeout, Text: textRunnerTimedOut,
				Err: fmt.Errorf("wheel function did not end within %s", j.timeout)}
		}
		return nil, err
	}
	rec.JID = answer.jid()
	return answer, nil
}

func (j *wheelJob) answer(ctx context.Context, grant eauth.Grant, user string) (WheelReturn, error) {
	if err := j.running.acquire(ctx); err != nil {
		return WheelReturn{}, err
	}
	defer j.running.release()
	same := j.running.enter(likeness(j.call, user))
	defer j.running.leave(same)
	defer same.end()
	same.begin()
	var answer msgpack.Raw
	err := withGrant(ctx, grant, func(ctx context.Context, as proof) (err error) {
		call := j.call
		call.Token, call.Login = as.token, as.login
		answer, err = j.Commands.Wheel(ctx, call)
		return err
	})
	return WheelReturn{answer}, err
}
