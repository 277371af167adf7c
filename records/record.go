package records

import (
	"encoding/json"
	"time"
)

// Job is a command that the master published, or a runner or wheel function. Its
// times are precise to a microsecond.
type Job struct {
	JID    string `json:"jid"`
	Master string `json:"master,omitempty"` // of the store that keeps it; not read by Put
	User   string `json:"user,omitempty"`   // as the master names it
	Eauth  string `json:"eauth,omitempty"`  // known of jobs that this gateway started
	Client string `json:"client,omitempty"` // local, runner, wheel, ssh and their kinds
	Fun    string `json:"fun,omitempty"`    // several are joined by commas

	// Arguments are the arguments as JSON, with values that are likely
	// credentials hidden, as the audit log shows them. Those that are too long
	// are a JSON string with their beginning.
	Arguments json.RawMessage `json:"arguments,omitempty"`

	Tgt     string `json:"tgt,omitempty"` // a list is joined by commas
	TgtType string `json:"tgt_type,omitempty"`

	// Origin is what the job was run from, known of jobs that this gateway started.
	Origin Origin `json:"origin,omitzero"`

	// Minions are those that the job was meant for; for a runner or wheel
	// function, the id of the master. Nil stands for not known, or not
	// requested; an empty list for none.
	Minions []string `json:"minions,omitzero"`

	// Start is the time of the jid. Only for a jid that has none ([StartOf]) does
	// Put take the time that is given. Of two jobs that start in the same
	// microsecond, the second has the next one.
	Start time.Time `json:"start"`

	// The fields below are computed by the store. Put does not read them.

	// End is the time of the last return, or else that of the first [End]. It is
	// zero as long as returns are waited for.
	End time.Time `json:"end,omitzero"`

	State     State `json:"state,omitempty"`
	Known     bool  `json:"known"`     // whether Expected is known
	Expected  int   `json:"expected"`  // minions that the job was meant for
	Returned  int   `json:"returned"`  // minions that returned
	Succeeded int   `json:"succeeded"` // of these
	Failed    int   `json:"failed"`    // of these
}

// Origin is what a user has saved and a job was run from: a saved job, a saved target, a
// schedule. Each has its UUID and the name that it had then. Empty fields stand for none.
type Origin struct {
	Job       string `json:"job,omitempty"`
	JobName   string `json:"job_name,omitempty"`
	Tgt       string `json:"tgt,omitempty"`
	TgtName   string `json:"tgt_name,omitempty"`
	Sched     string `json:"sched,omitempty"`
	SchedName string `json:"sched_name,omitempty"`
}

// State is the state of a job.
type State string

// The states. The last three are ends: all minions have returned, or an [End]
// was recorded. A return after that may still turn MissingReturns into another
// end. The job of which no minions are known has not ended before an [End].
const (
	New            State = "new"             // nothing has returned
	Running        State = "running"         // some have returned
	Completed      State = "completed"       // all have returned, with success
	Failed         State = "failed"          // all have returned, some with a failure
	MissingReturns State = "missing_returns" // some did not return
)

// States returns all states.
func States() []State { return []State{New, Running, Completed, Failed, MissingReturns} }

// Ended reports whether the state is an end.
func (s State) Ended() bool { return s == Completed || s == Failed || s == MissingReturns }

// Return is what a minion returned for a job.
type Return struct {
	JID     string    `json:"jid"`
	Minion  string    `json:"minion"`            // the id of the master, for a runner or wheel function
	Missing bool      `json:"missing,omitempty"` // meant and not returned: what follows is empty then
	Time    time.Time `json:"time,omitzero"`
	Fun     string    `json:"fun,omitempty"`
	Success bool      `json:"success"`
	Retcode int       `json:"retcode"`

	// Size is the length of the value that was returned, in bytes of msgpack.
	// Put reads it where the value is Omitted.
	Size int64 `json:"size"`

	// Value is msgpack. It is empty where it was not requested, or is Omitted:
	// too large to be kept here.
	Value   []byte `json:"value,omitempty"`
	Omitted bool   `json:"omitted,omitempty"`
}

// Outcome is what came of a minion.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"      // success, and the return code 0
	NotOK   Outcome = "failed"  // any other return
	Missing Outcome = "missing" // no return
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome { return []Outcome{OK, NotOK, Missing} }

// Outcome returns the outcome of a return.
func (r Return) Outcome() Outcome {
	switch {
	case r.Missing:
		return Missing
	case r.Success && r.Retcode == 0:
		return OK
	}
	return NotOK
}

// Entry is one record of an export: a job, a return, or what a user has saved.
type Entry struct {
	Saved    *Saved    `json:"saved,omitempty"`
	Schedule *Schedule `json:"schedule,omitempty"`
	Job      *Job      `json:"job,omitempty"`
	Return   *Return   `json:"return,omitempty"`
}

// Micro truncates a time to the microsecond and converts it to UTC. The zero
// time stays.
func Micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// StartOf returns the time that a jid of Salt's form is: 20 digits, and perhaps
// an underscore and more.
func StartOf(jid string) (time.Time, bool) {
	if len(jid) < 20 || len(jid) > 20 && jid[20] != '_' {
		return time.Time{}, false
	}
	t, err := time.Parse("20060102150405.000000", jid[:14]+"."+jid[14:20])
	return t, err == nil
}
