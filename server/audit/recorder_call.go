package audit

import (
	"cmp"
	"slices"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
)

// CallRecord is what is recorded of a call, and its result.
type CallRecord struct {
	Result lowstate.Result

	chunks     []lowstate.Chunk
	chunkFirst bool
}

// NewCallRecord returns the record of a call with its result so far.
func NewCallRecord(call lowstate.Call, soFar lowstate.Result) *CallRecord {
	return &CallRecord{Result: soFar, chunks: call.Chunks, chunkFirst: call.ChunkFirst}
}

// Chunks returns the call's chunks, with the values that were read while it
// ran.
func (c *CallRecord) Chunks() []lowstate.Chunk {
	if len(c.Result.Chunks) == len(c.chunks) {
		return c.Result.Chunks
	}
	return c.chunks
}

// forgetAnswers drops the answers, and what keeps the request.
func (c *CallRecord) forgetAnswers() {
	c.Result.Answers = nil
	c.chunks = lowstate.Kept(c.Chunks())
	c.Result.Chunks = c.chunks
}

// Record returns the record of a chunk, empty if the call did not reach it.
func (c *CallRecord) Record(i int) (rec lowstate.Record) {
	if i < len(c.Result.Records) {
		rec = c.Result.Records[i]
	}
	return rec
}

// callEntries returns the lines about a call, one per chunk. Its outcome is one
// of OutcomeOf's, or empty if the call did not begin.
func (c *Recorder) callEntries(call *CallRecord, status int, outcome string) []Entry {
	entries := make([]Entry, len(call.Chunks()))
	for i := range entries {
		e := c.chunkEntry(call, i)
		e.Status, e.Outcome = status, outcomeOfChunk(call, i, status)
		switch {
		case e.Outcome == OK, e.Outcome == Skipped:
		case outcome != "" && outcome != OutcomeOK:
			e.Why = outcome
		default:
			e.Why = whyOf(status)
		}
		entries[i] = e
	}
	return entries
}

// WriteCall writes the lines about a call other than the request's own.
func (c *Recorder) WriteCall(call *CallRecord, err error) {
	if c.log == nil {
		return
	}
	for _, e := range c.callEntries(call, web.StatusOf(err), OutcomeOf(err)) {
		e.Status = 0 // the request has a status of its own
		c.write(e)
	}
}

// truncated returns lines about the chunks that were still running when their
// response was truncated, although they were logged as ok.
func (c *Recorder) truncated(status int) []Entry {
	var entries []Entry
	for i := range c.call.Chunks() {
		if c.call.Record(i).Done {
			continue
		}
		e := c.chunkEntry(c.call, i)
		e.Status, e.Outcome, e.Why = status, Failed, cmp.Or(c.outcome, OutcomeInternal)
		if c.outcome == outcomeCanceled {
			e.Outcome = Canceled
		}
		entries = append(entries, e)
	}
	return entries
}

// fromFiles is where an answer came from that the master was not asked for.
const fromFiles = "files"

// chunkEntry returns the line about a chunk, without its outcome.
func (c *Recorder) chunkEntry(call *CallRecord, i int) Entry {
	chunk, rec := call.Chunks()[i], call.Record(i)
	summary := chunk.Summary()
	e := Entry{
		Event:  Command,
		Client: summary.Client, Fun: summary.Fun, Tgt: summary.Tgt, TgtType: summary.TgtType,
		SentTgt: rec.SentTgt, SentTgtType: rec.SentTgtType, JID: rec.JID, Minions: rec.Minions, Callback: rec.Callback,
	}
	if rec.FromFiles {
		e.From = fromFiles
	}
	if c.arguments {
		e.Arguments, e.LeftOut = chunk.Arguments(maxAuditedArguments), rec.LeftOut
	}
	own := call.chunkFirst && chunk.HasCredentials()
	switch {
	case rec.User != "" && !rec.Known:
		e.User, e.Eauth = rec.User, rec.Eauth
	case c.user != "" && !own:
		c.identify(&e)
	default:
		e.ClaimedUser, e.Eauth = summary.User, summary.Eauth
	}
	return e
}

// outcomeOfChunk returns the outcome of one chunk of a request.
func outcomeOfChunk(call *CallRecord, i, status int) string {
	rec := call.Record(i)
	begun := slices.ContainsFunc(call.Result.Records, func(r lowstate.Record) bool { return r.Begun })
	switch {
	case rec.Done:
		return OK
	case begun && !rec.Begun:
		return Skipped
	}
	return outcomeOfStatus(status)
}
