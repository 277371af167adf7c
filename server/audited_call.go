package server

import (
	"cmp"
	"slices"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

// callEntries are the lines about a call, one for each chunk. Its outcome is one
// of outcomeOf, or empty for a request that did not come so far.
func (x *exchange) callEntries(call *lowstate.Call, status int, outcome string) []audit.Entry {
	entries := make([]audit.Entry, len(call.Chunks))
	for i := range call.Chunks {
		e := x.chunkEntry(call, i)
		e.Status, e.Outcome = status, outcomeOfChunk(call, i, status)
		switch {
		case e.Outcome == audit.OK, e.Outcome == audit.Skipped:
		case outcome != "" && outcome != outcomeOK:
			e.Why = outcome
		default:
			e.Why = whyOf(status)
		}
		entries[i] = e
	}
	return entries
}

// tellCall writes the lines about a call that is not the request's own.
func (x *exchange) tellCall(call *lowstate.Call, err error) {
	if x.audit.write == nil {
		return
	}
	for _, e := range x.callEntries(call, web.StatusOf(err), outcomeOf(err)) {
		e.Status = 0 // the request has one of its own
		x.audit.write(e)
	}
}

// brokenOff are lines about the chunks that were still running when their
// answer was broken off, of which it was written that they are well.
func (x *exchange) brokenOff() []audit.Entry {
	var entries []audit.Entry
	for i := range x.call.Chunks {
		if i < len(x.call.Records) && x.call.Records[i].Done {
			continue
		}
		e := x.chunkEntry(x.call, i)
		e.Status, e.Outcome, e.Why = x.status, audit.Failed, cmp.Or(x.outcome, outcomeInternal)
		if x.outcome == outcomeCanceled {
			e.Outcome = audit.Canceled
		}
		entries = append(entries, e)
	}
	return entries
}

// chunkEntry is a line about a chunk, but for its outcome.
func (x *exchange) chunkEntry(call *lowstate.Call, i int) audit.Entry {
	c, asked := call.Chunks[i], call.Chunks[i].Asked()
	var rec lowstate.Record
	if i < len(call.Records) {
		rec = call.Records[i]
	}
	e := audit.Entry{
		Event:  audit.Command,
		Client: asked.Client, Fun: asked.Fun, Tgt: asked.Tgt, TgtType: asked.TgtType,
		SentTgt: rec.SentTgt, SentTgtType: rec.SentTgtType, JID: rec.JID, Minions: rec.Minions,
	}
	if x.audit.arguments {
		e.Arguments, e.LeftOut = c.Arguments(maxAuditedArguments), rec.LeftOut
	}
	own := call.ChunkFirst && c.HasCredentials()
	switch {
	case rec.User != "" && !rec.Known:
		e.User, e.Eauth = rec.User, rec.Eauth
	case x.user != "" && !own:
		x.who(&e)
	default:
		e.ClaimedUser, e.Eauth = asked.User, asked.Eauth
	}
	return e
}

// outcomeOfChunk tells what became of one chunk of a request.
func outcomeOfChunk(call *lowstate.Call, i, status int) string {
	var rec lowstate.Record
	if i < len(call.Records) {
		rec = call.Records[i]
	}
	begun := slices.ContainsFunc(call.Records, func(r lowstate.Record) bool { return r.Begun })
	switch {
	case rec.Done:
		return audit.OK
	case begun && !rec.Begun:
		return audit.Skipped
	}
	return outcomeOfStatus(status)
}
