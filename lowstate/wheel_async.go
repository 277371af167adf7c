package lowstate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// wheelAsync is the client wheel_async: it sends a wheel function to the master
// and answers with its jid. The master's own command replies at the end only,
// so the event of the function's start is awaited on the bus, and the command
// goes on in the background.
type wheelAsync struct {
	*Master
	running *wheels
}

func (wheelAsync) Name() string { return "wheel_async" }

func (w wheelAsync) Prepare(c Chunk) (Job, error) {
	call, err := wheelCall(c)
	if err != nil {
		return nil, err
	}
	timeout := wheelTimeout(c, w.RestTimeout)
	return &wheelAsyncJob{wheelJob{Master: w.Master, running: w.running, call: call, timeout: timeout}}, nil
}

type wheelAsyncJob struct{ wheelJob }

// placeWait is how long a call waits for a place.
const placeWait = 5 * time.Second

const textTooManyWheels = "Too many wheel functions at once."

// Run starts calls that look alike on the bus one after the other.
func (j *wheelAsyncJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	if !j.Bus.Connected() {
		return nil, saltmaster.ErrDown
	}
	same := j.running.enter(likeness(j.call, rec.User))
	defer j.running.leave(same)
	select {
	case same.starting <- struct{}{}:
		defer func() { <-same.starting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	user, jid := rec.User, ""
	err := withGrant(ctx, grant, func(ctx context.Context, as proof) (err error) {
		jid, err = j.start(ctx, as, user, same)
		return err
	})
	if err != nil {
		return nil, err
	}
	rec.started(jid, "wheel."+j.call.Fun)
	return Started{Tag: "salt/wheel/" + jid, JID: jid}, nil
}

// start sends the command and returns when its jid is known, or when it has
// failed.
func (j *wheelAsyncJob) start(ctx context.Context, as proof, user string, same *alike) (string, error) {
	sub := j.Bus.Expect("salt/wheel/")
	defer sub.Close()
	call := j.call
	call.Token, call.Login, call.JID = as.token, as.login, j.JIDs.Next()
	quiet := same.quiet()
	s := newSearch(call, user)
	reply, err := j.send(ctx, call)
	if err != nil {
		return "", err
	}
	for {
		inner, cancel := context.WithDeadline(reply.awaited, s.settledAt())
		ev, err := sub.Next(inner)
		cancel()
		switch {
		case err == nil:
			if s.observe(ev) {
				reply.abandon(call.JID)
				return call.JID, nil
			}
		case errors.Is(err, eventbus.ErrGap), errors.Is(err, eventbus.ErrOverflow):
			s.blind = true
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			if jid, ok := s.settle(time.Now()); ok && quiet() {
				reply.abandon(jid)
				return jid, nil
			}
			s.blind = true // only the reply shows the jid
		case ctx.Err() != nil:
			reply.abandon("")
			return "", ctx.Err()
		case reply.awaited.Err() != nil:
			return j.fromReply(ctx, sub, s, <-reply.replies)
		default:
			reply.abandon("")
			return "", err
		}
	}
}

// busLag is how late the bus may be after the reply.
const busLag = time.Second

// fromReply returns the jid in the reply, unless the master has run the
// function with the requested one: then the bus has an event with that, before
// the event of the end of the job in the reply.
func (j *wheelAsyncJob) fromReply(ctx context.Context, sub *eventbus.Sub, s *search, r reply) (string, error) {
	if r.err != nil {
		return "", r.err
	}
	jid := r.answer.jid()
	ctx, cancel := context.WithTimeout(ctx, busLag)
	defer cancel()
	for {
		ev, err := sub.Next(ctx)
		switch {
		case err != nil:
			return jid, nil
		case s.observe(ev):
			return s.call.JID, nil
		case ev.Tag == "salt/wheel/"+jid+"/ret":
			return jid, nil
		}
	}
}

// send sends the command from a goroutine that outlives the request.
func (j *wheelAsyncJob) send(ctx context.Context, call saltmaster.WheelCall) (*pendingReply, error) {
	wait, cancel := context.WithTimeout(ctx, placeWait)
	defer cancel()
	if err := j.running.acquire(wait); err != nil {
		if ctx.Err() == nil {
			err = &Error{Kind: Unavailable, Text: textTooManyWheels, RetryAfter: retryAfter, Err: err}
		}
		return nil, err
	}
	h := newPendingReply(ctx, func(answered string, r reply) { j.logLate(ctx, call, answered, r) })
	go func() {
		defer j.running.release()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), j.timeout)
		defer cancel()
		answer, err := j.Commands.Wheel(ctx, call)
		h.resolve(reply{WheelReturn{answer}, err})
	}()
	return h, nil
}

// logLate logs a reply after the wait for it has ended. answered is the jid in the
// caller's answer, or "".
func (j *wheelAsyncJob) logLate(ctx context.Context, call saltmaster.WheelCall, answered string, r reply) {
	log := j.Log.With(slog.String("fun", call.Fun), slog.String("jid", answered))
	switch jid := r.answer.jid(); {
	case r.err != nil:
		log.ErrorContext(ctx, "wheel function failed in the background", slog.Any("error", r.err))
	case answered != "" && answered != call.JID && answered != jid:
		log.ErrorContext(ctx, "wheel function had another job id than its caller has",
			slog.Any("error", fmt.Errorf("it was %s", jid)))
	}
}

// reply is the result of a command to the master.
type reply struct {
	answer WheelReturn
	err    error
}

// pendingReply is the reply to a command in the background, for one waiter that
// may give up before it comes.
type pendingReply struct {
	awaited context.Context // ends with the reply, or with the request
	replies chan reply

	end    context.CancelFunc
	onLate func(answered string, r reply) // called with a reply after the wait for it has ended

	mu       sync.Mutex
	left     bool
	answered string
}

func newPendingReply(ctx context.Context, onLate func(answered string, r reply)) *pendingReply {
	h := &pendingReply{replies: make(chan reply, 1), onLate: onLate}
	h.awaited, h.end = context.WithCancel(ctx)
	return h
}

// resolve delivers the reply. It is called once.
func (h *pendingReply) resolve(r reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		h.onLate(h.answered, r)
	} else {
		h.replies <- r
	}
	h.end()
}

// abandon ends the wait. answered is the jid in the caller's answer, or "".
func (h *pendingReply) abandon(answered string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left, h.answered = true, answered
	select {
	case r := <-h.replies:
		h.onLate(answered, r)
	default:
	}
}
