package events

import (
	"bytes"
	"context"
	"net/netip"
	"strings"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Bounds of a formatter's view. Upstream's formatters keep every job for as
// long as the client stays.
const (
	maxViewedJobs = 64
	maxViewBytes  = 4 << 20 // of the jobs, and the same of the minions

	// trimmed is Salt's placeholder for a value that is too large.
	trimmed = `"VALUE_TRIMMED"`
)

// viewStyle holds the differences between upstream's two formatters.
type viewStyle struct {
	listed bool   // minions are a list, not an object
	end    string // of each message
	fresh  bool   // a new call of grains.items clears the minions
}

var (
	asList = viewStyle{listed: true, fresh: true} // rest_cherrypy
	asMap  = viewStyle{end: "\n\n"}               // rest_tornado
)

// formatter turns events into a view of the newest jobs and of the minions, and
// sends all of it after each change. It belongs to one client.
type formatter struct {
	style     viewStyle
	runner    Runner
	authority lowstate.Authority // of the caller

	// key separates the callers whose requests for grains cannot be shared: API
	// tokens, whose targets are restricted. It is empty for all others:
	// the master accepts or refuses their requests as a whole.
	key    string
	remote netip.Addr
	record func(call *audit.CallRecord, err error) // writes to the audit log

	views *Views
	user  sharedUser

	jobs    jobsView
	minions minionsView
}

func (s *API) formatter(x *web.Exchange, sender *caller.Caller, a lowstate.Authority, style viewStyle) *formatter {
	f := &formatter{style: style, runner: s.Runner, authority: a, remote: x.Remote,
		record: audit.Of(x).WriteCall, views: s.Views, user: sharedUserOf(sender)}
	if sender.Principal != nil {
		f.key = sender.Principal.TokenID
	}
	return f
}

// show sends the view after an event changed it. Unexpected events change
// nothing; upstream's formatters end the stream with them.
func (f *formatter) show(ctx context.Context, frame eventstream.Frame, send func([]byte) error) error {
	jobs, minions := f.take(ctx, frame)
	if jobs {
		if err := send(f.jobs.message(f.style)); err != nil {
			return err
		}
	}
	if minions {
		return send(f.minions.message(f.style))
	}
	return nil
}

// take applies an event and reports what it changed.
func (f *formatter) take(ctx context.Context, frame eventstream.Frame) (jobs, minions bool) {
	part := strings.Split(frame.Tag, "/")
	if len(part) < 2 || part[0] != "salt" || part[1] != "job" && part[1] != "key" && part[1] != "presence" {
		return false, false
	}
	e, ok := frame.View()
	if !ok {
		return false, false
	}
	switch {
	case part[1] == "key":
		minions = f.minions.key(e)
	case part[1] == "presence":
		var arrived []string
		if arrived, minions = f.minions.presence(e); len(arrived) > 0 {
			f.askNew(ctx, frame.ID, strings.Join(arrived, ","))
		}
	case len(part) == 4 && part[3] == "new":
		jobs = f.jobs.begin(e)
		if jobs && f.style.fresh && e.Text("fun") == grainsItems {
			f.minions = minionsView{}
		}
	case len(part) == 5 && part[3] == "ret":
		jobs = f.jobs.returned(part[2], part[4], e)
		minions = jobs && e.Text("fun") == grainsItems
		if minions {
			f.minions.setGrains(part[4], e.JSON("return"))
		}
	}
	return jobs, minions
}

// grainsItems is the function whose returns describe minions.
const grainsItems = "grains.items"

// askAll requests the grains of all minions.
func (f *formatter) askAll(ctx context.Context) {
	f.views.ofAll(ctx, f.key, f.user, func() error { return f.askGrains(ctx, "*", "glob") })
}

// askNew requests the grains of those minions that an event names as new.
func (f *formatter) askNew(ctx context.Context, event, minions string) {
	f.views.ofArrival(ctx, arrival{f.key, event, minions}, f.user, func() error {
		return f.askGrains(ctx, minions, "list")
	})
}

// askGrains requests the grains of minions; the returns come as events. It uses
// the caller's authority, which may not permit it.
func (f *formatter) askGrains(ctx context.Context, tgt, tgtType string) error {
	call := lowstate.Call{
		Chunks: []lowstate.Chunk{lowstate.Compose(
			lowstate.Pair{Key: "client", Value: "local_async"},
			lowstate.Pair{Key: "tgt", Value: tgt},
			lowstate.Pair{Key: "tgt_type", Value: tgtType},
			lowstate.Pair{Key: "fun", Value: grainsItems},
		)},
		RemoteAddr: f.remote,
		Authority:  f.authority,
	}
	res, err := f.runner.Run(ctx, call) // on failure the view has no grains
	f.record(audit.NewCallRecord(call, res), err)
	return err
}

func comma(b *bytes.Buffer, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}
