package jobs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

const (
	// streamPage is how many returns are read at once.
	streamPage = 100

	// streamPause is the least time between two looks at a job: what arrives
	// meanwhile is sent together.
	streamPause = 100 * time.Millisecond

	// keepAlive is how long a stream is silent before a comment is sent.
	keepAlive = 15 * time.Second

	// awayPause is the time between two attempts while the records cannot be read.
	awayPause = time.Second

	// sightLife is how long what the caller sees is taken for granted.
	sightLife = 10 * time.Second

	// endTimeout bounds the last write of a stream.
	endTimeout = time.Second

	// idOfEnd is the id of the last event. A client that comes back with it is told
	// not to.
	idOfEnd = "end"

	eventsType = "text/event-stream;charset=utf-8"
)

// stream answers GET /v1/jobs/{jid}/events with server-sent events: the job, each
// return, the job's progress, and its end. A return has the id of its place among the
// returns of the job, after which a stream with this Last-Event-ID begins. Where it can,
// the stream goes on without what net/http holds for it, and without a goroutine but the
// one that reads what the client sends.
func (a *API) stream(x *web.Exchange, r *http.Request, s sight) error {
	values, err := parseStream(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if err := a.recorded(r, s); err != nil {
		return err
	}
	st := &stream{
		api: a, x: x, jid: web.Param(r, "jid"), after: r.Header.Get("Last-Event-ID"), values: values,
		sight: &s, // until the first step
	}
	st.watched = a.Waiting.Watches.Watch(st.jid)
	begun := false
	defer func() {
		if !begun {
			st.watched.Close()
		}
	}()
	if err := st.look(r.Context()); err != nil {
		return err
	}
	if st.ended() {
		x.WriteHeader(http.StatusNoContent) // by which browsers do not come back
		return nil
	}
	closed, err := a.Streams.Open(s.caller)
	if err != nil {
		return err
	}
	st.closed = closed
	defer func() {
		if !begun {
			closed()
		}
	}()
	if r.Method != http.MethodHead {
		audit.Of(x).Note(audit.Entry{Event: audit.Stream}) // it is written with the head
	}
	st.begin(r)
	if r.Method == http.MethodHead {
		return nil
	}
	begun = true
	st.hold, st.caller = a.Waiting.Hold(a.Callers, s.caller, needsOf(s)...)
	if x.Detach(r, st.leave, st.next) {
		return nil
	}
	return st.run(r.Context())
}

// stream is a stream of one job, with all that is kept of it while nothing happens.
type stream struct {
	api    *API
	x      *web.Exchange
	caller *caller.Caller
	jid    string
	values bool

	watched *watch.Watch
	hold    *waiting.Hold
	closed  func()      // called at the end
	timer   *time.Timer // nil before untilDue
	left    atomic.Bool // whether the client has closed the connection

	after string   // the id of the return that was sent last
	sent  bool     // whether the job was shown
	shown progress // how far the job was shown to be

	wrote   time.Time       // when something was written last
	again   time.Time       // when the job is looked at again at the earliest
	changed <-chan struct{} // closed when there is a reason to; nil if there is one

	sight *sight    // what the caller saw a moment ago, or nil
	since time.Time // when it did
}

// ended reports whether the client has had the end of the stream before.
func (st *stream) ended() bool { return st.after == idOfEnd }

// look checks that the caller sees the job, and the position.
func (st *stream) look(ctx context.Context) error {
	return st.api.Records.read(ctx, func(ctx context.Context, from records.Reader) error {
		if _, err := st.read(ctx); err != nil || st.ended() || st.after == "" {
			return err
		}
		_, err := from.Arrived(ctx, st.jid, st.after, 1)
		if bad, ok := errors.AsType[*records.InvalidError](err); ok {
			return &web.Error{Status: http.StatusBadRequest, Text: "Header Last-Event-ID: " + bad.Why}
		}
		return noRecord(err, errNoJob)
	})
}

// read returns the job, if the caller sees it. It is read once for many streams.
func (st *stream) read(ctx context.Context) (records.Job, error) {
	j, err := st.watched.Job(ctx, false)
	return j, seen(j, err, st.sight.job)
}

func (st *stream) begin(r *http.Request) {
	h := st.x.Header()
	h.Set("Content-Type", eventsType)
	h.Set("X-Accel-Buffering", "no") // nginx would buffer events
	if r.ProtoMajor == 1 {
		h.Set("Connection", "keep-alive")
	}
	st.x.WriteHeader(http.StatusOK)
}

// leave has the stream end without a word.
func (st *stream) leave() { st.left.Store(true) }

// limit has a client that does not read not keep the stream when that has to end.
func (st *stream) limit() { _ = st.x.Control.SetWriteDeadline(time.Now().Add(endTimeout)) }

// next is the step of a stream that goes on after its handler.
func (st *stream) next() (web.Until, error) {
	if st.wrote.IsZero() {
		st.hold.After(st.limit)
	}
	ended, err := st.step(st.hold.Context())
	if ended {
		return nil, err
	}
	return st.untilDue, nil
}

// untilDue has begin called when there is something to do.
func (st *stream) untilDue(begin func()) {
	if st.timer == nil {
		st.timer = time.AfterFunc(time.Until(st.due()), begin)
		st.hold.After(func() { st.limit(); begin() })
	} else {
		st.timer.Reset(time.Until(st.due()))
	}
	if !st.isDue() {
		st.watched.AfterChange(st.changed, begin)
	}
}

// run sends what happens to the job until it has ended, for the handler.
func (st *stream) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	followed := st.hold.Context()
	defer context.AfterFunc(followed, func() { cancel(context.Cause(followed)) })()
	blocked := make(chan struct{})
	unblock := context.AfterFunc(ctx, func() {
		defer close(blocked)
		st.limit()
	})
	defer func() {
		if !unblock() {
			<-blocked // no deadline is left for the connection's next request
		}
	}()
	for {
		if ended, err := st.step(ctx); ended {
			return err
		}
		var changed <-chan struct{}
		if !st.isDue() {
			changed = st.changed
		}
		timer := time.NewTimer(time.Until(st.due()))
		select {
		case <-changed:
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// isDue reports whether there is a reason to look at the job, if only in a moment.
func (st *stream) isDue() bool {
	if st.changed == nil {
		return true
	}
	select {
	case <-st.changed:
		return true
	default:
		return false
	}
}

// due returns when there is something to do, unless the job changes before.
func (st *stream) due() time.Time {
	due := st.wrote.Add(keepAlive)
	if st.isDue() && st.again.Before(due) {
		return st.again
	}
	return due
}

// step sends what has happened to the job, and reports whether that was the end of the
// stream, with which what it holds is released.
func (st *stream) step(ctx context.Context) (ended bool, err error) {
	ended = true
	defer func() {
		if ended {
			st.release()
		}
	}()
	if st.left.Load() {
		return true, nil
	}
	err = ctx.Err()
	if err == nil && st.wrote.IsZero() {
		err = st.write("retry: 1000\n\n") // milliseconds
	}
	over := false
	if began := time.Now(); err == nil && st.isDue() && !began.Before(st.again) {
		st.changed = st.watched.Changed()
		over, err = st.send(ctx)
		// A stream reads a twentieth of the time at most.
		st.again = time.Now().Add(max(streamPause, min(20*time.Since(began), keepAlive)))
		if isAway(err) && ctx.Err() == nil {
			st.again, st.changed, err = time.Now().Add(awayPause), nil, nil
		}
	}
	if err == nil && !over {
		err = st.keepAlive()
	}
	if err != nil || over {
		return true, st.end(ctx, err)
	}
	if !st.isDue() && time.Since(st.since) > sightLife {
		st.sight = nil // nothing happens
	}
	return false, nil
}

func (st *stream) release() {
	if st.timer != nil {
		st.timer.Stop()
	}
	st.hold.Release()
	st.watched.Close()
	st.closed()
}

// isAway reports whether the records cannot be read now. The stream goes on when
// they can.
func isAway(err error) bool {
	e, ok := errors.AsType[*web.Error](err)
	return ok && e.Status == http.StatusServiceUnavailable
}

// keepAlive writes a comment if nothing was written for a while.
func (st *stream) keepAlive() error {
	if time.Since(st.wrote) < keepAlive {
		return nil
	}
	return st.write(": keep-alive\n\n")
}

// send sends what is new: first the returns, then how far the job is. It reports
// whether that was the end. The job is read before its returns, so that none is
// missing when it has ended.
func (st *stream) send(ctx context.Context) (over bool, err error) {
	if now := time.Now(); st.sight == nil || now.Sub(st.since) > sightLife {
		again, err := st.api.sightNow(ctx, st.caller)
		if err != nil {
			return false, err
		}
		st.sight, st.since = &again, now
	}
	var j records.Job
	err = st.api.Records.read(ctx, func(ctx context.Context, _ records.Reader) (err error) {
		j, err = st.read(ctx)
		return err
	})
	if err != nil {
		return false, err
	}
	if !st.sent {
		if err := st.event("job", "", web.JSON(showJob(j))); err != nil {
			return false, err
		}
		st.sent, st.shown = true, progressOf(j)
	}
	for more := true; more; {
		if more, err = st.page(ctx, j); err != nil {
			return false, err
		}
	}
	if j.State.Ended() {
		return true, st.event("end", idOfEnd, web.JSON(showJob(j)))
	}
	if now := progressOf(j); now != st.shown {
		st.shown = now
		return false, st.event("progress", "", web.JSON(showProgress(j)))
	}
	return false, nil
}

// progress is how far a job is, without what else there is of it.
type progress struct {
	state              records.State
	returned, expected int
}

func progressOf(j records.Job) progress { return progress{j.State, j.Returned, j.Expected} }

// shownProgress is how far a job is, for the client.
type shownProgress struct {
	State     records.State `json:"state"`
	Expected  *int          `json:"expected"` // null where it is not known
	Returned  int           `json:"returned"`
	Succeeded int           `json:"succeeded"`
	Failed    int           `json:"failed"`
}

func showProgress(j records.Job) shownProgress {
	all := showJob(j)
	return shownProgress{State: all.State, Expected: all.Expected, Returned: all.Returned, Succeeded: all.Succeeded, Failed: all.Failed}
}

// page sends a page of returns, and reports whether there may be more. It holds no
// more than a page.
func (st *stream) page(ctx context.Context, j records.Job) (more bool, err error) {
	if !st.sight.returns(j) {
		return false, nil
	}
	var all []records.Arrival
	err = st.api.Records.read(ctx, func(ctx context.Context, from records.Reader) (err error) {
		all, err = from.Arrived(ctx, st.jid, st.after, streamPage)
		return noRecord(err, errNoJob)
	})
	if err != nil {
		return false, err
	}
	for _, a := range all {
		st.after = a.Cursor
		if !st.sight.ret(j, a.Return.Minion) {
			continue
		}
		if err := st.ret(a); err != nil {
			return false, err
		}
	}
	if err := st.x.Control.Flush(); err != nil {
		return false, err
	}
	return len(all) == streamPage, nil
}

// ret sends a return.
func (st *stream) ret(a records.Arrival) error {
	st.wrote = time.Now()
	mark := st.x.Spool.Size()
	_, _ = st.x.Spool.WriteString("event: return\nid: " + a.Cursor + "\ndata: ") // an error stays
	if err := writeReturn(st.x.Spool, a.Return, st.values); err != nil {
		return err
	}
	if _, err := st.x.Spool.WriteString("\n\n"); err != nil {
		return err
	}
	if err := st.x.WriteSection(st.x.Spool.Since(mark)); err != nil {
		return err
	}
	return st.x.Spool.Truncate(mark)
}

// event sends an event. data is JSON, which has no line breaks.
func (st *stream) event(name, id string, data []byte) error {
	var b strings.Builder
	b.WriteString("event: " + name + "\n")
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	b.WriteString("data: ")
	b.Write(data)
	b.WriteString("\n\n")
	return st.write(b.String())
}

func (st *stream) write(text string) error {
	st.wrote = time.Now()
	if _, err := st.x.Write([]byte(text)); err != nil {
		return err
	}
	return st.x.Control.Flush()
}

// end says why a stream ends before its job, if that is for the client. What breaks
// off without a word is resumed by the client.
func (st *stream) end(ctx context.Context, err error) error {
	if err == nil || st.left.Load() {
		return nil
	}
	if ctx.Err() == nil {
		return err
	}
	cut := waiting.Cut(ctx)
	if cut == nil {
		return st.cutOff(web.TextStopping)
	}
	if e, ok := errors.AsType[*web.Error](cut); ok {
		return st.cutOff(e.Text)
	}
	return nil // the client is gone
}

func (st *stream) cutOff(why string) error {
	st.x.WriteTimeout = endTimeout
	return st.event("cut-off", "", web.JSON(struct {
		Reason string `json:"reason"`
	}{why}))
}
