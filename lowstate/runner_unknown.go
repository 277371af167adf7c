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
// the runners itself, and knows before it sends. A master of 3006 or 3007
// answers with a traceback; one of 3008 starts a process for the function that
// ends without an event.

func (j *runnerJob) notAvailable() error {
	return &Error{Kind: Failed, Text: fmt.Sprintf("'%s' is not available.", j.call.Fun)}
}

// unknown finds the traceback, and says it in salt-api's sentence.
func (j *runnerJob) unknown(ret msgpack.Raw) error {
	s, ok := ret.Str()
	if !ok || !strings.HasPrefix(s, "Exception occurred in runner "+j.call.Fun+": ") ||
		!strings.HasSuffix(strings.TrimSpace(s), fmt.Sprintf("'%s' is not available.", j.call.Fun)) {
		return nil
	}
	return j.notAvailable()
}

// How long a runner may take to show that it started, before it is doubted
// that there is one; and then to start nevertheless, where that cannot be
// found out.
const (
	startDoubtful = 2 * time.Second
	startMost     = 60 * time.Second
)

// functionList is the runner that lists the runner functions.
const functionList = "doc.runner"

// doubt is about a runner of which no event was seen yet. The master fires an
// event for the start of every runner before it runs it.
type doubt struct {
	job     *runnerJob
	grant   eauth.Grant
	at      time.Time // when to check next; zero when there is no doubt
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

// check looks for the function among those that the master has, with the
// caller's own authority. A caller that may not list them is answered when a
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

// hasFunction looks for the function in the list of all.
func (j *runnerJob) hasFunction(ctx context.Context, grant eauth.Grant, limit time.Duration) (bool, error) {
	list := &runnerJob{Master: j.Master, call: j.call, timeout: limit}
	list.call.Fun, list.call.Arg, list.call.Kwarg = functionList, msgpack.AppendArray(nil, 0), msgpack.AppendMap(nil, 0)
	data, err := list.result(ctx, grant, &Record{})
	if err != nil {
		return false, err
	}
	docs, ok := data.Lookup("return")
	if !ok || docs.Kind() != msgpack.Map {
		return false, errors.New("no list of runner functions")
	}
	_, has := docs.Lookup(j.call.Fun)
	return has, nil
}

// earlier returns the earlier of two times, of which b may be zero for none.
func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
