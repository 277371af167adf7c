package lowstate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// This file detects that the master has no such runner function. salt-api loads
// the runners itself and checks before it sends. A master of 3006 or 3007
// replies with a traceback; one of 3008 starts a process for the function,
// which ends without an event.

func (j *runnerJob) notAvailable() error {
	return &Error{Kind: Failed, Text: fmt.Sprintf("'%s' is not available.", j.call.Fun)}
}

// unknown returns the traceback for an unknown function as salt-api's error.
func (j *runnerJob) unknown(ret msgpack.Section) error {
	if !ret.IsInMemory() {
		return nil // a traceback is short
	}
	text, _ := ret.Raw()
	s, ok := text.Str()
	if !ok || !strings.HasPrefix(s, "Exception occurred in runner "+j.call.Fun+": ") ||
		!strings.HasSuffix(strings.TrimSpace(s), fmt.Sprintf("'%s' is not available.", j.call.Fun)) {
		return nil
	}
	return j.notAvailable()
}

// The time for the first event of a runner, after which the list of functions
// is checked; and the time for it to start nevertheless, if the list is not
// available.
const (
	startDoubtful = 2 * time.Second
	startMost     = 60 * time.Second
)

// functionList is the runner that lists the runner functions.
const functionList = "doc.runner"

// doubt is about a runner without an event so far. The master fires an event
// for the start of every runner before it runs it.
type doubt struct {
	job     *runnerJob
	grant   eauth.Grant
	at      time.Time // when to check next; zero without a doubt
	checked bool
}

func newDoubt(j *runnerJob, grant eauth.Grant) *doubt {
	d := &doubt{job: j, grant: grant}
	if j.call.Fun != functionList {
		d.at = time.Now().Add(startDoubtful)
	}
	return d
}

func (d *doubt) settled() { d.at = time.Time{} }

// check looks the function up in the master's list, with the caller's own
// authority. If the caller may not list functions, it returns an error once a
// start is no longer to be expected.
func (d *doubt) check(ctx context.Context) error {
	if d.checked {
		return &Error{Kind: Timeout, Text: textRunnerTimedOut,
			Err: fmt.Errorf("runner did not start within %s", startMost)}
	}
	d.checked = true
	d.at = d.at.Add(startMost - startDoubtful)
	has, err := d.job.hasFunction(ctx, d.grant, startMost)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return nil
	case !has:
		return d.job.notAvailable()
	}
	d.settled()
	return nil
}

// hasFunction reports whether the function is in the list of all.
func (j *runnerJob) hasFunction(ctx context.Context, grant eauth.Grant, limit time.Duration) (bool, error) {
	list := &runnerJob{Master: j.Master, call: j.call, timeout: limit}
	list.call.Fun, list.call.Arg, list.call.Kwarg = functionList, msgpack.AppendArray(nil, 0), msgpack.AppendMap(nil, 0)
	data, err := list.result(ctx, grant, &Record{})
	if err != nil {
		return false, err
	}
	docs, ok, err := data.Lookup("return")
	if err != nil || !ok || docs.Kind() != msgpack.Map {
		return false, errors.New("no list of runner functions")
	}
	_, has, err := docs.Lookup(j.call.Fun)
	return has, err
}

// earlier returns the earlier of two times; b may be zero.
func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
