package lowstate

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	filePermit
}

func (j *wheelJob) Command() Command {
	return Command{Fun: j.call.Fun, Arg: j.call.Arg, Kwarg: j.call.Kwarg}
}

func (j *wheelJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	if answer, ok := j.fromFiles(ctx, rec.User); ok {
		rec.FromFiles = true
		return answer, nil
	}
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
	rec.started(answer.jid(), "wheel."+j.call.Fun)
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

// wheelsAtOnce bounds the concurrent wheel functions on the master. Each holds
// one of the master's workers, of which there are five by default, and one of
// the gateway's connections until its end.
const wheelsAtOnce = 4

// wheels are the wheel functions that are running on the master.
type wheels struct {
	places chan struct{}

	mu    sync.Mutex
	alike map[string]*alike
}

func newWheels() *wheels {
	return &wheels{places: make(chan struct{}, wheelsAtOnce), alike: make(map[string]*alike)}
}

// acquire waits for a place; release returns it.
func (w *wheels) acquire(ctx context.Context) error {
	select {
	case w.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *wheels) release() { <-w.places }

// alike are the calls that look the same on the bus: the same function with
// the same arguments for the same user.
type alike struct {
	likeness string
	starting chan struct{} // held by the call that is searching for its jid
	users    int           // guarded by wheels.mu

	mu       sync.Mutex
	open     int // calls whose jid is unknown until their end
	openedAt int // how many of them there have been
}

// likeness returns the part of a call that the bus shows.
func likeness(call saltmaster.WheelCall, user string) string {
	return user + "\x00" + call.Fun + "\x00" + funArgs(call)
}

// funArgs returns a call's fun_args in the form of events, in JSON.
func funArgs(call saltmaster.WheelCall) string {
	n := call.Arg.Len()
	hasKwarg := call.Kwarg.Len() > 0
	args := msgpack.AppendArray(nil, n+btoi(hasKwarg))
	_ = call.Arg.Elems(func(e msgpack.Raw) error {
		args = append(args, e...)
		return nil
	})
	if hasKwarg {
		args = append(args, call.Kwarg...)
	}
	js, err := msgpack.AppendJSON(nil, args)
	if err != nil {
		return fmt.Sprintf("%x", args)
	}
	return string(js)
}

// enter returns the calls that are alike. Each enter needs a leave.
func (w *wheels) enter(likeness string) *alike {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.alike[likeness]
	if a == nil {
		a = &alike{likeness: likeness, starting: make(chan struct{}, 1)}
		w.alike[likeness] = a
	}
	a.users++
	return a
}

func (w *wheels) leave(a *alike) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.users--; a.users == 0 {
		delete(w.alike, a.likeness)
	}
}

// begin and end enclose a call whose jid is unknown in between.
func (a *alike) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open++
	a.openedAt++
}

func (a *alike) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open--
}

// quiet returns a function that reports whether no call like this one has been
// open since.
func (a *alike) quiet() func() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	open, opened := a.open, a.openedAt
	return func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return open == 0 && a.openedAt == opened
	}
}
