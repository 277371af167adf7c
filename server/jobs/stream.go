package jobs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/audit"
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
// returns of the job, after which a stream with this Last-Event-ID begins.
func (a *API) stream(x *web.Exchange, r *http.Request, s sight) error {
	values, err := parseStream(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if err := a.recorded(r, s); err != nil {
		return err
	}
	st := stream{api: a, x: x, sight: s, jid: web.Param(r, "jid"), after: r.Header.Get("Last-Event-ID"), values: values}
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
	defer closed()
	if r.Method != http.MethodHead {
		audit.Of(x).Note(audit.Entry{Event: audit.Stream}) // it is written with the head
	}
	st.begin(r)
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, done := a.follow(r.Context(), s)
	defer done()
	// A client that does not read must not keep a stream that has ended.
	blocked := make(chan struct{})
	unblock := context.AfterFunc(ctx, func() {
		defer close(blocked)
		_ = x.Control.SetWriteDeadline(time.Now().Add(endTimeout))
	})
	defer func() {
		if !unblock() {
			<-blocked // no deadline is left for the connection's next request
		}
	}()
	return st.run(ctx)
}

// stream is a stream of one job.
type stream struct {
	api    *API
	x      *web.Exchange
	sight  sight
	jid    string
	values bool
	since  time.Time // when the sight was that of the caller

	after string      // the id of the return that was sent last
	job   records.Job // as it was shown last
	sent  bool        // whether it was shown
	wrote time.Time   // when something was written last
}

// ended reports whether the client has had the end of the stream before.
func (st *stream) ended() bool { return st.after == idOfEnd }

// look reads the job, if the caller sees it, and checks the position.
func (st *stream) look(ctx context.Context) error {
	return st.api.Records.read(ctx, func(ctx context.Context, from records.Reader) (err error) {
		if st.job, err = see(ctx, from, st.jid, st.sight.job); err != nil || st.ended() {
			return err
		}
		_, err = from.Arrived(ctx, st.jid, st.after, 1)
		if bad, ok := errors.AsType[*records.InvalidError](err); ok {
			return &web.Error{Status: http.StatusBadRequest, Text: "Header Last-Event-ID: " + bad.Why}
		}
		return noRecord(err, errNoJob)
	})
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

// run sends what happens to the job until it has ended.
func (st *stream) run(ctx context.Context) error {
	watched := st.api.Waiting.Watches.Watch(st.jid)
	defer watched.Close()
	if err := st.write("retry: 1000\n\n"); err != nil { // milliseconds
		return err
	}
	for {
		changed := watched.Changed()
		began := time.Now()
		over, err := st.send(ctx)
		if isAway(err) && ctx.Err() == nil {
			err := pause.For(ctx, awayPause)
			if err == nil {
				err = st.keepAlive()
			}
			if err != nil {
				return st.end(ctx, err)
			}
			continue
		}
		if over || err != nil {
			return st.end(ctx, err)
		}
		// A stream reads a twentieth of the time at most.
		err = pause.For(ctx, max(streamPause, min(20*time.Since(began), keepAlive)))
		if err == nil {
			err = st.keepAlive()
		}
		if err != nil {
			return st.end(ctx, err)
		}
		if err := st.idle(ctx, changed); err != nil {
			return st.end(ctx, err)
		}
	}
}

// isAway reports whether the records cannot be read now. The stream goes on when
// they can.
func isAway(err error) bool {
	e, ok := errors.AsType[*web.Error](err)
	return ok && e.Status == http.StatusServiceUnavailable
}

// idle waits for a change, and keeps the connection alive meanwhile.
func (st *stream) idle(ctx context.Context, changed <-chan struct{}) error {
	for {
		timer := time.NewTimer(keepAlive - time.Since(st.wrote))
		select {
		case <-changed:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		if err := st.keepAlive(); err != nil {
			return err
		}
	}
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
	if now := time.Now(); now.Sub(st.since) > sightLife {
		again, err := st.api.sightNow(ctx, st.sight.caller)
		if err != nil {
			return false, err
		}
		st.sight, st.since = again, now
	}
	var j records.Job
	err = st.api.Records.read(ctx, func(ctx context.Context, from records.Reader) (err error) {
		j, err = see(ctx, from, st.jid, st.sight.job)
		return err
	})
	if err != nil {
		return false, err
	}
	if !st.sent {
		if err := st.event("job", "", web.JSON(showJob(j))); err != nil {
			return false, err
		}
		st.sent, st.job = true, j
	}
	for more := true; more; {
		if more, err = st.page(ctx, j); err != nil {
			return false, err
		}
	}
	if j.State.Ended() {
		return true, st.event("end", idOfEnd, web.JSON(showJob(j)))
	}
	if j.State != st.job.State || j.Returned != st.job.Returned || j.Expected != st.job.Expected {
		st.job = j
		return false, st.event("progress", "", web.JSON(showProgress(j)))
	}
	return false, nil
}

// shownProgress is how far a job is.
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
	return len(all) > 0, nil
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
	if err == nil {
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
